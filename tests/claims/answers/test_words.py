"""What is said and shown: by language, by the clock of the place, and for want of a value."""

import pytest
from tests.claims.harness import HEAD, NOON
from tests.claims.laws.test_replay import check_again
from tests.rules import capacity, document

from maitred.core.deciding.decisions import Explain

TRIP = (
    HEAD.replace(
        "channels: [pos, mobile]", "channels: [pos, mobile]\ndefaults: {language: en, currency: EUR}"
    )
    + "  customer.name: string\n  trip.departs: timestamp\n  trip.saving: double\n  customer.points: int\n"
).replace("  customer.points: double\n", "")


def offer(name="pizza", title="Pizza", **texts):
    fields = ", ".join(f"{field}: {text}" for field, text in texts.items())
    return document("Action", name, {"title": title, "type": "offer", "treatments": f"{{pos: {{{fields}}}}}"})


def spoken(harness, *, language="", **context):
    customer = {**context.pop("customer", {}), **({"language": language} if language else {})}
    answer = harness.decide(context={"customer": customer, **context}, explain=Explain.EXPLAIN_REASONS)
    return answer.proposals[0].treatment


def plain(text):
    return text.replace("\u202f", " ").replace("\xa0", " ")


BOTH = {
    "title": "{en: A pizza, it: Una pizza}",
    "say": """[{en: "Hello ${customer.name ?? 'there'}", it: "Ciao ${customer.name ?? 'a tutti'}"}, Bye]""",
    "do": "{en: [Smile, Wave], it: Sorridi}",
    "show": "{en: PIZZA, de-CH: ZUERI}",
}


@pytest.mark.parametrize(
    ("language", "title", "say", "do", "show"),
    [
        ("", "A pizza", ("Hello there", "Bye"), ("Smile", "Wave"), "PIZZA"),
        ("it", "Una pizza", ("Ciao a tutti", "Bye"), ("Sorridi",), "PIZZA"),
        ("it-CH", "Una pizza", ("Ciao a tutti", "Bye"), ("Sorridi",), "PIZZA"),
        ("IT_it", "Una pizza", ("Ciao a tutti", "Bye"), ("Sorridi",), "PIZZA"),
        ("fr", "A pizza", ("Hello there", "Bye"), ("Smile", "Wave"), "PIZZA"),
        ("de-CH", "A pizza", ("Hello there", "Bye"), ("Smile", "Wave"), "ZUERI"),
        ("de", "A pizza", ("Hello there", "Bye"), ("Smile", "Wave"), "PIZZA"),
    ],
)
def test_texts_are_in_the_customers_language_or_fall_back(harness, language, title, say, do, show):
    harness.rules(offer(**BOTH), head=TRIP)
    for _ in range(2):
        treatment = spoken(harness, language=language)
        assert (treatment.title, treatment.say, treatment.do, treatment.show) == (title, say, do, show)


def test_the_rulesets_language_decides_for_who_has_none(harness):
    harness.rules(offer(**BOTH), head=TRIP.replace("language: en", "language: it"))
    assert spoken(harness).title == "Una pizza"
    assert spoken(harness, language="fr").say == ("Ciao a tutti", "Bye")
    assert spoken(harness, language="en").title == "A pizza"


def test_the_title_of_an_action_is_by_language_also_without_a_treatment(harness):
    harness.rules(
        document("Action", "pizza", {"title": "{en: Pizza, it: La pizza}", "type": "offer"}), head=TRIP
    )
    assert [spoken(harness, language=language).title for language in ("en", "it", "")] == [
        "Pizza",
        "La pizza",
        "Pizza",
    ]


def test_a_refusal_is_put_in_the_customers_language(harness):
    need = '[{require: "customer.points > 5", say: {en: Not yet., it: Non ancora.}}]'
    harness.rules(
        document("Action", "pizza", {"title": "P", "type": "offer", "eligibility": need}), head=TRIP
    )
    context = {"customer": {"points": 1, "language": "it"}}
    assert harness.why_not(context=context)["pizza"][2].startswith(
        "Non ancora. needs customer.points > 5, is 1"
    )
    assert harness.why_not(context={"customer": {"points": 1}})["pizza"][2].startswith("Not yet. ")


FORMS = {
    "say": (
        '["${trip.departs | time}", "${trip.departs | date}", "${trip.saving | money}",'
        ' "${customer.points | number}"]'
    )
}


@pytest.mark.parametrize(
    ("language", "zone", "words"),
    [
        ("", "Europe/Rome", ("12:30 AM", "Dec 2, 2026", "\u20ac4.20", "12,345")),
        ("it", "UTC", ("23:30", "1 dic 2026", "4,20 \u20ac", "12.345")),
    ],
)
def test_times_are_those_of_the_place_and_numbers_those_of_the_language(harness, language, zone, words):
    harness.rules(offer(**FORMS), head=TRIP, zone=zone)
    trip = {"departs": "2026-12-01T23:30:00Z", "saving": 4.2}
    lines = spoken(harness, language=language, trip=trip, customer={"points": 12345}).say
    assert tuple(map(plain, lines)) == words


def test_a_text_without_a_value_has_its_default_or_is_left_out_and_told(harness):
    lines = """["You have ${customer.points}", "Hi ${customer.name ?? 'there'}"]"""
    harness.rules(offer(say=lines), head=TRIP)
    answer = harness.decide(explain=Explain.EXPLAIN_REASONS)
    assert answer.proposals[0].treatment.say == ("Hi there",)
    assert "a text of `say` is left out: customer.points is absent" in answer.why[0]
    answer = harness.decide(explain=Explain.EXPLAIN_REASONS, context={"customer": {"points": "many"}})
    assert any("left out: customer.points" in line and "many" in line for line in answer.why[0])
    answer = harness.decide(explain=Explain.EXPLAIN_REASONS, context={"customer": {"points": 3}})
    assert answer.proposals[0].treatment.say == ("You have 3", "Hi there")
    assert not any("left out" in line for line in answer.why[0])


def test_rows_of_a_table_have_translations(harness):
    table = document(
        "ActionTable",
        "rows",
        {
            "table": "{file: rows.csv, columns: {code: string, nome: string}}",
            "action": '\n  name: row-${row.code}\n  title: {en: Row, it: "Riga ${row.nome}"}\n  type: offer'
            '\n  treatments: {pos: {say: {en: "Code ${row.code}", it: "Codice ${row.nome}"}}}',
        },
    )
    harness.rules(table, head=TRIP, rows="code,nome\nA1,uno\n")
    assert (spoken(harness).title, spoken(harness).say) == ("Row", ("Code A1",))
    treatment = spoken(harness, language="it")
    assert (treatment.title, treatment.say) == ("Riga uno", ("Codice uno",))


def test_words_after_a_claim_are_in_the_language_of_the_decision(harness):
    claimed = '{say: {en: "Held until ${hold.expires | time}", it: "Fino alle ${hold.expires | time}"}}'
    harness.rules(
        offer(say="{en: Claim it, it: Prendila}", claimed=claimed), capacity(), head=TRIP, zone="Europe/Rome"
    )
    decided = harness.decide(context={"customer": {"language": "it"}})
    assert decided.proposals[0].treatment.say == ("Prendila",)
    assert harness.claim(decided).treatment.say == ("Fino alle 13:20",)
    assert NOON.hour == 12


def test_decisions_with_words_of_all_kinds_come_out_again(harness):
    policy = harness.rules(offer(**BOTH), offer("tea", **FORMS), head=TRIP)
    contexts = [
        {
            "customer": {"language": language, "points": 1234},
            "trip": {"departs": "2026-12-01T23:30:00Z", "saving": 1},
        }
        for language in ("en", "it", "xx")
    ]
    answers = [harness.decide(context=context, max_actions=2) for context in contexts]
    for answer in answers:
        check_again(harness, policy, answer)
