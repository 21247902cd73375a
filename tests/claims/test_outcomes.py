"""Outcomes: in any order, in one call and in many, once each."""

from datetime import timedelta
from itertools import permutations

import pytest
from tests.claims.house import MINUTE, action, cap, capacity, refused

from maitred.engine.calls import OutcomesCall
from maitred.engine.errors import Code

PIZZA = action("pizza")
KINDS = ("PRESENTED", "ACCEPTED", "REDEEMED", "RELEASED")
LIMITS = (
    cap("seen", limit=9),
    cap("made", limit=9, counts="decided"),
    capacity("claimed", limit=9),
    capacity("redeemed", limit=9, counts="redeemed"),
    cap("rejected", limit=9, counts="rejected"),
)
NAMES = ("made", "seen", "claimed", "redeemed", "rejected")


def expected(kinds):
    """Units by limit, by the last of what moves them."""
    gone = "RELEASED" in kinds
    # Every presentation that is reported stays a fact, whatever is released before or after it.
    redeemed_since = "REDEEMED" in (kinds[kinds.index("RELEASED") :] if gone else kinds)
    return [int(not gone), 1, int(redeemed_since), int(redeemed_since), 0]


@pytest.mark.parametrize("together", [True, False])
def test_in_any_order_in_one_call_or_in_many_the_same_is_counted(lone_house, together):
    lone_house.rules(PIZZA, *LIMITS)
    before = [0] * len(NAMES)
    for number, kinds in enumerate(permutations(KINDS)):
        lone_house.rules(PIZZA, *(limit.replace("limit: 9", "limit: 999") for limit in LIMITS))
        decided = lone_house.decide(f"c-{number}")
        reports = [kinds] if together else [[kind] for kind in kinds]
        assert all(all(lone_house.report(decided, *report)) for report in reports), kinds
        after = lone_house.live(*NAMES)
        assert [now - then for now, then in zip(after, before, strict=True)] == expected(kinds), kinds
        before = after


def test_the_same_outcome_again_counts_once_and_has_the_same_answer(house):
    house.rules(PIZZA, *LIMITS)
    decided = house.decide()
    outcomes = [house.outcome(decided, kind) for kind in ("PRESENTED", "REDEEMED", "REJECTED")]
    first = house.record(*outcomes)
    assert house.record(*reversed(outcomes)) == first[::-1]
    assert house.record(*outcomes, *outcomes) == [*first, *first]
    assert house.live(*NAMES) == [0, 1, 1, 1, 1]


def test_a_redemption_reported_twice_under_two_ids_counts_once(house):
    house.rules(PIZZA, *LIMITS)
    decided = house.decide()
    assert house.report(decided, "REDEEMED", "REDEEMED") == [True, True]
    assert house.report(decided, "REDEEMED") == [True]
    assert house.live(*NAMES) == [1, 1, 1, 1, 0]


def test_what_was_released_may_be_redeemed_again(lone_house):
    lone_house.rules(PIZZA, *LIMITS)
    decided = lone_house.decide()
    lone_house.report(decided, "REDEEMED", "RELEASED", "REDEEMED")
    assert lone_house.live("claimed", "redeemed") == [1, 1]
    lone_house.report(decided, "RELEASED")
    assert lone_house.live("claimed", "redeemed") == [0, 0]


def test_one_id_for_two_things_is_refused_and_the_others_stand(lone_house):
    lone_house.rules(PIZZA, *LIMITS)
    decided = lone_house.decide()
    lone_house.record(lone_house.outcome(decided, "PRESENTED", outcome_id="o"))
    with refused(Code.OTHER_CONTENT):
        lone_house.record(
            lone_house.outcome(decided, "REDEEMED"), lone_house.outcome(decided, "REJECTED", outcome_id="o")
        )
    assert lone_house.live(*NAMES) == [1, 1, 1, 1, 0]


def test_nothing_is_taken_up_where_one_is_of_an_unknown_proposal(lone_house):
    lone_house.rules(PIZZA, *LIMITS)
    decided = lone_house.decide()
    with refused(Code.NOT_FOUND):
        lone_house.record(
            lone_house.outcome(decided, "REDEEMED"), lone_house.outcome(decided, "REDEEMED", action="x")
        )
    assert lone_house.live("redeemed") == [0]


def test_an_outcome_redeems_the_claim_that_is_open(house):
    house.rules(PIZZA, *LIMITS)
    decided = house.decide()
    claim = house.claim(decided)
    assert house.report(decided, "REDEEMED") == [True]
    with refused(Code.TOO_LATE):
        house.redeem(claim)
    assert house.live("claimed", "redeemed") == [1, 1]
    house.release(claim)
    assert house.live(*NAMES) == [0, 0, 0, 0, 0]


def test_after_a_redemption_by_call_the_outcome_changes_nothing(lone_house):
    lone_house.rules(PIZZA, *LIMITS)
    decided = lone_house.decide()
    lone_house.redeem(lone_house.claim(decided))
    assert lone_house.report(decided, "PRESENTED", "REDEEMED") == [True, True]
    assert lone_house.live(*NAMES) == [1, 1, 1, 1, 0]


def test_a_redemption_without_a_unit_left_is_told_and_not_counted(house):
    house.rules(PIZZA, capacity())
    first, second = house.decide(), house.decide("bob")
    house.claim(first)
    (answer,) = house.record(house.outcome(second, "REDEEMED"))
    assert (answer.recorded, answer.detail) == (False, "`pizza` has no unit left (ovens)")
    assert house.report(second, "RELEASED") == [True]
    assert house.live("ovens") == [1]


def test_a_redemption_counts_after_a_presentation_beyond_the_limit(lone_house):
    lone_house.rules(PIZZA, cap(hold="5m"), capacity(limit=9))
    first = lone_house.decide()
    lone_house.after(6 * MINUTE)
    second = lone_house.decide()
    assert lone_house.report(second, "PRESENTED") == [True]
    presented, redeemed = lone_house.record(
        lone_house.outcome(first, "PRESENTED"), lone_house.outcome(first, "REDEEMED")
    )
    assert (presented.recorded, presented.detail) == (True, "counted beyond the limit `cap`")
    assert redeemed.recorded
    assert lone_house.live("cap", "ovens") == [2, 1]


def test_outcomes_count_at_their_simulated_instant(lone_house):
    lone_house.rules(PIZZA, cap(hold="10m"))
    then = lone_house.now.replace(year=2020)
    decided = lone_house.decide(at=then)
    outcome = lone_house.outcome(decided, "PRESENTED")
    lone_house.engine.claimer.record_outcomes(OutcomesCall((outcome,), at=then + MINUTE))
    assert lone_house.names(at=then + 60 * MINUTE) == []


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("apart", "words"),
    [
        (-5 * MINUTE, None),
        (-5 * MINUTE - SECOND, "more than 5 minutes before its decision"),
        (timedelta(days=-9000), "before its decision"),
        (65 * MINUTE, None),
        (65 * MINUTE + SECOND, "more than 5 minutes ahead of the server's clock"),
        (timedelta(days=9000), "ahead of the server's clock"),
    ],
)
def test_an_outcome_at_an_impossible_time_is_refused_with_words(house, apart, words):
    """It is reported an hour after its decision."""
    house.rules(PIZZA, cap(limit=9))
    decided = house.decide()
    outcome = house.outcome(decided, "PRESENTED", outcome_id="o", at=house.now + apart)
    house.after(60 * MINUTE)
    (answer,) = house.record(outcome)
    assert (answer.recorded, words or "") == (words is None, words or "")
    assert (words or "") in answer.detail
    assert house.record(outcome) == [answer]
    # Another one is taken up all the same.
    assert house.report(decided, "PRESENTED") == [True]
