"""Confidence sequences: intervals that hold at every look, however often and for whatever reason one looks.

An interval of fixed horizon is right 95 times in 100 for who looks once, at the planned end. Who looks
daily and stops when it excludes zero is wrong far more often. A confidence sequence is a row of
intervals, one for each number of persons, that *all* hold at once 95 times in 100: stop at any of them.

The difference of two arms is a mean. Of each person, in order of exposure, comes the value

    z = m1 - m0 + (y - m1) / p  in the treated arm,    z = m1 - m0 - (y - m0) / (1 - p)  in the control,

where ``y`` in [0, 1] is what came of them, ``p`` the share of the treated among both, and ``m1`` and ``m0``
are the means of the arms over the persons *before*. Whatever those are, the expectation of ``z`` is the
difference: they only make it vary less (augmented inverse propensity weighting; Robins, Rotnitzky and Zhao
1994, sequentially Waudby-Smith et al. 2024, "Time-uniform central limit theory"). ``z`` lies in [-k, k] with
``k = max(1 / p, 1 / (1 - p))``.

The mean of bounded values has the empirical-Bernstein confidence sequence of Howard, Ramdas, McAuliffe and
Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic confidence sequences", theorem 4: with ``V`` the
sum of squared deviations of each ``z`` from the mean of those before it, the sum of ``z`` departs from its
expectation by more than ``u(V)`` at any time with probability ``alpha`` at most, where ``u`` is any
sub-exponential uniform boundary of scale ``c = 2 k``. The one used is their gamma-exponential mixture
(proposition 9), which is tight about a variance chosen beforehand, ``TUNED_FOR``, and valid everywhere. No
normal approximation is made: it holds from the first person on.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaln

Floats = NDArray[np.float64]

ALPHA = 0.05
"""How often an interval may be wrong."""
TUNED_FOR = 1_000.0
"""The variance that the boundary is tightest for: some thousands of persons with a rate of a tenth."""
_BISECTIONS = 60
_GRID_POINTS = 4_000
"""Of variances at which the boundary is solved; it is concave, so a chord between two lies a little low."""
_CHORD = 1e-5
"""By how much of itself the boundary is raised for that: ten times what it takes."""


class ConfidenceSequence(NamedTuple):
    """Lower and upper ends of the interval after each person."""

    lower: Floats
    upper: Floats


def difference_sequence(
    outcomes: Floats, treated: NDArray[np.bool_], share: float, alpha: float
) -> ConfidenceSequence:
    """Returns the confidence sequence of the difference, treated less control.

    ``outcomes`` in [0, 1] and ``treated`` run over persons in order of exposure along the last axis; others
    are experiments of their own. ``share`` is the probability of being treated. The error is ``alpha``.
    """
    bound = max(1 / share, 1 / (1 - share))
    sequence = mean_sequence(_values(outcomes, treated, share), 2 * bound, alpha)
    return ConfidenceSequence(np.maximum(sequence.lower, -1.0), np.minimum(sequence.upper, 1.0))


def mean_sequence(values: Floats, spread: float, alpha: float) -> ConfidenceSequence:
    """Returns the confidence sequence of the mean of values that lie no further apart than ``spread``."""
    counts = np.arange(1, values.shape[-1] + 1)
    means = np.cumsum(values, axis=-1) / counts
    before = _before(means)
    variances = np.cumsum((values - before) ** 2, axis=-1)
    half = boundary(variances, spread, alpha / 2) / counts
    return ConfidenceSequence(means - half, means + half)


def last_of(sequence: ConfidenceSequence, least: float, greatest: float) -> tuple[float, float]:
    """Returns where the running intervals end, cut to what is possible; all of it where they contradict.

    What was drawn at random contradicts itself as seldom as an interval is wrong. Where it does, arms were
    most likely not drawn alike over time, and nothing is known.
    """
    common = running(sequence)
    lower, upper = max(float(common.lower[-1]), least), min(float(common.upper[-1]), greatest)
    return (lower, upper) if lower <= upper else (least, greatest)


def running(sequence: ConfidenceSequence) -> ConfidenceSequence:
    """Returns what all intervals up to each have in common: it holds as well, and never widens again."""
    return ConfidenceSequence(
        np.maximum.accumulate(sequence.lower, axis=-1), np.minimum.accumulate(sequence.upper, axis=-1)
    )


def boundary(variances: Floats, scale: float, alpha: float) -> Floats:
    """Returns what a sum of that variance ever exceeds with probability ``alpha`` at most."""
    decades = max(0, int(np.ceil(np.log10(max(float(np.max(variances, initial=0.0)), 1.0)))))
    grid, solved = _grid(decades, scale, alpha)
    bounds: Floats = np.interp(variances, grid, solved) * (1 + _CHORD)
    return bounds


@lru_cache(maxsize=64)
def _grid(decades: int, scale: float, alpha: float) -> tuple[Floats, Floats]:
    """Variances up to that power of ten, and the boundary at each."""
    grid = np.concatenate([np.zeros(1), np.geomspace(1e-3, 10.0**decades, _GRID_POINTS)])
    return grid, _solved(grid, scale, alpha)


def mixture_log(sums: Floats, variances: Floats, scale: float, rho: float) -> Floats:
    """Returns the logarithm of the mixture's supermartingale at a sum and its variance."""
    squared = scale**2
    first = rho / squared
    constant = first * np.log(first) - gammaln(first) - np.log(gammainc(first, first))
    order = (variances + rho) / squared
    place = (scale * sums + variances) / squared
    tail = np.log(gammainc(order, place + first))
    value: Floats = constant + gammaln(order) + tail - order * np.log(place + first) + place
    return value


def tuned(alpha: float, variance: float = TUNED_FOR) -> float:
    """Returns the mixture's parameter with which the boundary is tightest at a variance."""
    logarithm = 2 * np.log(1 / (2 * alpha))
    return float(variance / (logarithm + np.log(1 + logarithm)))


def _solved(variances: Floats, scale: float, alpha: float) -> Floats:
    """Where the supermartingale reaches ``1 / alpha``; it grows with the sum."""
    rho, wanted = tuned(alpha), np.log(1 / alpha)
    low: Floats = np.zeros_like(variances)
    high: Floats = 10 * (np.sqrt(variances + rho) * wanted + scale * wanted)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        above = mixture_log(middle, variances, scale, rho) >= wanted
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return high


def _values(outcomes: Floats, treated: NDArray[np.bool_], share: float) -> Floats:
    """Returns ``z`` of each person."""
    one, none = _mean_before(outcomes, treated), _mean_before(outcomes, ~treated)
    values: Floats = (
        one
        - none
        + np.where(treated, (outcomes - one) / share, 0.0)
        - np.where(treated, 0.0, (outcomes - none) / (1 - share))
    )
    return values


def _mean_before(outcomes: Floats, chosen: NDArray[np.bool_]) -> Floats:
    """Returns the mean over the chosen before each person; one half while there is none."""
    counts = np.cumsum(chosen, axis=-1)
    sums = np.cumsum(np.where(chosen, outcomes, 0.0), axis=-1)
    return _before((sums + 0.5) / (counts + 1), first=0.5)


def _before(means: Floats, first: float = 0.0) -> Floats:
    """Shifted by one: what was known before each."""
    shifted = np.empty_like(means)
    shifted[..., 0] = first
    shifted[..., 1:] = means[..., :-1]
    return shifted
