"""Kinds of values and computed attributes on their way from a request to an answer, a record and back."""

import json

import pytest
from tests.claims.harness import HEAD
from tests.rules import action, cap, document

from maitred.core.deciding.decisions import Explain
from maitred.core.rules.faults import RulesetInvalid
from maitred.engine.calls import ConsentSignals

CONTEXT = document(
    "Context",
    "shopping",
    """\
attributes:
  basket.lines:
    type: list<object>
    item: line
    fields: {sku: string, quantity: int, price: decimal(2), at: timestamp, made: date, tags: list<string>}
  basket.value: decimal(2)
  basket.paid: list<decimal(2)>
  app.version: version
  session.address: ip
  customer.born: date
  customer.since: timestamp
  customer.waited: duration
  customer.vip: bool
  customer.tiers: list<string>
  basket.code: {type: string, letter_case: ignore, trim: true}
computed:
  basket.shirts: {over: basket.lines, where: line.sku in list.shirts, sum: line.quantity}
  basket.shirts_value: {over: basket.lines, where: line.sku in list.shirts, sum: line.quantity * line.price}
  basket.oldest: {over: basket.lines, where: has(line.made), min: line.made}
  basket.red: {over: basket.lines, where: '"red" in line.tags', any: true}
""",
)
SHIRTS = document("List", "shirts", {"values": "[S1, S2]"})
LINES = [
    {
        "sku": "S1",
        "quantity": 2,
        "price": "17.90",
        "at": "2026-01-01T00:00:00Z",
        "made": "2026-01-02",
        "tags": ["red"],
    },
    {"sku": "S9", "quantity": 7, "price": 3, "made": "2025-12-31"},
    {"sku": "S2", "quantity": 1, "price": 17.9},
]
SENT = {
    "basket": {"lines": LINES, "value": 53.7, "paid": ["1.00", 2.5], "code": " VIP "},
    "app": {"version": "5.10"},
    "session": {"address": "::ffff:10.1.2.3"},
    "customer": {
        "born": "2008-02-29",
        "since": "9999-12-31T23:59:59.999999Z",
        "waited": "1h",
        "vip": True,
        "tiers": ["gold"],
        "quota": 3,
        "points": 2.5,
        "tier": "gold",
    },
}
NEEDS = {
    "shirts": "basket.shirts == 3",
    "value": "basket.shirts_value == 53.70",
    "oldest": "basket.oldest == '2025-12-31'",
    "red": "basket.red",
    "line": "basket.lines.exists(l, l.sku == 'S1' && l.at < now && l.price * l.quantity == 35.80)",
    "money": "basket.value >= 53.70",
    "paid": "2.50 in basket.paid",
    "version": "app.version > '5.9'",
    "address": "session.address.inNetwork('10.0.0.0/8')",
    "born": "age(customer.born, now, location.timezone) == 18",
    "since": "customer.since > now",
    "waited": "customer.waited > duration('15m')",
    "code": "basket.code == 'Vip'",
    "quota": "customer.quota == 3 && customer.points == 2.5 && customer.vip && 'gold' in customer.tiers",
}


def needing(name, text):
    return action(name, eligibility=json.dumps([{"require": text}]))


ALL = (CONTEXT, SHIRTS, *(needing(name, text) for name, text in NEEDS.items()))


def test_a_value_of_every_kind_decides_and_is_kept(harness):
    harness.rules(*ALL)
    decided = harness.decide(context=SENT, max_actions=100, explain=Explain.EXPLAIN_FULL)
    assert {proposal.action for proposal in decided.proposals} == set(NEEDS)
    view = harness.engine.decider.get_decision(decided.decision_id, Explain.EXPLAIN_FULL)
    assert view.answer.why == decided.why
    kept = json.loads(view.facts_json)
    assert kept["basket.lines"] == [
        {**LINES[0], "at": "2026-01-01T00:00:00+00:00"},
        {**LINES[1], "price": "3.00"},
        {**LINES[2], "price": "17.90"},
    ]
    wanted = {
        "basket.value": "53.70",
        "basket.paid": ["1.00", "2.50"],
        "basket.shirts": 3,
        "basket.shirts_value": "53.70",
        "basket.oldest": "2025-12-31",
        "basket.red": True,
        "basket.code": "vip",
        "app.version": "5.10",
        "session.address": "10.1.2.3",
        "customer.born": "2008-02-29",
    }
    assert {name: kept[name] for name in wanted} == wanted


def test_a_refusal_is_told_again_from_the_record(harness):
    harness.rules(*ALL)
    sent = {"basket": {"lines": LINES[1:], "value": "53.69", "code": "vip2"}, "app": {"version": "newest"}}
    decided = harness.decide(context=sent, max_actions=100, explain=Explain.EXPLAIN_FULL)
    view = harness.engine.decider.get_decision(decided.decision_id, Explain.EXPLAIN_FULL)
    refusals = {refusal.action: refusal for refusal in decided.refusals}
    assert {refusal.action: refusal for refusal in view.answer.refusals} == refusals
    assert refusals["shirts"].detail.startswith("needs basket.shirts = 3, is 1")
    assert refusals["value"].detail.startswith("needs basket.shirts_value = 53.70, is 17.90")
    assert "basket.value 53.70, 0.01 more" in refusals["money"].detail
    assert refusals["version"].reason.name == "RULE_ERROR"
    assert 'needs app.version > 5.9, is "newest", not a version' in refusals["version"].detail
    assert refusals["born"].reason.name == "MISSING_ATTRIBUTE"


def test_a_wrong_line_is_told_wherever_it_decides(harness):
    harness.rules(*ALL)
    sent = {"basket": {"lines": [LINES[0], {"sku": "S1", "quantity": "two"}]}}
    refusals = harness.why_not(context=sent, max_actions=100)
    assert refusals["line"][0] == refusals["shirts"][0] == "RULE_ERROR"
    assert 'has an item 2 whose `quantity` is "two", not an int' in refusals["shirts"][2]
    missing = harness.why_not(context={"basket": {"lines": [{"sku": "S1"}]}}, max_actions=100)
    assert missing["shirts"][0] == "RULE_ERROR"
    assert "line.quantity is absent" in missing["shirts"][2]


def test_an_absent_computed_attribute_is_told_with_what_it_lacks(harness):
    harness.rules(*ALL)
    refusals = harness.why_not(context={}, max_actions=100)
    assert refusals["shirts"][0] == "MISSING_ATTRIBUTE"
    assert refusals["shirts"][2].startswith("needs basket.shirts = 3, is absent, as basket.lines is absent")


def test_what_is_computed_is_not_taken_from_the_request(sqlite_harness):
    sqlite_harness.rules(*ALL)
    assert "shirts" not in sqlite_harness.sees(
        context={"basket": {"shirts": 3, "lines": []}}, max_actions=100
    )
    assert "shirts" not in sqlite_harness.sees(context={"basket": {"shirts": 3}}, max_actions=100)


def test_a_claim_is_decided_by_the_values_of_the_record_also_under_other_rules(harness):
    harness.rules(*ALL)
    decided = harness.decide(context=SENT, max_actions=100)
    harness.rules(*ALL, needing("more", "basket.shirts > 3"))
    for name in ("shirts", "value", "line", "version", "born"):
        assert harness.claim(decided, name).claim_id


def test_what_is_counted_by_may_be_computed(sqlite_harness):
    sqlite_harness.rules(CONTEXT, SHIRTS, action("tea"), cap(per="[basket.shirts]", counts="decided"))
    three = {"basket": {"lines": LINES}}
    assert sqlite_harness.names(context=three) == ["tea"]
    assert sqlite_harness.names("bob", context=three) == []
    assert sqlite_harness.names("bob", context={"basket": {"lines": []}}) == ["tea"]


FAULTS = {
    "over: basket.line, count: true": "there is no list of objects `basket.line`, did you mean",
    "over: basket.value, count: true": "`basket.value` is of type decimal(2): only over a `list<object>`",
    "over: basket.lines": "exactly one of `any`, `count`, ",
    "over: basket.lines, count: true, any: true": "exactly one of ",
    "over: basket.lines, sum: line.sku": "values of type string are not added up",
    "over: basket.lines, sum: line.colour": "`line.colour` is not declared",
    "over: basket.lines, sum: line.price / 2": "`/` does not go between decimal and int",
    "over: basket.lines, where: line.quantity, count: true": "a condition must be true or false",
    "over: basket.lines, where: situation.sad, count: true": "`situation.sad` is not declared",
    "over: basket.lines, max: line.tags": "this is of type ",
}


@pytest.mark.parametrize(("spec", "message"), FAULTS.items())
def test_a_faulty_computation_is_told_at_its_place(sqlite_harness, spec, message):
    wrong = CONTEXT.replace("  basket.red:", f"  basket.wrong: {{{spec}}}\n  basket.red:")
    sad = document("Situation", "sad", {"all": "['customer.vip']"})
    with pytest.raises(RulesetInvalid) as caught:
        sqlite_harness.rules(wrong, SHIRTS, sad, needing("wrong", "basket.wrong > 1 || situation.sad"))
    (fault,) = [fault for fault in caught.value.faults if fault.severity.value == "error"]
    assert fault.message.startswith(message)
    assert "basket.wrong" in fault.text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("  basket.value: {over: basket.lines, count: true}", "`basket.value` is declared already"),
        ("  now.x: {over: basket.lines, count: true}", "`now.x` lies inside attribute `now`"),
        ("  shirts: {over: basket.lines, count: true}", "`shirts` cannot be an attribute"),
        ("  list.x: {over: basket.lines, count: true}", "`list.x` cannot be declared in a `Context`"),
    ],
)
def test_names_of_computed_attributes_follow_the_same_rules(sqlite_harness, line, message):
    with pytest.raises(RulesetInvalid) as caught:
        sqlite_harness.rules(CONTEXT + line + "\n", SHIRTS, action("tea"))
    assert caught.value.faults[0].message.startswith(message)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{type: list<object>}", "a `list<object>` needs `fields`"),
        ("{type: string, fields: {a: int}}", "only a `list<object>` has fields"),
        ("{type: int, letter_case: ignore}", "`letter_case` is for text, this is of type int"),
        ("{type: list<int>, trim: true}", "`trim` is for text"),
        ("{type: 'decimal(12)'}", "`decimal(12)` is not known here"),
        ("{type: list<object>, fields: {a: list<object>}}", "`list<object>` is not known here"),
        ("{type: list<object>, fields: {a: int}, values: [1]}", "objects have no `values`"),
        ("{type: decimal(2), values: [1.234]}", "`1.234` is not"),
    ],
)
def test_a_faulty_type_is_told(sqlite_harness, spec, message):
    head = HEAD + f"  basket.odd: {spec}\n"
    with pytest.raises(RulesetInvalid) as caught:
        sqlite_harness.rules(action("tea"), head=head)
    assert message in " ".join(f.message for f in caught.value.faults if f.severity.value == "error")


PRIVACY = document(
    "Privacy",
    "data-protection",
    """\
purposes: {ads: Ads., fitting: Fitting clothes., health: Health.}
default: eu
jurisdictions:
  eu:
    bases: {ads: consent, fitting: consent, health: consent}
sensitive:
  health: {consent: health}
""",
)
OF_PURPOSES = document(
    "Context",
    "lines",
    """\
attributes:
  basket.lines: {type: list<object>, item: line, fields: {sku: string}, purpose: ads}
  basket.pills: {type: list<object>, item: pill, fields: {sku: string}, purpose: health, sensitive: health}
computed:
  basket.count: {over: basket.lines, count: true, purpose: fitting}
  basket.plain: {over: basket.lines, count: true, purpose: none}
  basket.ill: {over: basket.pills, any: true, purpose: health}
""",
)


@pytest.mark.parametrize(
    ("granted", "proposed"),
    [({"ads", "fitting"}, ["count", "plain"]), ({"ads"}, ["plain"]), ({"fitting"}, []), (set(), [])],
)
def test_a_computed_attribute_needs_its_own_purpose_and_those_of_all_it_reads(
    sqlite_harness, granted, proposed
):
    needs = (needing("count", "basket.count == 1"), needing("plain", "basket.plain == 1"))
    sqlite_harness.rules(PRIVACY, OF_PURPOSES, *needs)
    sent = {"basket": {"lines": [{"sku": "S1"}]}}
    signals = ConsentSignals(granted=frozenset(granted))
    assert sqlite_harness.sees(context=sent, max_actions=9, consent=signals) == proposed
    refusals = sqlite_harness.why_not(context=sent, max_actions=9, consent=signals)
    assert all(refusals[name][0] == "MISSING_ATTRIBUTE" for name in {"count", "plain"} - set(proposed))


def test_what_is_computed_from_a_sensitive_category_is_of_it(sqlite_harness):
    with pytest.raises(RulesetInvalid) as caught:
        sqlite_harness.rules(PRIVACY, OF_PURPOSES, needing("rest", "basket.ill"))
    assert "basket.ill" in caught.value.faults[0].message
    consented = action("rest", eligibility='[{require: "basket.ill"}]', consent="[health]")
    assert sqlite_harness.rules(PRIVACY, OF_PURPOSES, consented)
