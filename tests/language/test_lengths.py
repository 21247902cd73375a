"""How long texts can be on a channel: what is written, and what values make of it."""

import pytest
from tests.claims.harness import HEAD
from tests.rules import action, capacity, document

from maitred.core.deciding.decisions import Explain
from maitred.core.rules.faults import RulesetInvalid

NAMED = HEAD.replace("  customer.tier: string", "  customer.tier: string\n  customer.name: string")
BOUNDED = NAMED.replace(
    "channels: [pos, mobile]",
    "channels: [pos, mobile]\ntext_lengths: {pos: {title: 30, say: 30, show: 20}}",
)
TABLE = document(
    "ActionTable",
    "coupons",
    """\
table: {file: coupons.csv, columns: {code: string, what: string}}
action:
  name: coupon-${row.code}
  title: ${row.what}
  type: offer
  treatments:
    pos: {title: Coupon, show: "COUPON ${row.what}"}
    mobile: {show: "COUPON ${row.what}"}
""",
)


def words(harness, treatments, **customer):
    harness.rules(action("tea", treatments=treatments), head=BOUNDED)
    decided = harness.decide(context={"customer": customer}, explain=Explain.EXPLAIN_REASONS)
    return decided.proposals[0].treatment, decided.why[0]


def faults(harness, *documents, head=BOUNDED, **files):
    with pytest.raises(RulesetInvalid) as caught:
        harness.rules(*documents, head=head, **files)
    return [(fault.file, fault.line, fault.message) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("treatments", "expected"),
    [
        (
            '{pos: {show: "A TEA FOR THE WAY TO WORK"}}',
            "has 25 characters, and `show` on `pos` has room for 20",
        ),
        (
            '{pos: {say: [Hello, "A cup of tea for your way to work?"]}}',
            "has 34 characters, and `say` on `pos`",
        ),
        (
            '{pos: {show: {en: TEA, it: "UNA TAZZA DI TE CALDO"}}}',
            "`UNA TAZZA DI TE CALDO` has 21 characters",
        ),
        ('{pos: {claimed: {show: "YOUR TEA IS WAITING HERE"}}}', "`show` on `pos` has room for 20: 4 fewer"),
        ("""{pos: {show: 'TEA FOR ${customer.name ?? "WHOEVER WANTS IT"}'}}""", "has 24 characters"),
        ('{pos: {show: "A TEA FOR THE GOOD ${customer.name}"}}', None),
        ('{mobile: {show: "A TEA FOR THE WAY TO WORK"}}', None),
    ],
)
def test_what_is_written_too_long_is_a_fault(sqlite_harness, treatments, expected):
    document = action("tea", treatments=treatments)
    if expected is None:
        sqlite_harness.rules(document, head=BOUNDED)
        return
    ((file, _, message),) = faults(sqlite_harness, document)
    assert file == "rules.yaml"
    assert expected in message


def test_a_title_is_too_long_unless_the_channel_has_its_own(sqlite_harness):
    long = action("tea", title="A cup of tea for the way to work")
    ((_, _, message),) = faults(sqlite_harness, long)
    assert "`title` on `pos` has room for 30" in message
    for fields in ({"treatments": "{pos: {title: A tea}}"}, {"channels": "[mobile]"}):
        sqlite_harness.rules(action("tea", title="A cup of tea for the way to work", **fields), head=BOUNDED)


def test_rows_are_told_once_for_each_text_at_the_first(sqlite_harness):
    rows = "code,what\na,tea\nb,a tea for the way\nc,a tea for the way home\n"
    message = (
        "`COUPON a tea for the way` has 24 characters, and `show` on `pos` has room for 20: 4 fewer,"
        " or more room in `text_lengths` of the `Ruleset`"
    )
    assert faults(sqlite_harness, TABLE, coupons=rows) == [("coupons.csv", 3, message)]


def test_a_channel_that_there_is_not_is_a_fault(sqlite_harness):
    head = BOUNDED.replace("{pos: {title", "{pso: {title")
    ((_, line, message),) = faults(sqlite_harness, action("tea"), head=head)
    assert line == 7
    assert "did you mean `pos`?" in message


def test_what_values_make_longer_is_put_without_them_or_left_out(harness):
    treatments = (
        """{pos: {say: ['Tea, ${customer.name ?? "friend"}?', '${customer.name}, a tea?'], show: TEA}}"""
    )
    short, why = words(harness, treatments, name="Ann")
    assert short.say == ("Tea, Ann?", "Ann, a tea?")
    assert not any("characters" in line for line in why)
    # 30 characters fit, and not one more.
    assert words(harness, treatments, name="A" * 20)[0].say[1] == f"{'A' * 20}, a tea?"
    long, why = words(harness, treatments, name="A" * 25)
    assert long.say == ("Tea, friend?",)
    assert long.show == "TEA"
    assert "a text of `say` is put without its values: it has 31 characters of at most 30" in why
    assert "a text of `say` is left out: it has 33 characters of at most 30" in why


def test_a_long_title_falls_back_to_the_action_s(sqlite_harness):
    treatments = '{pos: {title: "Tea for ${customer.name}"}}'
    assert words(sqlite_harness, treatments, name="A" * 22)[0].title == f"Tea for {'A' * 22}"
    assert words(sqlite_harness, treatments, name="A" * 23)[0].title == "tea"


def test_the_words_of_a_claim_have_the_same_room(sqlite_harness):
    treatments = """{pos: {show: TEA, claimed: {show: 'TEA FOR ${customer.name ?? "YOU"}'}}}"""
    sqlite_harness.rules(action("tea", treatments=treatments), capacity(limit=9), head=BOUNDED)
    decided = sqlite_harness.decide(context={"customer": {"name": "Bartholomew-Jones"}})
    assert sqlite_harness.claim(decided, "tea").treatment.show == "TEA FOR YOU"
