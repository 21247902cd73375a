"""The confidence sequence against the integral it comes from, and against what it promises."""

import numpy as np
import pytest
from scipy.integrate import quad

from maitred.insights.sequences import boundary, difference_sequence, last_of, mixture_log, running, tuned

ALPHA = 0.05
EXPERIMENTS, PERSONS = 1_000, 1_500


def simulated(seed, rate, other, share, experiments=EXPERIMENTS, persons=PERSONS):
    """Outcomes and arms of experiments side by side."""
    rng = np.random.default_rng(seed)
    treated = rng.random((experiments, persons)) < share
    outcomes = rng.random((experiments, persons)) < np.where(treated, rate, other)
    return outcomes.astype(float), treated


@pytest.mark.parametrize(
    ("rate", "other", "share"), [(0.1, 0.1, 0.5), (0.4, 0.3, 0.5), (0.05, 0.02, 0.2), (0.5, 0.5, 0.9)]
)
def test_all_intervals_of_an_experiment_hold_at_once_at_least_as_often_as_promised(rate, other, share):
    """Looked at after every person of 1,000 experiments."""
    outcomes, treated = simulated(1, rate, other, share)
    interval = difference_sequence(outcomes, treated, share, ALPHA)
    difference = rate - other
    holds = ((interval.lower <= difference) & (difference <= interval.upper)).all(axis=1)
    assert holds.mean() >= 1 - ALPHA


def test_a_fixed_interval_looked_at_again_and_again_would_be_wrong_far_more_often():
    outcomes, treated = simulated(2, 0.3, 0.3, 0.5)
    one, none = (np.cumsum(np.where(chosen, outcomes, 0.0), axis=1) for chosen in (treated, ~treated))
    counts, others = np.cumsum(treated, axis=1), np.cumsum(~treated, axis=1)
    start = 100
    rates = one[:, start:] / counts[:, start:], none[:, start:] / others[:, start:]
    deviation = np.sqrt(
        rates[0] * (1 - rates[0]) / counts[:, start:] + rates[1] * (1 - rates[1]) / others[:, start:]
    )
    wrong = (np.abs(rates[0] - rates[1]) > 1.96 * deviation).any(axis=1).mean()
    interval = difference_sequence(outcomes, treated, 0.5, ALPHA)
    assert wrong > 3 * ALPHA > ALPHA >= ((interval.lower > 0) | (interval.upper < 0)).any(axis=1).mean()


def test_no_uplift_is_seen_in_a_a_over_a_hundred_salts():
    outcomes, treated = simulated(3, 0.2, 0.2, 0.5, 100, 5_000)
    interval = difference_sequence(outcomes, treated, 0.5, ALPHA)
    assert ((interval.lower > 0) | (interval.upper < 0)).any(axis=1).sum() <= 5


def test_an_uplift_of_a_twentieth_is_found():
    """30 % that become 31.5 %, in as many persons as a chain sees in a month."""
    for seed in range(5):
        outcomes, treated = simulated(seed, 0.315, 0.3, 0.5, 1, 150_000)
        interval = running(difference_sequence(outcomes, treated, 0.5, ALPHA))
        assert interval.lower[0, -1] > 0


def test_arms_that_came_one_after_the_other_say_nothing():
    """Nobody did anything; as if drawn at random, intervals of the first and of all would contradict."""
    treated = np.arange(610) < 300
    sequence = difference_sequence(np.zeros(610), treated, 0.5, ALPHA)
    assert running(sequence).lower[-1] > running(sequence).upper[-1]
    assert last_of(sequence, -1, 1) == (-1, 1)
    outcomes, drawn = simulated(4, 0.4, 0.3, 0.5, 1, 2_000)
    sequence = difference_sequence(outcomes[0], drawn[0], 0.5, ALPHA)
    assert last_of(sequence, -1, 1) == (running(sequence).lower[-1], running(sequence).upper[-1])
    assert last_of(sequence, 0.09, 0.11) == (0.09, 0.11)


@pytest.mark.parametrize(("total", "variance"), [(0.0, 0.0), (5.0, 20.0), (40.0, 300.0), (120.0, 4_000.0)])
def test_the_mixture_is_the_integral_it_stands_for(total, variance):
    """exp(l s - psi(l) v) over l, weighted by the truncated gamma density that makes it solvable."""
    scale, rho = 4.0, tuned(ALPHA, 100.0)

    def psi(rate):
        return (-np.log(1 - scale * rate) - scale * rate) / scale**2

    def weight(rate):
        return np.exp(-rho * psi(rate)) / (1 - scale * rate)

    def integrand(rate):
        return np.exp(rate * total - psi(rate) * variance) * weight(rate)

    top = 1 / scale
    (whole, _), (mixed, _) = quad(weight, 0, top), quad(integrand, 0, top)
    computed = mixture_log(np.array(total), np.array(variance), scale, rho)
    assert computed == pytest.approx(np.log(mixed / whole), abs=1e-6)


def test_the_boundary_is_where_the_mixture_reaches_its_bound():
    variances = np.geomspace(0.5, 1e6, 301)
    bounds = boundary(variances, 4.0, ALPHA)
    reached = mixture_log(bounds, variances, 4.0, tuned(ALPHA))
    assert (reached >= np.log(1 / ALPHA)).all()
    assert (np.diff(bounds) > 0).all()
    assert (mixture_log(bounds * 0.999, variances, 4.0, tuned(ALPHA)) < np.log(1 / ALPHA)).all()


def test_an_experiment_of_few_or_of_nothing_but_zeros_has_an_interval_all_the_same():
    interval = difference_sequence(np.zeros(3), np.array([True, False, True]), 0.5, ALPHA)
    assert (interval.lower == -1).all()
    assert (interval.upper == 1).all()
    long = difference_sequence(np.zeros(20_000), np.arange(20_000) % 2 == 0, 0.5, ALPHA)
    assert -0.01 < long.lower[-1] < 0 < long.upper[-1] < 0.01
