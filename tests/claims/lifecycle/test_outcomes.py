"""Outcomes: in any order, in one call and in many, once each."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from tests.claims.harness import MINUTE, refused
from tests.rules import action, cap, capacity

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
    # Who redeems after a release takes anew what the decision had spent.
    return [int(redeemed_since or not gone), 1, int(redeemed_since), int(redeemed_since), 0]


@pytest.mark.parametrize("together", [True, False])
def test_in_any_order_in_one_call_or_in_many_the_same_is_counted(sqlite_harness, together):
    sqlite_harness.rules(PIZZA, *LIMITS)
    before = [0] * len(NAMES)
    for number, kinds in enumerate(permutations(KINDS)):
        sqlite_harness.rules(PIZZA, *(limit.replace("limit: 9", "limit: 999") for limit in LIMITS))
        decided = sqlite_harness.decide(f"c-{number}")
        reports = [kinds] if together else [[kind] for kind in kinds]
        assert all(all(sqlite_harness.report(decided, *report)) for report in reports), kinds
        after = sqlite_harness.live(*NAMES)
        assert [now - then for now, then in zip(after, before, strict=True)] == expected(kinds), kinds
        before = after


def test_the_same_outcome_again_counts_once_and_has_the_same_answer(harness):
    harness.rules(PIZZA, *LIMITS)
    decided = harness.decide()
    outcomes = [harness.outcome(decided, kind) for kind in ("PRESENTED", "REDEEMED", "REJECTED")]
    first = harness.record(*outcomes)
    assert harness.record(*reversed(outcomes)) == first[::-1]
    assert harness.record(*outcomes, *outcomes) == [*first, *first]
    assert harness.live(*NAMES) == [1, 1, 1, 1, 1], "what was redeemed is not given back by a rejection"


def test_a_redemption_reported_twice_under_two_ids_counts_once(harness):
    harness.rules(PIZZA, *LIMITS)
    decided = harness.decide()
    assert harness.report(decided, "REDEEMED", "REDEEMED") == [True, True]
    assert harness.report(decided, "REDEEMED") == [True]
    assert harness.live(*NAMES) == [1, 1, 1, 1, 0]


def test_what_was_released_may_be_redeemed_again(sqlite_harness):
    sqlite_harness.rules(PIZZA, *LIMITS)
    decided = sqlite_harness.decide()
    sqlite_harness.report(decided, "REDEEMED", "RELEASED", "REDEEMED")
    assert sqlite_harness.live("claimed", "redeemed") == [1, 1]
    sqlite_harness.report(decided, "RELEASED")
    assert sqlite_harness.live("claimed", "redeemed") == [0, 0]


def test_one_id_for_two_things_is_refused_and_the_others_stand(sqlite_harness):
    sqlite_harness.rules(PIZZA, *LIMITS)
    decided = sqlite_harness.decide()
    sqlite_harness.record(sqlite_harness.outcome(decided, "PRESENTED", outcome_id="o"))
    with refused(Code.OTHER_CONTENT):
        sqlite_harness.record(
            sqlite_harness.outcome(decided, "REDEEMED"),
            sqlite_harness.outcome(decided, "REJECTED", outcome_id="o"),
        )
    assert sqlite_harness.live(*NAMES) == [1, 1, 1, 1, 0]


def test_nothing_is_taken_up_where_one_is_of_an_unknown_proposal(sqlite_harness):
    sqlite_harness.rules(PIZZA, *LIMITS)
    decided = sqlite_harness.decide()
    with refused(Code.NOT_FOUND) as error:
        sqlite_harness.record(
            sqlite_harness.outcome(decided, "REDEEMED"),
            sqlite_harness.outcome(decided, "REDEEMED", action="x"),
        )
    assert error.value.message == "`outcomes[1]`: the decision did not propose this action"
    with refused(Code.NOT_FOUND) as error:
        sqlite_harness.record(replace(sqlite_harness.outcome(decided, "REDEEMED"), decision_id="00" * 16))
    assert error.value.message == "`outcomes[0]`: no such decision"
    assert sqlite_harness.live("redeemed") == [0]


def test_an_outcome_redeems_the_claim_that_is_open(harness):
    harness.rules(PIZZA, *LIMITS)
    decided = harness.decide()
    claim = harness.claim(decided)
    assert harness.report(decided, "REDEEMED") == [True]
    with refused(Code.TOO_LATE):
        harness.redeem(claim)
    assert harness.live("claimed", "redeemed") == [1, 1]
    harness.release(claim)
    assert harness.live(*NAMES) == [0, 0, 0, 0, 0]


def test_after_a_redemption_by_call_the_outcome_changes_nothing(sqlite_harness):
    sqlite_harness.rules(PIZZA, *LIMITS)
    decided = sqlite_harness.decide()
    sqlite_harness.redeem(sqlite_harness.claim(decided))
    assert sqlite_harness.report(decided, "PRESENTED", "REDEEMED") == [True, True]
    assert sqlite_harness.live(*NAMES) == [1, 1, 1, 1, 0]


def test_a_redemption_without_a_unit_left_is_told_and_not_counted(harness):
    harness.rules(PIZZA, capacity())
    first, second = harness.decide(), harness.decide("bob")
    harness.claim(first)
    (answer,) = harness.record(harness.outcome(second, "REDEEMED"))
    assert (answer.recorded, answer.detail) == (False, "`pizza` has no unit left (ovens)")
    assert harness.report(second, "RELEASED") == [True]
    assert harness.live("ovens") == [1]


def test_a_redemption_counts_after_a_presentation_beyond_the_limit(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap(hold="5m"), capacity(limit=9))
    first = sqlite_harness.decide()
    sqlite_harness.after(6 * MINUTE)
    second = sqlite_harness.decide()
    assert sqlite_harness.report(second, "PRESENTED") == [True]
    presented, redeemed = sqlite_harness.record(
        sqlite_harness.outcome(first, "PRESENTED"), sqlite_harness.outcome(first, "REDEEMED")
    )
    assert (presented.recorded, presented.detail) == (True, "counted beyond the limit `cap`")
    assert redeemed.recorded
    assert sqlite_harness.live("cap", "ovens") == [2, 1]


def test_outcomes_count_at_their_simulated_instant(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap(hold="10m"))
    then = sqlite_harness.now.replace(year=2020)
    decided = sqlite_harness.decide(at=then)
    outcome = sqlite_harness.outcome(decided, "PRESENTED")
    sqlite_harness.engine.claimer.record_outcomes(OutcomesCall((outcome,), at=then + MINUTE))
    assert sqlite_harness.names(at=then + 60 * MINUTE) == []


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
def test_an_outcome_at_an_impossible_time_is_refused_with_words(harness, apart, words):
    """It is reported an hour after its decision."""
    harness.rules(PIZZA, cap(limit=9))
    decided = harness.decide()
    outcome = harness.outcome(decided, "PRESENTED", outcome_id="o", at=harness.now + apart)
    harness.after(60 * MINUTE)
    (answer,) = harness.record(outcome)
    assert (answer.recorded, words or "") == (words is None, words or "")
    assert (words or "") in answer.detail
    assert harness.record(outcome) == [answer]
    # Another one is taken up all the same.
    assert harness.report(decided, "PRESENTED") == [True]
