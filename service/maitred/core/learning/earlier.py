"""The draws of records that tell no method: normal draws by ratios of uniforms.

As in ``sampling``, but that the normal draws are by Leva, "A fast normal random number generator", ACM TOMS
18 (1992), which takes points near the middle of the region of ratios of uniforms at once, leaves out those
beyond it, and looks closely at the few in between. Nothing here may change: what was decided by it comes out
again by it.
"""

from collections.abc import Callable, Iterator
from math import sqrt

from .sampling import log, unit, words

_INNER, _OUTER = 0.27597, 0.27846
"""Leva's bounds: a point below the first is taken, one above the second is not."""


def beta_draws(successes: float, failures: float, ending: bytes) -> Callable[[bytes], float]:
    """As ``sampling.beta_draws``."""
    return lambda beginning: beta_draw(successes, failures, beginning + ending)


def beta_draw(successes: float, failures: float, key: bytes) -> float:
    """A draw from the beta distribution with these parameters, each at least 1."""
    numbers = map(unit, words(key))
    wins = gamma_draw(successes, numbers)
    return wins / (wins + gamma_draw(failures, numbers))


def gamma_draw(shape: float, numbers: Iterator[float]) -> float:
    """A draw from the gamma distribution with scale 1. ``shape`` is at least 1."""
    d = shape - 1.0 / 3.0
    c = 1.0 / sqrt(9.0 * d)
    while True:
        x = normal_draw(numbers)
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        u, square = next(numbers), x * x
        if u < 1.0 - 0.0331 * square * square:
            return d * v
        if log(u) < 0.5 * square + d * (1.0 - v + log(v)):
            return d * v


def normal_draw(numbers: Iterator[float]) -> float:
    """A draw from the normal distribution with mean 0 and variance 1."""
    while True:
        u, v = next(numbers), 1.7156 * (next(numbers) - 0.5)
        x, y = u - 0.449871, abs(v) + 0.386595
        q = x * x + y * (0.19600 * y - 0.25472 * x)
        if q < _INNER or (q <= _OUTER and v * v <= -4.0 * u * u * log(u)):
            return v / u
