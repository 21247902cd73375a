"""Guards by simulation: harm ends a rollout within its horizon, and what is no harm does not."""

import random
from datetime import timedelta
from fractions import Fraction
from math import comb, exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.rules.guards import ALPHA, Boundary, breach_words, evidence
from maitred.core.rules.ruleset import Direction, Guard

SEEDS, PERSONS = 100, 1_500
"""The persons of a ramp's horizon."""


def guard(direction=Direction.ABOVE, threshold=20):
    return Guard("rejected", direction, Fraction(threshold), timedelta(days=28), timedelta(days=1))


def ended_at(watching, rate, seed):
    """After how many persons the guard ends it, looked at after each; ``None`` where it never does."""
    rng, reached, boundary = random.Random(seed), 0, Boundary.of(watching)
    for persons in range(1, PERSONS + 1):
        reached += rng.random() < rate
        if boundary.is_crossed(reached, persons):
            return persons
    return None


def test_a_planted_harm_ends_a_rollout_within_its_horizon():
    """26 % reject where 20 % may."""
    ended = [ended_at(guard(), 0.26, seed) for seed in range(SEEDS)]
    assert sum(end is not None for end in ended) >= 95


def test_a_rate_at_the_threshold_ends_no_more_rollouts_than_alpha_says():
    ended = [ended_at(guard(), 0.2, seed) for seed in range(SEEDS)]
    assert sum(end is not None for end in ended) <= ALPHA * SEEDS


def test_what_is_better_than_the_threshold_ends_nothing():
    assert not any(ended_at(guard(), 0.1, seed) for seed in range(SEEDS))
    assert not any(ended_at(guard(Direction.BELOW, 5), 0.1, seed) for seed in range(SEEDS))


def test_too_little_is_harm_as_well():
    ended = [ended_at(guard(Direction.BELOW, 20), 0.14, seed) for seed in range(SEEDS)]
    assert sum(end is not None for end in ended) >= 95


@pytest.mark.parametrize("persons", [1, 2, 10, 40])
@pytest.mark.parametrize("rate", [0.01, 0.2, 0.5, 0.99])
def test_the_martingale_has_a_mean_of_one(persons, rate):
    mean = sum(
        comb(persons, reached)
        * rate**reached
        * (1 - rate) ** (persons - reached)
        * exp(evidence(reached, persons, rate))
        for reached in range(persons + 1)
    )
    assert mean == pytest.approx(1)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 99))
def test_the_two_directions_are_never_both_harm(reached, others, threshold):
    persons = reached + others
    sides = [Boundary.of(guard(side, threshold)).is_crossed(reached, persons) for side in Direction]
    assert not all(sides)


def test_nobody_is_no_harm():
    assert not any(Boundary.of(guard(side)).is_crossed(0, 0) for side in Direction)


def test_the_words_name_what_was_seen_and_what_may_be():
    assert breach_words(guard(), 52, 160) == "rejected by 52 of 160 persons (32.5 %), more than 20 %"
