"""What was rejected in a session is not proposed again in it."""

from datetime import timedelta

import pytest
from tests.claims.house import HOUR, MINUTE, NOON, PIZZA, action, cap, capacity

from maitred.core.deciding.decisions import Explain
from maitred.engine.calls import octets_of
from maitred.engine.deciding.codec import decode_body

CAKE, TEA = action("cake", score=2), action("tea", score=1)
REJECTED = ("REJECTED_IN_SESSION", "session", "was rejected in this session, and is not proposed again in it")


def reject(house, customer="ann", session="s-1", **fields):
    """Rejects what is proposed first."""
    decided = house.decide(customer, session=session, **fields)
    house.report(decided, "REJECTED", action=decided.proposals[0].action)
    return decided


def test_it_is_held_back_on_every_channel_until_the_session_is_over(house):
    house.rules(CAKE, TEA)
    reject(house, channel="mobile")
    for channel in ("pos", "mobile"):
        assert house.names(session="s-1", channel=channel, most=9) == ["tea"]
        assert house.sees(session="s-1", channel=channel, most=9) == ["tea"]
        assert house.why_not(session="s-1", channel=channel)["cake"] == REJECTED
    assert house.names(session="s-2", most=9) == ["cake", "tea"]
    assert house.names(most=9) == ["cake", "tea"]


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
def test_without_a_customer_the_session_alone_is_bound(house, who, other, expected):
    house.rules(CAKE, TEA)
    reject(house, who)
    assert house.names(other, session="s-1", most=9) == expected


def test_only_what_was_rejected_is_held_back(house):
    house.rules(CAKE, TEA)
    decided = house.decide(session="s-1", most=9)
    house.report(decided, "PRESENTED", action="cake")
    house.report(decided, "ACCEPTED", action="tea")
    assert house.names(session="s-1", most=9) == ["cake", "tea"]


def test_a_rejected_action_does_not_stand_in_and_none_stands_in_for_it(house):
    house.rules(
        PIZZA.replace("type:", "alternatives: [cake]\nscore: 9\ntype:"),
        CAKE,
        capacity(limit=0, applies_to="{actions: [pizza]}"),
    )
    assert house.names(session="s-1", most=1) == ["cake"]
    reject(house)
    assert house.names(session="s-1", most=9) == []


def test_the_reason_is_told_before_limits_and_after_conditions(house):
    house.rules(CAKE, TEA, cap(applies_to="{actions: [cake]}", counts="rejected"))
    reject(house)
    assert house.why_not(session="s-1")["cake"][0] == "REJECTED_IN_SESSION"
    house.rules(action("cake", score=2, eligibility="[{require: customer.quota > 3}]"), TEA)
    assert house.why_not(session="s-1", context={"customer": {"quota": 1}})["cake"][0] == "NOT_ELIGIBLE"


def test_the_record_says_what_was_held_back_and_explains_it_later(house):
    house.rules(CAKE, TEA)
    reject(house)
    decided = house.decide(session="s-1")
    record = house.store.decision(octets_of(decided.decision_id))
    body = decode_body(house.engine.records._people.opened(record))
    assert body.snapshot.rejected == {"cake"}
    view = house.engine.decider.get_decision(decided.decision_id, Explain.EXPLAIN_FULL)
    assert [(each.action, each.reason.name) for each in view.answer.refusals] == [
        ("cake", "REJECTED_IN_SESSION")
    ]


def test_a_simulated_decision_knows_no_later_rejection(house):
    house.rules(CAKE, TEA)
    reject(house.at(NOON))
    assert house.names(session="s-1", at=NOON - HOUR, most=9) == ["cake", "tea"]
    assert house.names(session="s-1", at=NOON + MINUTE, most=9) == ["tea"]


def test_erasing_the_customer_and_purging_the_decision_forget_it(house):
    house.rules(CAKE, TEA)
    reject(house)
    reject(house, "bob", "s-2")
    house.engine.privacy.erase("ann")
    assert house.names(session="s-1", most=9) == ["cake", "tea"]
    assert house.names("bob", session="s-2", most=9) == ["tea"]
    house.store.purge_decisions(NOON + timedelta(days=1), 100)
    assert house.names("bob", session="s-2", most=9) == ["cake", "tea"]
