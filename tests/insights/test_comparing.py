from collections import Counter

import numpy as np
import pytest

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.engine.operating.gathering import Gathered, Participant
from maitred.engine.operating.results import PERSONS_MIN
from maitred.insights.comparing import compare

HALVES = {"control": 1.0, "loud": 1.0}


def person(arm, number, *, reached=False, before=0, segment="", refused=""):
    outcomes = {OutcomeKind.ACCEPTED} if reached else set()
    counted = Counter([refused] if refused else [])
    return Participant(arm, number, b"c", 2, segment, counted, outcomes, reached, before)


def crowd(rates, persons=2_000, seed=1, *, history=False, segments=("",), weights=None):
    """Persons of arms whose goal is reached at these rates, more often by those who reached it before."""
    rng = np.random.default_rng(seed)
    names = list(rates)
    arms = rng.choice(names, persons, p=[(weights or {}).get(name, 1 / len(names)) for name in names])
    keen = rng.random(persons) < 0.5
    people = []
    for number, (arm, is_keen) in enumerate(zip(arms, keen, strict=True)):
        rate = rates[arm] * (1.6 if is_keen else 0.4) if history else rates[arm]
        before = int(is_keen) if history else 0
        segment = segments[number % len(segments)]
        people.append(
            person(str(arm), number, reached=bool(rng.random() < rate), before=before, segment=segment)
        )
    return Gathered(people, 3, 1, ("hash",))


def test_arms_are_counted_and_compared():
    comparison = compare("words", "accepted", crowd({"control": 0.2, "loud": 0.35}), HALVES, "control")
    assert [arm.name for arm in comparison.arms] == ["control", "loud"]
    assert sum(arm.persons for arm in comparison.arms) == 2_000
    assert all(arm.decisions == 2 * arm.persons for arm in comparison.arms)
    assert all(arm.outcomes == {"accepted": arm.reached} for arm in comparison.arms)
    (loud,) = comparison.comparisons
    assert loud.arm == "loud"
    assert loud.difference == pytest.approx(comparison.arms[1].rate - comparison.arms[0].rate)
    assert loud.always.lower < loud.fixed.lower < 0.15 < loud.fixed.upper < loud.always.upper
    assert loud.fixed.excludes_zero
    assert loud.p_value < 1e-6
    assert not comparison.is_mismatched
    assert (comparison.early, comparison.switched) == (3, 1)


def test_traffic_that_a_limit_refused_is_told_apart():
    people = [person("loud", 1, refused="FREQUENCY_CAPPED"), person("loud", 2, refused="PACED")]
    people += [person("loud", 3), person("control", 4)]
    comparison = compare("words", "accepted", Gathered(people, 0, 0, ()), HALVES, "control")
    assert comparison.arms[1].refused == {"FREQUENCY_CAPPED": 1, "PACED": 1}
    assert comparison.arms[0].refused == {}


def test_what_persons_did_before_makes_the_interval_narrower():
    comparison = compare(
        "words", "accepted", crowd({"control": 0.4, "loud": 0.5}, history=True), HALVES, "control"
    )
    adjusted = comparison.comparisons[0].adjusted
    assert adjusted.variance_saved > 0.1
    fixed = comparison.comparisons[0].fixed
    assert adjusted.interval.upper - adjusted.interval.lower < fixed.upper - fixed.lower
    assert adjusted.interval.lower < 0.1 < adjusted.interval.upper
    without = compare("words", "accepted", crowd({"control": 0.4, "loud": 0.5}), HALVES, "control")
    assert without.comparisons[0].adjusted is None


def test_shares_that_are_wrong_are_told():
    skewed = crowd({"control": 0.2, "loud": 0.2}, weights={"control": 0.55, "loud": 0.45})
    assert compare("words", "accepted", skewed, HALVES, "control").is_mismatched
    right = compare("words", "accepted", skewed, {"control": 55.0, "loud": 45.0}, "control")
    assert not right.is_mismatched


def test_looking_at_many_segments_is_corrected_for():
    """Twenty segments without an effect: uncorrected one of them would be told as one."""
    segments = [f"s-{number:02}" for number in range(20)]
    rates = {"control": 0.3, "loud": 0.3}
    false_alarms = 0
    for seed in range(5):
        comparison = compare(
            "words", "accepted", crowd(rates, 8_000, seed, segments=segments), HALVES, "control"
        )
        assert set(comparison.segments) == set(segments)
        false_alarms += any(result.p_value < 0.05 for (result,) in comparison.segments.values())
    assert false_alarms <= 1


def test_a_segment_of_few_is_not_compared():
    people = crowd({"control": 0.3, "loud": 0.3}, 400, segments=["large"]).people
    few = [person("loud", 1, segment="small") for _ in range(PERSONS_MIN - 1)]
    comparison = compare("words", "accepted", Gathered([*people, *few], 0, 0, ()), HALVES, "control")
    assert set(comparison.segments) == {"large"}


@pytest.mark.parametrize("people", [[], [person("loud", 1)], [person("loud", 1), person("control", 2)]])
def test_nobody_or_few_are_no_fault(people):
    comparison = compare("words", "accepted", Gathered(people, 0, 0, ()), HALVES, "control")
    assert [arm.persons for arm in comparison.arms] == [
        sum(item.arm == name for item in people) for name in HALVES
    ]
    assert all(not item.always.excludes_zero for item in comparison.comparisons)


def test_several_arms_are_compared_with_one_control_and_corrected():
    rates = {"a": 0.2, "b": 0.2, "control": 0.2, "loud": 0.4}
    weights = dict.fromkeys(rates, 1.0)
    comparison = compare("words", "accepted", crowd(rates, 4_000), weights, "control")
    by_arm = {result.arm: result for result in comparison.comparisons}
    assert set(by_arm) == {"a", "b", "loud"}
    assert by_arm["loud"].p_value < 0.001 < by_arm["a"].p_value
