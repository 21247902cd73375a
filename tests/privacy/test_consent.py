"""Consent decides, through real servers: what is allowed is the stricter of all that is known."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from tests.iab.encoder import Encoder
from tests.privacy.shop import CONTEXT, RULES, Shop, names, reasons
from tests.rules import action, document, joined, ruleset

from maitred.core.deciding.decisions import Explain
from maitred.engine.calls import ConsentSignals
from maitred.rpc.client import ClientError

ENCODE = Encoder()
PURPOSES = frozenset({3, 4})
FRESH = ENCODE.tcf(updated=datetime.now(UTC) - timedelta(days=9), purposes=PURPOSES)
OLD = ENCODE.tcf(updated=datetime.now(UTC) - timedelta(days=400), purposes=PURPOSES)
NOTICES, UNSAID = (1, 1, 1, 0, 0, 0), (0,) * 15
SOLD = ENCODE.gpp({7: ENCODE.answers(*NOTICES, 1, 2, 0, *UNSAID, 2, 0, 0)})
KEPT = ENCODE.gpp({7: ENCODE.answers(*NOTICES, 2, 2, 0, *UNSAID, 2, 0, 0)})

STATED = (None, "GRANTED", "DENIED")
SENT: dict[str, dict[str, Any]] = {
    "nothing": {},
    "granted": {"granted": {"ads"}},
    "denied": {"denied": {"ads"}},
    "gpc": {"gpc": True},
}
STRINGS: dict[str, dict[str, Any]] = {
    "none": {},
    "fresh": {"tcf": FRESH},
    "old": {"tcf": OLD},
    "malformed": {"tcf": "CP.not-a-string"},
    "opted out": {"gpp": SOLD},
    "not opted out": {"gpp": KEPT},
}
ADULT = 30
AGES, COUNTRIES = (None, 12, 15, ADULT), ("eu", "us")


def ads_allowed(stated, sent, string, age, country):
    """The oracle, written from the words of docs/privacy.md."""
    minor = country == "eu" if age is None else age < {"eu": 16, "us": 13}[country]
    opt_out = country == "us"
    refused = stated == "DENIED" or sent == "denied" or string in {"old", "malformed", "opted out"}
    refused = refused or (opt_out and sent == "gpc")
    granted = stated == "GRANTED" or sent == "granted" or string == "fresh"
    return not minor and not refused and (granted or opt_out)


@pytest.fixture
def shop(serve, write_rules, sqlite_url):
    with Shop(serve(write_rules(RULES), sqlite_url).address) as client:
        yield client


def test_every_way_of_agreeing_is_heeded_and_the_stricter_wins(shop):
    for stated in STATED[1:]:
        shop.state(str(stated), "ads", stated)
    allowed = 0
    for case in itertools.product(STATED, SENT, STRINGS, AGES, COUNTRIES):
        stated, sent, string, age, country = case
        customer = {**CONTEXT["customer"], "age": age, "country": country}
        signals = ConsentSignals(**(SENT[sent] | STRINGS[string]))
        asked = {"context": {"customer": customer}, "consent": signals}
        answers = [
            shop.ask(str(stated), **asked, dry_run=dry) for dry in ([True, False] if age == 30 else [True])
        ]
        expected = ads_allowed(*case)
        allowed += expected
        for answer in answers:
            assert ("ad" in names(answer)) is expected, case
            assert ("again" in names(answer)) is expected, case
            assert reasons(answer).get("ad") == (None if expected else "CONSENT_REQUIRED"), case
            assert reasons(answer).get("again") == (None if expected else "MISSING_ATTRIBUTE"), case
    assert allowed == 50


def test_a_sensitive_category_is_read_with_explicit_consent_alone(shop):
    assert reasons(shop.ask("ann"))["dessert"] == "SENSITIVE"
    assert "dessert" in names(shop.ask("ann", consent=ConsentSignals(granted=frozenset(["health"]))))
    shop.state("ann", "health", "GRANTED")
    answer = shop.ask("ann")
    assert "dessert" in names(answer)
    american = {"context": {"customer": {**CONTEXT["customer"], "country": "us"}}}
    assert reasons(shop.ask("ann", **american))["dessert"] == "SENSITIVE"
    record = shop.get_decision(answer.decision_id)
    assert orjson.loads(record.facts_json)["customer.allergies"] == ["gluten"]
    assert any("no_gluten" in situation for situation in record.situations)


def test_objections_end_what_needs_no_consent(shop):
    assert "newsletter" in names(shop.ask("bob"))
    shop.state("bob", "news", "OBJECTED")
    assert reasons(shop.ask("bob"))["newsletter"] == "CONSENT_REQUIRED"
    shop.state("bob", "service", "DENIED")
    assert "coffee" in names(shop.ask("bob", dry_run=True))


def test_a_record_holds_nothing_of_what_was_not_allowed(shop):
    answer = shop.ask("cem", consent=ConsentSignals(denied=frozenset(["news"])))
    record = shop.get_decision(answer.decision_id, Explain.EXPLAIN_FULL)
    facts = orjson.loads(record.facts_json)
    assert not {"customer.clicks", "customer.allergies"} & facts.keys()
    assert not {"situation.no_gluten"} & {name for name, held in facts.items() if held is True}
    assert not {"ads", "health", "news"} & set(record.purposes)
    assert {(use.attribute, use.purpose, use.basis.value) for use in record.uses} == {
        ("customer.age", "service", "contract"),
    }
    assert "gluten" not in record.facts_json.decode()
    refused = {refusal.action: refusal.detail for refusal in record.answer.refusals}
    assert "permission for ads" in refused["ad"]
    allowed = shop.ask("cem", consent=ConsentSignals(granted=frozenset(["ads"])))
    record = shop.get_decision(allowed.decision_id, Explain.EXPLAIN_FULL)
    assert "ads" in record.purposes
    assert ("customer.clicks", "ads", "consent") in {
        (use.attribute, use.purpose, use.basis.value) for use in record.uses
    }


def test_an_explanation_names_the_change_that_would_have_sufficed(shop):
    answer = shop.ask("dag")
    details = {refusal.action: refusal.detail for refusal in answer.refusals}
    record = shop.get_decision(answer.decision_id, Explain.EXPLAIN_FULL)
    assert details == {refusal.action: refusal.detail for refusal in record.answer.refusals}
    assert details["ad"].endswith("would have been proposed with permission for ads")
    assert names(shop.ask("dag", consent=ConsentSignals(granted=frozenset(["ads"]))))[0] == "ad"


def test_a_retry_has_the_stored_answer_though_consent_has_changed(shop):
    shop.state("eva", "ads", "GRANTED")
    first = shop.ask("eva", request="once")
    assert "ad" in names(first)
    shop.state("eva", "ads", "DENIED", at=datetime.now(UTC))
    again = shop.ask("eva", request="once")
    assert (again.decision_id, names(again)) == (first.decision_id, names(first))
    assert reasons(shop.ask("eva"))["ad"] == "CONSENT_REQUIRED"


def test_a_claim_after_consent_was_withdrawn_is_denied(shop):
    shop.state("fay", "ads", "GRANTED", at=datetime.now(UTC) - timedelta(minutes=1))
    answer, unclaimed = shop.ask("fay"), shop.ask("fay")
    claimed = shop.claim(request_id="c1", decision_id=answer.decision_id, action="ad")
    assert claimed.granted
    shop.state("fay", "ads", "DENIED")
    denied = shop.claim(request_id="c2", decision_id=unclaimed.decision_id, action="ad")
    assert (denied.granted, denied.reason.name) == (False, "CONSENT_REQUIRED")
    assert shop.claim(request_id="c1", decision_id=answer.decision_id, action="ad") == claimed
    again = shop.claim(request_id="c4", decision_id=answer.decision_id, action="ad")
    assert (again.granted, again.existing, again.claim_id) == (True, True, claimed.claim_id)
    assert shop.claim(request_id="c3", decision_id=answer.decision_id, action="coffee").granted
    shop.redeem(request_id="r1", claim_id=claimed.claim_id)


def test_a_claim_of_what_was_granted_with_the_request_alone_goes_on(shop):
    answer = shop.ask("gus", consent=ConsentSignals(granted=frozenset(["ads"])))
    unclaimed = shop.ask("gus", consent=ConsentSignals(granted=frozenset(["ads"])))
    assert shop.claim(request_id="g1", decision_id=answer.decision_id, action="ad").granted
    shop.state("gus", "ads", "OBJECTED")
    assert not shop.claim(request_id="g2", decision_id=unclaimed.decision_id, action="ad").granted


def test_purposes_that_no_rule_knows_are_not_kept(shop):
    with pytest.raises(ClientError) as refused:
        shop.state("hal", "adds", "GRANTED")
    assert (refused.value.code, refused.value.message) == (
        "INVALID_ARGUMENT",
        "`records[0].purpose` is none of the rules in force, known are ads, health, news, service",
    )
    assert shop.consent("hal").history == ()


def test_an_export_holds_everything_and_the_empty_one_has_the_same_form(shop):
    shop.state("ida", "ads", "GRANTED")
    answer = shop.ask("ida")
    claimed = shop.claim(request_id="i1", decision_id=answer.decision_id, action="ad")
    held, nothing = shop.exported("ida"), shop.exported("nobody")
    assert nothing.keys() == held.keys()
    assert (nothing["consents"], nothing["caps"], nothing["decisions"]) == ([], [], [])
    assert b"\n" in shop.export("nobody")
    assert [(entry["purpose"], entry["state"]) for entry in held["consents"]] == [("ads", "granted")]
    assert [(entry["limit"], entry["used"], entry["maximum"]) for entry in held["caps"]] == [
        ("coffees", 1, 3)
    ]
    (decision,) = held["decisions"]
    assert decision["read"]["customer.clicks"] == 9
    assert all(entry["why"] for entry in decision["proposals"])
    assert {entry["action"] for entry in decision["refusals"]} == {"dessert"}
    assert "ad" in {entry["action"] for entry in decision["holds"]}
    assert claimed.granted


def test_a_statement_is_known_to_the_next_decision_of_another_process(serve, write_rules, postgres_url):
    rules = write_rules(RULES)
    here, there = (Shop(serve(rules, postgres_url).address) for _ in range(2))
    with here, there:
        for _ in range(10):
            for state, expected in (("GRANTED", True), ("DENIED", False)):
                here.state("jan", "ads", state, at=datetime.now(UTC))
                for dry in (True, False):
                    assert ("ad" in names(there.ask("jan", dry_run=dry))) is expected
            here, there = there, here
        assert len(there.consent("jan").history) == 20


ASKING = joined(
    ruleset(),
    document(
        "Context",
        "shop",
        """\
attributes: {customer.clicks: {type: int, purpose: ads}, customer.age: {type: int, purpose: none}}
""",
    ),
    document(
        "Privacy",
        "law",
        """\
purposes: {ads: Ads., news: News., never: Nothing.}
default: here
age: customer.age
jurisdictions:
  here:
    bases: {ads: consent, news: legitimate_interest}
    minors: {below: 16, barred: [ads], unknown_age: adult}
""",
    ),
    action(
        "ask",
        title="May we?",
        type="message",
        eligibility='[{require: \'!consent.asked("ads") && !consent.allowed("ads")\'}]',
    ),
    action("thank", title="Thank you", type="message", eligibility="[{require: 'consent.allowed(\"ads\")'}]"),
    action("ad", title="An ad", eligibility="[{require: customer.clicks > 3}]"),
    action("barred", title="Barred", consent="[never]"),
    action("news", title="News", type="message", consent="[news]"),
)


@pytest.fixture
def asking(serve, write_rules, sqlite_url):
    with Shop(serve(write_rules(ASKING), sqlite_url).address) as client:
        yield client


def details(answer):
    return {refusal.action: refusal.detail for refusal in answer.refusals}


@pytest.mark.parametrize(
    ("statements", "proposed"),
    [({}, "ask"), ({"granted": frozenset(["ads"])}, "thank"), ({"denied": frozenset(["ads"])}, None)],
)
def test_who_has_answered_is_not_asked_again(asking, statements, proposed):
    signals = ConsentSignals(**statements)
    proposed_names = names(asking.ask("ann", context={}, consent=signals))
    assert [name for name in proposed_names if name in {"ask", "thank"}] == [proposed] * bool(proposed)


def test_an_answer_on_record_counts_as_asked(asking):
    asking.state("bob", "ads", "DENIED")
    answer = asking.ask("bob", context={})
    assert {"ask", "thank"}.isdisjoint(names(answer))
    assert "needs no answer about ads" in details(answer)["ask"]


def test_each_cause_is_told(asking):
    clicks = {"customer": {"clicks": 9}}
    answer = asking.ask("ann", context=clicks)
    assert "customer.clicks > 3, may not be read for ads: no consent to it is known" in details(answer)["ad"]
    assert "barred by the law of the place" in details(answer)["barred"]
    assert "`customer.clicks` may not be read for ads: no consent to it is known" in answer.unused
    signals = ConsentSignals(granted=frozenset({"ads"}))
    young = asking.ask("ann", context={"customer": {"clicks": 9, "age": 12}}, consent=signals)
    assert "the customer is a minor, younger than 16" in details(young)["ad"]
    assert "`customer.clicks` may not be read" in young.unused[0]
    asking.state("eve", "news", "OBJECTED")
    asking.state("eve", "ads", "DENIED")
    causes = details(asking.ask("eve", context=clicks))
    assert "the customer has objected" in causes["news"]
    assert "refused on record" in causes["ad"]


def test_the_cause_is_told_from_the_record_as_well(asking):
    answer = asking.ask("ann", context={"customer": {"clicks": 9}})
    asking.state("ann", "ads", "GRANTED")
    again = asking.get_decision(answer.decision_id, Explain.EXPLAIN_FULL)
    assert details(again.answer) == details(answer)
