"""What counts: every row of the table in docs/rule-files.md."""

from datetime import timedelta

import pytest
from tests.claims.house import DAY, MINUTE, action, cap, capacity, refused

from maitred.engine.errors import Code

PIZZA = action("pizza")


def test_decided_is_spent_by_decide_and_does_not_expire(house):
    house.rules(PIZZA, cap(counts="decided"))
    decided = house.decide()
    assert [proposal.action for proposal in decided.proposals] == ["pizza"]
    assert house.names() == []
    assert house.after(400 * DAY).names() == []
    assert house.sees("bob") == ["pizza"]


@pytest.mark.parametrize(
    "kinds", [["RELEASED"], ["REJECTED"], ["PRESENTED", "RELEASED"], ["PRESENTED", "REJECTED"]]
)
def test_decided_goes_back_by_release_or_rejection(lone_house, kinds):
    lone_house.rules(PIZZA, cap(counts="decided"))
    decided = lone_house.decide()
    assert all(lone_house.report(decided, *kinds))
    assert lone_house.live("cap") == [0]
    assert lone_house.names() == ["pizza"]


def test_decided_holds_nothing_that_could_expire(lone_house):
    lone_house.rules(PIZZA, cap(counts="decided"))
    (proposal,) = lone_house.decide().proposals
    assert proposal.hold_expires_at is None


def test_decided_does_not_shorten_the_hold_of_presented(lone_house):
    lone_house.rules(PIZZA, cap(counts="decided", limit=9, hold="1m"), cap("seen", hold="1h"))
    (proposal,) = lone_house.decide().proposals
    assert proposal.hold_expires_at == lone_house.now + 60 * MINUTE


def test_presented_is_held_by_decide_and_goes_back_by_expiry(house):
    house.rules(PIZZA, capacity(counts="presented", hold="10m"))
    decided = house.decide()
    assert decided.proposals[0].hold_expires_at == house.now + 10 * MINUTE
    assert house.names("bob") == []
    house.after(10 * MINUTE - timedelta(microseconds=1))
    assert house.names("bob") == []
    house.after(timedelta(microseconds=1))
    assert house.names("bob") == ["pizza"]


@pytest.mark.parametrize("kind", ["PRESENTED", "ACCEPTED", "REDEEMED"])
def test_presented_is_spent_by_presented_and_anything_after_it(lone_house, kind):
    lone_house.rules(PIZZA, cap(hold="10m"))
    decided = lone_house.decide()
    assert lone_house.report(decided, kind) == [True]
    assert lone_house.after(DAY).names() == []


def test_presented_is_spent_by_a_claim(house):
    house.rules(PIZZA, cap(hold="10m"))
    assert house.claim(house.decide()).granted
    assert house.after(DAY).names() == []


@pytest.mark.parametrize("kinds", [["REJECTED"], ["RELEASED"]])
def test_presented_goes_back_by_rejection_and_by_release_before_it(lone_house, kinds):
    lone_house.rules(PIZZA, cap())
    assert all(lone_house.report(lone_house.decide(), *kinds))
    assert lone_house.live("cap") == [0]


@pytest.mark.parametrize("kind", ["REJECTED", "RELEASED"])
def test_presented_stays_spent_whatever_comes_after_the_report(lone_house, kind):
    lone_house.rules(PIZZA, cap())
    assert all(lone_house.report(lone_house.decide(), "PRESENTED", kind))
    assert lone_house.live("cap") == [1]


def test_a_cancelled_order_does_not_burn_the_cap(house):
    house.rules(PIZZA, cap())
    claim = house.claim(house.decide())
    house.redeem(claim)
    assert house.names() == []
    house.release(claim, cause="order failed")
    assert house.names() == ["pizza"]


def test_a_release_gives_back_what_the_claim_spent_only_where_no_presentation_was_reported(house):
    house.rules(PIZZA, cap(limit=9))
    before, after, never = house.decide(), house.decide(), house.decide()
    house.report(before, "PRESENTED")
    claims = [house.claim(decided) for decided in (before, after, never)]
    house.report(after, "PRESENTED")
    assert house.live("cap") == [3]
    for claim in claims:
        house.release(claim)
    assert house.live("cap") == [2]


def test_claimed_is_only_looked_at_by_decide(lone_house):
    lone_house.rules(PIZZA, capacity())
    decided, other = lone_house.decide(), lone_house.decide("bob")
    assert lone_house.live("ovens") == [0]
    assert decided.proposals[0].hold_expires_at is None
    assert lone_house.claim(decided).granted
    assert lone_house.names("cem") == []
    assert not lone_house.claim(other).granted


def test_claimed_is_held_by_claim_and_goes_back_by_expiry(house):
    house.rules(PIZZA, capacity(hold="5m"))
    claim = house.claim(house.decide())
    assert claim.expires_at == house.now + 5 * MINUTE
    assert house.after(4 * MINUTE).names("bob") == []
    assert house.after(MINUTE).claim_after_sweep("bob").granted


def test_claimed_is_spent_by_redeem(lone_house):
    lone_house.rules(PIZZA, capacity(hold="5m"))
    lone_house.redeem(lone_house.claim(lone_house.decide()))
    assert lone_house.after(DAY).names("bob") == []


@pytest.mark.parametrize("redeemed", [False, True])
def test_claimed_goes_back_by_release(lone_house, redeemed):
    lone_house.rules(PIZZA, capacity())
    claim = lone_house.claim(lone_house.decide())
    if redeemed:
        lone_house.redeem(claim)
    lone_house.release(claim)
    assert lone_house.live("ovens") == [0]
    assert lone_house.claim(lone_house.decide("bob")).granted


def test_redeemed_is_spent_by_redeem_and_before_that_only_looked_at(house):
    house.rules(PIZZA, capacity(counts="redeemed", limit=1))
    one, two = house.decide(), house.decide("bob")
    claims = [house.claim(one), house.claim(two)]
    late = house.decide("cem")
    assert house.live("ovens") == [0]
    house.redeem(claims[0])
    assert house.live("ovens") == [1]
    assert house.names("dan") == []
    denied = house.claim(late)
    assert (denied.granted, denied.reason.name) == (False, "CAPACITY_EXHAUSTED")
    with refused(Code.TOO_LATE) as found:
        house.redeem(claims[1])
    assert "expired" not in found.value.message


def test_redeemed_goes_back_by_release(lone_house):
    lone_house.rules(PIZZA, capacity(counts="redeemed", limit=1))
    claim = lone_house.claim(lone_house.decide())
    lone_house.redeem(claim)
    lone_house.release(claim)
    assert lone_house.live("ovens") == [0]
    assert lone_house.names() == ["pizza"]


def test_rejected_is_spent_by_the_outcome_and_does_not_go_back(house):
    house.rules(PIZZA, cap(counts="rejected", limit=2))
    first, second = house.decide(), house.decide()
    house.report(first, "REJECTED")
    assert house.names() == ["pizza"]
    house.report(second, "REJECTED")
    assert house.names() == []
    house.report(second, "RELEASED")
    assert house.live("cap") == [2]
    assert house.after(400 * DAY).names() == []


def test_a_redemption_counts_though_it_was_rejected_before(lone_house):
    lone_house.rules(PIZZA, cap(counts="rejected", limit=9), capacity())
    assert all(lone_house.report(lone_house.decide(), "REJECTED", "REDEEMED"))
    assert lone_house.live("cap", "ovens") == [1, 1]
