"""Nobody gets more than the rules give by going in circles of claims, releases, rejections and reports."""

from pathlib import Path

import pytest
from tests.claims.harness import DAY, MINUTE, refused
from tests.rules import action, cap, capacity

from maitred.engine.errors import Code
from maitred.rulefiles import read_sources

STARTER = Path(__file__).parents[3] / "rules" / "starter"
PIZZA = action("pizza")
SHORT = capacity(limit=9, hold="5m")
ROUNDS = 4
EXPIRED = 6 * MINUTE


def claimed_again_after_release(harness, decided):
    harness.release(harness.claim(decided))
    harness.redeem(harness.claim(decided))


def claimed_after_rejection(harness, decided):
    harness.report(decided, "REJECTED")
    harness.redeem(harness.claim(decided))


def rejected_after_redemption(harness, decided):
    harness.redeem(harness.claim(decided))
    harness.report(decided, "REJECTED")


def claimed_under_a_later_decision(harness, decided):
    claim = harness.claim(decided)
    later = harness.decide(claims=(claim.claim_id,))
    harness.release(claim)
    harness.redeem(harness.claim(later))


def redeemed_late_after_rejection(harness, decided):
    claim = harness.claim(decided)
    harness.after(EXPIRED)
    harness.report(decided, "REJECTED")
    harness.redeem(claim)


def redeemed_after_release_of_what_it_replaced(harness, decided):
    first = harness.claim(decided)
    harness.after(EXPIRED)
    second = harness.claim(decided)
    harness.release(first)
    harness.redeem(second)


def redeemed_late_after_release_of_what_replaced_it(harness, decided):
    first = harness.claim(decided)
    harness.after(EXPIRED)
    harness.release(harness.claim(decided))
    harness.redeem(first)


def redeemed_late_after_release_of_another_expired_one(harness, decided):
    first = harness.claim(decided)
    harness.after(EXPIRED)
    second = harness.claim(decided)
    harness.after(EXPIRED)
    harness.release(first)
    harness.redeem(second)


def reported_redeemed_after_release(harness, decided):
    harness.release(harness.claim(decided))
    assert harness.report(decided, "REDEEMED") == [True]


def reported_redeemed_late_after_rejection(harness, decided):
    harness.claim(decided)
    harness.after(EXPIRED)
    harness.report(decided, "REJECTED")
    assert harness.report(decided, "REDEEMED") == [True]


WAYS = (
    claimed_again_after_release,
    claimed_after_rejection,
    rejected_after_redemption,
    claimed_under_a_later_decision,
    redeemed_late_after_rejection,
    redeemed_after_release_of_what_it_replaced,
    redeemed_late_after_release_of_what_replaced_it,
    redeemed_late_after_release_of_another_expired_one,
    reported_redeemed_after_release,
    reported_redeemed_late_after_rejection,
)


def rounds(harness, way):
    """How often something was redeemed before nothing was proposed or granted any more."""
    for done in range(ROUNDS):
        decided = harness.decide()
        if not decided.proposals:
            return done
        way(harness, decided)
    return ROUNDS


@pytest.mark.parametrize("counts", ["decided", "presented", "claimed", "redeemed"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_one_unit_is_one_redemption_whatever_the_way(harness, way, counts):
    harness.rules(PIZZA, SHORT, cap("once", counts=counts, limit=1, hold="5m"))
    assert rounds(harness, way) == 1
    assert harness.live("once") == [1]


@pytest.mark.parametrize("counts", ["decided", "presented"])
def test_what_is_taken_anew_must_be_there(harness, counts):
    harness.rules(PIZZA, SHORT, capacity("one", counts=counts, limit=1, hold="20m"))
    decided = harness.decide()
    claim = harness.claim(decided)
    harness.after(EXPIRED)
    second = harness.claim(decided)
    harness.release(second)
    if counts == "presented":
        harness.release(claim)
    assert harness.live("one") == [0]
    assert harness.decide("bob").proposals
    denied = harness.claim(decided)
    assert denied.reason.name == "CAPACITY_EXHAUSTED"
    with refused(Code.TOO_LATE):
        harness.redeem(claim)
    assert harness.report(decided, "REDEEMED") == [False]
    assert harness.live("one") == [1]


def test_what_was_decided_in_the_window_before_is_not_counted_again(harness):
    harness.rules(PIZZA, cap("daily", counts="decided", window="{calendar: day}"))
    decided = harness.at(harness.now.replace(hour=23, minute=59)).decide()
    harness.after(2 * MINUTE)
    claim = harness.claim(decided)
    assert harness.live("daily") == [0]
    harness.release(claim)
    assert harness.claim(decided).granted
    assert harness.live("daily") == [1]


STAND_IN = (
    action("pizza", score=2, alternatives="[bread]"),
    action("bread", stand_in_only="true"),
    capacity(applies_to="{actions: [pizza]}", limit=1),
)


def sold_out(harness, *limits):
    """Two decisions that propose pizza, of which one has taken the last."""
    harness.rules(*STAND_IN, *limits)
    late, first = harness.decide("ann"), harness.decide("bob")
    assert harness.claim(first).granted
    return late


@pytest.mark.parametrize("counts", ["decided", "presented", "claimed"])
def test_a_stand_in_has_the_place_and_what_is_held_for_it(harness, counts):
    late = sold_out(harness, cap("weekly", counts=counts))
    denied = harness.claim(late)
    assert [proposal.action for proposal in denied.alternatives] == ["bread"]
    claim = harness.claim(late, "bread")
    assert claim.granted
    assert harness.live("weekly") == [2], "one each of ann and bob"
    harness.release(claim)
    assert harness.live("weekly") == [1]
    assert harness.claim(late, "bread").granted
    assert harness.live("weekly") == [2]


@pytest.mark.parametrize("counts", ["decided", "presented", "claimed", "redeemed"])
def test_a_stand_in_takes_its_own_units_and_is_not_named_without_them(harness, counts):
    harness.rules(*STAND_IN, capacity("loaves", applies_to="{actions: [bread]}", counts=counts, limit=1))
    decided = [harness.decide(name) for name in ("ann", "bob", "cem")]
    assert harness.claim(decided[0]).granted
    assert [proposal.action for proposal in harness.claim(decided[1]).alternatives] == ["bread"]
    harness.redeem(harness.claim(decided[1], "bread"))
    assert harness.live("loaves") == [1]
    assert harness.claim(decided[2]).alternatives == ()
    assert harness.claim(decided[2], "bread").reason.name == "CAPACITY_EXHAUSTED"


def test_a_stand_in_that_was_rejected_as_often_as_may_be_is_denied(harness):
    late = sold_out(harness, cap("no-more", applies_to="{actions: [bread]}", counts="rejected", limit=1))
    other = harness.decide("ann", max_actions=2)
    harness.report(other, "REJECTED", action="bread")
    assert harness.claim(late).alternatives == ()
    assert harness.claim(late, "bread").reason.name == "FREQUENCY_CAPPED"


def test_a_claim_in_the_place_keeps_what_its_decision_spent(harness):
    late = sold_out(harness, cap("weekly", counts="decided"))
    harness.claim(late)
    claim = harness.claim(late, "bread")
    harness.report(late, "REJECTED")
    assert harness.live("weekly") == [2]
    harness.redeem(claim)
    harness.report(late, "REJECTED")
    assert harness.names("ann") == []


def test_a_denied_retake_leaves_everything_as_it_was(harness):
    harness.rules(PIZZA, SHORT, capacity("one", counts="decided", limit=1))
    decided = harness.decide()
    harness.release(harness.claim(decided))
    other = harness.decide("bob")
    assert not harness.claim(decided).granted
    assert harness.live("one", "ovens") == [1, 0]
    harness.release(harness.claim(other))
    assert harness.claim(decided).granted


def test_the_starter_credit_is_paid_once_in_thirty_days_though_nobody_redeems_it(sqlite_harness):
    harness = sqlite_harness
    harness.engine.rulesets.activate(read_sources(STARTER), "a test")
    owed = {"customer": {"tier": "gold", "late_minutes": 120}}
    ask = {"channel": "call-center", "context": owed}
    call = harness.decide(**ask)
    assert harness.claim(call, "apology-credit").granted
    for _ in range(29):
        again = harness.after(DAY).decide(**ask)
        assert "apology-credit" not in [proposal.action for proposal in again.proposals]
    assert harness.after(DAY).names(**ask) == ["apology-credit"]
