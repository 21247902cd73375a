"""Limits that fit: numbers that a request gives, and windows of an instant."""

import pytest
from tests.claims.harness import DAY, HEAD, NOON, PIZZA
from tests.claims.laws.test_replay import check_again
from tests.rules import action, cap, capacity

from maitred.core.deciding.decisions import Explain
from maitred.engine.calls import LimitsCall

BOOKING = HEAD + "  booking.starts: timestamp\n"


def quota(number):
    return {"customer": {"quota": number}}


def booked(instant):
    return {"booking": {"starts": instant}}


def grants(harness, customer, context, times=4):
    """How often in a row something is proposed."""
    return sum(bool(harness.names(customer, context=context)) for _ in range(times))


@pytest.mark.parametrize("customer", ["ann", ""])
def test_a_quota_of_the_request_or_a_default(harness, customer):
    per = "[customer]" if customer else "[channel]"
    harness.rules(PIZZA, cap(per=per, limit="{attribute: customer.quota, default: 2}", counts="decided"))
    assert grants(harness, customer, {}) == 2
    assert harness.names(customer, context=quota(3)) == ["pizza"]
    assert harness.names(customer, context=quota(0)) == []


def test_a_wrong_value_is_no_reason_for_the_default(harness):
    harness.rules(PIZZA, cap(limit="{attribute: customer.quota, default: 2}", counts="decided"))
    reason, rule, detail = harness.why_not(context=quota("three"))["pizza"]
    assert (reason, rule) == ("RULE_ERROR", "cap")
    assert "customer.quota" in detail


@pytest.mark.parametrize(
    ("limit", "context", "granted"),
    [
        ('"customer.quota * 2"', quota(1), 2),
        ('"customer.quota * 2"', quota(-5), 0),
        ('"customer.points * 0.5"', {"customer": {"points": 7.9}}, 3),
        ('"customer.quota > 5 ? 3 : 1"', quota(9), 3),
        ('"1 + 1"', {}, 2),
    ],
)
def test_a_number_that_is_worked_out_is_rounded_down(harness, limit, context, granted):
    harness.rules(PIZZA, cap(limit=limit, counts="decided"))
    assert grants(harness, "ann", context) == granted


def test_a_number_that_cannot_be_worked_out_refuses(harness):
    harness.rules(PIZZA, cap(limit='"customer.quota * 2"', counts="decided"))
    assert harness.why_not()["pizza"][:2] == ("MISSING_ATTRIBUTE", "cap")
    assert "customer.quota" in harness.why_not()["pizza"][2]
    assert harness.why_not(context=quota(2**62))["pizza"][0] == "RULE_ERROR"


def test_a_pace_can_be_worked_out_as_well(harness):
    pace = '{limit: "customer.quota + 1", window: {rolling: 1h}}'
    harness.rules(PIZZA, capacity(limit=9, counts="decided", pace=pace))
    assert grants(harness, "ann", quota(1)) == 2
    assert harness.why_not(context=quota(1))["pizza"][0] == "PACED"


@pytest.mark.parametrize(
    ("period", "same", "other"),
    [
        ("day", "2026-06-10T21:59:59Z", "2026-06-10T22:00:00Z"),
        ("week", "2026-06-14T21:59:59Z", "2026-06-14T22:00:00Z"),
        ("month", "2026-06-30T21:59:59Z", "2026-06-30T22:00:00Z"),
        ("year", "2026-12-31T22:59:59Z", "2026-12-31T23:00:00Z"),
    ],
)
def test_a_window_of_an_instant_is_that_of_the_instant_wherever_now_is(harness, period, same, other):
    window = f"{{calendar: {period}, of: booking.starts}}"
    harness.rules(PIZZA, capacity(window=window, counts="decided"), zone="Europe/Berlin", head=BOOKING)
    assert harness.names(context=booked("2026-06-10T09:00:00Z")) == ["pizza"]
    harness.after(3 * DAY)
    assert harness.names(context=booked(same)) == []
    reason, rule, detail = harness.why_not(context=booked(same))["pizza"]
    assert (reason, rule) == ("CAPACITY_EXHAUSTED", "ovens")
    assert f"in the {period} of booking.starts" in detail
    assert harness.names(context=booked(other)) == ["pizza"]


def test_without_the_instant_or_with_a_wrong_one_it_refuses(harness):
    harness.rules(PIZZA, capacity(window="{calendar: week, of: booking.starts}"), head=BOOKING)
    assert harness.why_not()["pizza"] == ("MISSING_ATTRIBUTE", "ovens", "needs booking.starts, is absent")
    reason, _, detail = harness.why_not(context=booked("soon"))["pizza"]
    assert reason == "RULE_ERROR"
    assert "booking.starts" in detail


def test_a_claim_counts_in_the_window_of_its_instant(harness):
    harness.rules(PIZZA, capacity(window="{calendar: week, of: booking.starts}"), head=BOOKING)
    first = harness.decide("ann", context=booked("2026-12-09T09:00:00Z"))
    second = harness.decide("bob", context=booked("2026-12-10T09:00:00Z"))
    assert harness.claim(first).granted
    assert not harness.claim(second).granted
    assert harness.sees("bob", context=booked("2026-12-20T09:00:00Z")) == ["pizza"]


def test_limits_are_shown_as_far_as_they_are_known(harness):
    window = "{calendar: week, of: booking.starts}"
    harness.rules(
        PIZZA,
        cap(limit="{attribute: customer.quota, default: 2}", counts="decided"),
        capacity(limit='"customer.quota * 2"', window=window, counts="decided"),
        head=BOOKING,
    )
    harness.names(context={**quota(4), **booked("2026-06-10T09:00:00Z")})
    harness.at(NOON)
    views = {view.name: view for view in harness.engine.operator.limits(LimitsCall(max_subjects=9))}
    assert {view.maximum for view in views.values()} == {None}
    assert views["cap"].used == 1
    harness.names("bob", context={**quota(4), **booked("2027-06-10T09:00:00Z")})
    weeks = [
        view.window for view in harness.engine.operator.limits(LimitsCall(limit="ovens", max_subjects=9))
    ]
    assert "week of booking.starts from 2027-06-07" in weeks[0]


def test_decisions_of_such_limits_come_out_again(harness):
    policy = harness.rules(
        action("pizza", score=2),
        action("tea", score=1),
        cap(
            applies_to="{actions: [pizza]}", limit="{attribute: customer.quota, default: 1}", counts="decided"
        ),
        capacity(
            applies_to="{actions: [tea]}",
            limit='"customer.quota * 2"',
            window="{calendar: day, of: booking.starts}",
            counts="decided",
        ),
        head=BOOKING,
    )
    contexts = [{}, quota(1), {**quota(1), **booked("2026-12-24T09:00:00Z")}, quota(2)] * 2
    answers = [
        harness.decide(context=context, max_actions=2, explain=Explain.EXPLAIN_REASONS)
        for context in contexts
    ]
    assert len({tuple(proposal.action for proposal in answer.proposals) for answer in answers}) > 2
    harness.rules(PIZZA)
    for answer in answers:
        check_again(harness, policy, answer)
