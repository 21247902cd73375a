"""What would have been enough, told exactly for every kind of threshold."""

import pytest
from tests.behaviour.test_recording import PRIVACY
from tests.rules import document, joined, ruleset

from maitred.engine.calls import ConsentSignals

HEAD = joined(
    ruleset("near", channels="[pos]"),
    document(
        "Context",
        "near",
        """\
attributes:
  a.money: decimal(2)
  a.count: int
  a.share: double
  a.day: date
  a.at: timestamp
  a.stay: duration
  a.version: version
  a.lines: {type: list<object>, fields: {price: decimal(2)}}
computed:
  a.sum: {over: a.lines, sum: item.price}
""",
    ),
)


@pytest.mark.parametrize(
    ("condition", "sent", "enough"),
    [
        ("a.money >= 30.00", {"money": "25.80"}, "a.money 30.00, 4.20 more"),
        ("a.money > 30", {"money": "25.80"}, "a.money 30.01, 4.21 more"),
        ("a.money < 10", {"money": "25.80"}, "a.money 9.99, 15.81 less"),
        ("a.sum >= 30.00", {"lines": [{"price": "25.80"}]}, "a.sum 30.00, 4.20 more"),
        ("a.count >= 3", {"count": 2}, "a.count 3, 1 more"),
        ("a.count > 3", {"count": 2}, "a.count 4, 2 more"),
        ("a.share >= 0.5", {"share": 0.25}, "a.share 0.5, 0.25 more"),
        ("a.share >= 53.7", {"share": 53.5}, "a.share 53.7, 0.2 more"),
        ("a.share <= 0.1", {"share": 0.3}, "a.share 0.1, 0.2 less"),
        ("a.share >= 1e300", {"share": -1e-300}, "a.share 1e+300, 1e+300 more"),
        ('a.day <= "2026-01-01"', {"day": "2026-01-03"}, "a.day 2026-01-01, 2 days earlier"),
        ('a.day > "2026-01-01"', {"day": "2026-01-01"}, "a.day 2026-01-02, 1 day later"),
        ('a.stay >= duration("2h")', {"stay": "90m"}, "a.stay 7200s, 1800s more"),
        ('a.version >= "2.10.0"', {"version": "2.9.1"}, "a.version 2.10.0"),
        (
            'a.at >= timestamp("2026-01-01T00:00:00Z")',
            {"at": "2025-12-31T23:00:00Z"},
            "a.at 2026-01-01T00:00:00Z",
        ),
        (
            'a.at < timestamp("2026-01-01T00:00:00Z")',
            {"at": "2026-02-01T00:00:00Z"},
            "a.at 2025-12-31T23:59:59.999999Z",
        ),
    ],
)
def test_the_nearest_miss_is_told_exactly(sqlite_harness, condition, sent, enough):
    offer = document(
        "Action", "offer", {"title": "o", "type": "offer", "eligibility": f"[{{require: '{condition}'}}]"}
    )
    sqlite_harness.rules(offer, head=HEAD)
    _, _, detail = sqlite_harness.why_not(context={"a": sent})["offer"]
    assert detail.endswith(f"; would have been proposed with {enough}"), detail


def offer(name, needed, score=1):
    return document(
        "Action",
        name,
        {
            "title": name,
            "type": "offer",
            "score": f"{score}",
            "eligibility": f"[{{require: {needed}}}]",
        },
    )


NEARER = offer("nearer", "a.count >= 3", score=2)
GOOD = offer("good", "a.count >= 1", score=1)
DUE = (
    offer("due", "a.count >= 1", score=0)
    + "---\n"
    + document("Promise", "p", {"action": "due", "every": "1h"})
)
GROUP = document("Group", "few", {"applies_to": "{types: [offer]}", "at_most": 1})
ENOUGH = "would have been proposed with a.count 3"


def way_out(harness, action, documents, **fields):
    harness.rules(*documents, head=HEAD)
    return harness.why_not(context={"a": {"count": 1}}, **fields)[action][2]


def test_what_is_due_leaves_no_place(sqlite_harness):
    assert ENOUGH in way_out(sqlite_harness, "nearer", (NEARER, GOOD))
    assert ENOUGH in way_out(sqlite_harness, "nearer", (NEARER, DUE), max_actions=2)
    assert "would have been" not in way_out(sqlite_harness, "nearer", (NEARER, DUE))


def test_a_group_that_is_full_of_better_ones_leaves_no_place(sqlite_harness):
    best = offer("best", "a.count >= 1", score=3)
    assert ENOUGH in way_out(sqlite_harness, "nearer", (NEARER, GOOD, GROUP), max_actions=2)
    assert ENOUGH in way_out(sqlite_harness, "nearer", (NEARER, best), max_actions=2)
    assert "would have been" not in way_out(sqlite_harness, "nearer", (NEARER, best, GROUP), max_actions=2)


def test_no_value_is_enough_of_what_may_not_be_read(sqlite_harness):
    private = HEAD.replace("a.count: int", "a.count: {type: int, purpose: ads}")
    sqlite_harness.rules(NEARER, PRIVACY, head=private)
    assert "would have been" not in sqlite_harness.why_not(context={"a": {"count": 1}})["nearer"][2]
    agreed = sqlite_harness.why_not(
        context={"a": {"count": 1}}, consent=ConsentSignals(granted=frozenset({"ads"}))
    )
    assert ENOUGH in agreed["nearer"][2]


def test_what_was_rejected_in_the_session_is_not_near(sqlite_harness):
    sqlite_harness.rules(NEARER, head=HEAD)
    decided = sqlite_harness.decide(context={"a": {"count": 3}}, session="s-1")
    sqlite_harness.report(decided, "REJECTED", action="nearer")
    for session, is_near in (("s-1", False), ("s-2", True)):
        words = sqlite_harness.why_not(context={"a": {"count": 1}}, session=session)["nearer"][2]
        assert (ENOUGH in words) is is_near
