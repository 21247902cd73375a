"""What counts: every row of the table in docs/rule-files.md."""

from datetime import timedelta

import pytest
from tests.claims.harness import DAY, MINUTE, refused
from tests.rules import action, cap, capacity

from maitred.engine.errors import Code

PIZZA = action("pizza")


def test_decided_is_spent_by_decide_and_does_not_expire(harness):
    harness.rules(PIZZA, cap(counts="decided"))
    decided = harness.decide()
    assert [proposal.action for proposal in decided.proposals] == ["pizza"]
    assert harness.names() == []
    assert harness.after(400 * DAY).names() == []
    assert harness.sees("bob") == ["pizza"]


@pytest.mark.parametrize(
    "kinds", [["RELEASED"], ["REJECTED"], ["PRESENTED", "RELEASED"], ["PRESENTED", "REJECTED"]]
)
def test_decided_goes_back_by_release_or_rejection(sqlite_harness, kinds):
    sqlite_harness.rules(PIZZA, cap(counts="decided"))
    decided = sqlite_harness.decide()
    assert all(sqlite_harness.report(decided, *kinds))
    assert sqlite_harness.live("cap") == [0]
    assert sqlite_harness.names() == ["pizza"]


def test_decided_holds_nothing_that_could_expire(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap(counts="decided"))
    (proposal,) = sqlite_harness.decide().proposals
    assert proposal.hold_expires_at is None


def test_decided_does_not_shorten_the_hold_of_presented(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap(counts="decided", limit=9, hold="1m"), cap("seen", hold="1h"))
    (proposal,) = sqlite_harness.decide().proposals
    assert proposal.hold_expires_at == sqlite_harness.now + 60 * MINUTE


def test_presented_is_held_by_decide_and_goes_back_by_expiry(harness):
    harness.rules(PIZZA, capacity(counts="presented", hold="10m"))
    decided = harness.decide()
    assert decided.proposals[0].hold_expires_at == harness.now + 10 * MINUTE
    assert harness.names("bob") == []
    harness.after(10 * MINUTE - timedelta(microseconds=1))
    assert harness.names("bob") == []
    harness.after(timedelta(microseconds=1))
    assert harness.names("bob") == ["pizza"]


@pytest.mark.parametrize("kind", ["PRESENTED", "ACCEPTED", "REDEEMED"])
def test_presented_is_spent_by_presented_and_anything_after_it(sqlite_harness, kind):
    sqlite_harness.rules(PIZZA, cap(hold="10m"))
    decided = sqlite_harness.decide()
    assert sqlite_harness.report(decided, kind) == [True]
    assert sqlite_harness.after(DAY).names() == []


def test_presented_is_spent_by_a_claim(harness):
    harness.rules(PIZZA, cap(hold="10m"))
    assert harness.claim(harness.decide()).granted
    assert harness.after(DAY).names() == []


@pytest.mark.parametrize("kinds", [["REJECTED"], ["RELEASED"]])
def test_presented_goes_back_by_rejection_and_by_release_before_it(sqlite_harness, kinds):
    sqlite_harness.rules(PIZZA, cap())
    assert all(sqlite_harness.report(sqlite_harness.decide(), *kinds))
    assert sqlite_harness.live("cap") == [0]


@pytest.mark.parametrize("kind", ["REJECTED", "RELEASED"])
def test_presented_stays_spent_whatever_comes_after_the_report(sqlite_harness, kind):
    sqlite_harness.rules(PIZZA, cap())
    assert all(sqlite_harness.report(sqlite_harness.decide(), "PRESENTED", kind))
    assert sqlite_harness.live("cap") == [1]


def test_a_cancelled_order_does_not_burn_the_cap(harness):
    harness.rules(PIZZA, cap())
    claim = harness.claim(harness.decide())
    harness.redeem(claim)
    assert harness.names() == []
    harness.release(claim, cause="order failed")
    assert harness.names() == ["pizza"]


def test_a_release_gives_back_what_the_claim_spent_only_where_no_presentation_was_reported(harness):
    harness.rules(PIZZA, cap(limit=9))
    before, after, never = harness.decide(), harness.decide(), harness.decide()
    harness.report(before, "PRESENTED")
    claims = [harness.claim(decided) for decided in (before, after, never)]
    harness.report(after, "PRESENTED")
    assert harness.live("cap") == [3]
    for claim in claims:
        harness.release(claim)
    assert harness.live("cap") == [2]


def test_claimed_is_only_looked_at_by_decide(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity())
    decided, other = sqlite_harness.decide(), sqlite_harness.decide("bob")
    assert sqlite_harness.live("ovens") == [0]
    assert decided.proposals[0].hold_expires_at is None
    assert sqlite_harness.claim(decided).granted
    assert sqlite_harness.names("cem") == []
    assert not sqlite_harness.claim(other).granted


def test_claimed_is_held_by_claim_and_goes_back_by_expiry(harness):
    harness.rules(PIZZA, capacity(hold="5m"))
    claim = harness.claim(harness.decide())
    assert claim.expires_at == harness.now + 5 * MINUTE
    assert harness.after(4 * MINUTE).names("bob") == []
    assert harness.after(MINUTE).claim_after_sweep("bob").granted


def test_claimed_is_spent_by_redeem(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity(hold="5m"))
    sqlite_harness.redeem(sqlite_harness.claim(sqlite_harness.decide()))
    assert sqlite_harness.after(DAY).names("bob") == []


@pytest.mark.parametrize("redeemed", [False, True])
def test_claimed_goes_back_by_release(sqlite_harness, redeemed):
    sqlite_harness.rules(PIZZA, capacity())
    claim = sqlite_harness.claim(sqlite_harness.decide())
    if redeemed:
        sqlite_harness.redeem(claim)
    sqlite_harness.release(claim)
    assert sqlite_harness.live("ovens") == [0]
    assert sqlite_harness.claim(sqlite_harness.decide("bob")).granted


def test_redeemed_is_spent_by_redeem_and_before_that_only_looked_at(harness):
    harness.rules(PIZZA, capacity(counts="redeemed", limit=1))
    one, two = harness.decide(), harness.decide("bob")
    claims = [harness.claim(one), harness.claim(two)]
    late = harness.decide("cem")
    assert harness.live("ovens") == [0]
    harness.redeem(claims[0])
    assert harness.live("ovens") == [1]
    assert harness.names("dan") == []
    denied = harness.claim(late)
    assert (denied.granted, denied.reason.name) == (False, "CAPACITY_EXHAUSTED")
    with refused(Code.TOO_LATE) as error:
        harness.redeem(claims[1])
    assert "expired" not in error.value.message


def test_redeemed_goes_back_by_release(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity(counts="redeemed", limit=1))
    claim = sqlite_harness.claim(sqlite_harness.decide())
    sqlite_harness.redeem(claim)
    sqlite_harness.release(claim)
    assert sqlite_harness.live("ovens") == [0]
    assert sqlite_harness.names() == ["pizza"]


def test_rejected_is_spent_by_the_outcome_and_does_not_go_back(harness):
    harness.rules(PIZZA, cap(counts="rejected", limit=2))
    first, second = harness.decide(), harness.decide()
    harness.report(first, "REJECTED")
    assert harness.names() == ["pizza"]
    harness.report(second, "REJECTED")
    assert harness.names() == []
    harness.report(second, "RELEASED")
    assert harness.live("cap") == [2]
    assert harness.after(400 * DAY).names() == []


def test_a_redemption_counts_though_it_was_rejected_before(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap(counts="rejected", limit=9), capacity())
    assert all(sqlite_harness.report(sqlite_harness.decide(), "REJECTED", "REDEEMED"))
    assert sqlite_harness.live("cap", "ovens") == [1, 1]
