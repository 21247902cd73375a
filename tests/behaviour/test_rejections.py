"""What was rejected in a session is not proposed again in it."""

from datetime import timedelta

import pytest
from tests.claims.harness import HOUR, MINUTE, NOON, PIZZA
from tests.rules import action, cap, capacity

from maitred.core.deciding.decisions import Explain
from maitred.engine.calls import bytes_of

CAKE, TEA = action("cake", score=2), action("tea", score=1)
REJECTED = ("REJECTED_IN_SESSION", "session", "was rejected in this session, and is not proposed again in it")


def reject(harness, customer="ann", session="s-1", **fields):
    """Rejects what is proposed first."""
    decided = harness.decide(customer, session=session, **fields)
    harness.report(decided, "REJECTED", action=decided.proposals[0].action)
    return decided


def test_it_is_held_back_on_every_channel_until_the_session_is_over(harness):
    harness.rules(CAKE, TEA)
    reject(harness, channel="mobile")
    for channel in ("pos", "mobile"):
        assert harness.names(session="s-1", channel=channel, max_actions=9) == ["tea"]
        assert harness.sees(session="s-1", channel=channel, max_actions=9) == ["tea"]
        assert harness.why_not(session="s-1", channel=channel)["cake"] == REJECTED
    assert harness.names(session="s-2", max_actions=9) == ["cake", "tea"]
    assert harness.names(max_actions=9) == ["cake", "tea"]


@pytest.mark.parametrize(
    ("who", "other", "expected"),
    [
        ("ann", "ann", ["tea"]),
        ("ann", "bob", ["cake", "tea"]),
        ("", "", ["tea"]),
        ("", "ann", ["tea"]),
        ("ann", "", ["tea"]),
    ],
)
def test_without_a_customer_the_session_alone_is_bound(harness, who, other, expected):
    harness.rules(CAKE, TEA)
    reject(harness, who)
    assert harness.names(other, session="s-1", max_actions=9) == expected


def test_only_what_was_rejected_is_held_back(harness):
    harness.rules(CAKE, TEA)
    decided = harness.decide(session="s-1", max_actions=9)
    harness.report(decided, "PRESENTED", action="cake")
    harness.report(decided, "ACCEPTED", action="tea")
    assert harness.names(session="s-1", max_actions=9) == ["cake", "tea"]


def test_a_rejected_action_does_not_stand_in_and_none_stands_in_for_it(harness):
    harness.rules(
        PIZZA.replace("type:", "alternatives: [cake]\nscore: 9\ntype:"),
        CAKE,
        capacity(limit=0, applies_to="{actions: [pizza]}"),
    )
    assert harness.names(session="s-1", max_actions=1) == ["cake"]
    reject(harness)
    assert harness.names(session="s-1", max_actions=9) == []


def test_the_reason_is_told_before_limits_and_after_conditions(harness):
    harness.rules(CAKE, TEA, cap(applies_to="{actions: [cake]}", counts="rejected"))
    reject(harness)
    assert harness.why_not(session="s-1")["cake"][0] == "REJECTED_IN_SESSION"
    harness.rules(action("cake", score=2, eligibility="[{require: customer.quota > 3}]"), TEA)
    assert harness.why_not(session="s-1", context={"customer": {"quota": 1}})["cake"][0] == "NOT_ELIGIBLE"


def test_the_record_says_what_was_held_back_and_explains_it_later(harness):
    harness.rules(CAKE, TEA)
    reject(harness)
    decided = harness.decide(session="s-1")
    record = harness.store.decision(bytes_of(decided.decision_id))
    body = harness.engine.records.body(record)
    assert body.snapshot.rejected == {"cake"}
    view = harness.engine.decider.get_decision(decided.decision_id, Explain.EXPLAIN_FULL)
    assert [(refusal.action, refusal.reason.name) for refusal in view.answer.refusals] == [
        ("cake", "REJECTED_IN_SESSION")
    ]


def test_a_simulated_decision_knows_no_later_rejection(harness):
    harness.rules(CAKE, TEA)
    reject(harness.at(NOON))
    assert harness.names(session="s-1", at=NOON - HOUR, max_actions=9) == ["cake", "tea"]
    assert harness.names(session="s-1", at=NOON + MINUTE, max_actions=9) == ["tea"]


def test_erasing_the_customer_and_purging_the_decision_forget_it(harness):
    harness.rules(CAKE, TEA)
    reject(harness)
    reject(harness, "bob", "s-2")
    harness.engine.privacy.erase("ann")
    assert harness.names(session="s-1", max_actions=9) == ["cake", "tea"]
    assert harness.names("bob", session="s-2", max_actions=9) == ["tea"]
    harness.store.purge_decisions(NOON + timedelta(days=1), 100)
    assert harness.names("bob", session="s-2", max_actions=9) == ["cake", "tea"]
