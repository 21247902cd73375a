"""Draws from beta distributions that are the same on every machine and with every version of Python.

A seed is hashed to numbers (BLAKE2b in counter mode), and these become a draw by additions, multiplications,
divisions and square roots alone, which IEEE 754 rounds in one way. Logarithms differ between C libraries in
the last digit, so the one that is needed, in a hundredth of the draws, is worked out here as well. ``random``
and libraries have no say: what their next versions draw must not change a decision of today.

A beta draw is ``x / (x + y)`` of two gamma draws. Gamma draws are by Marsaglia and Tsang, "A simple method
for generating gamma variables", ACM TOMS 26 (2000); the normal draws that they need by Leva, "A fast normal
random number generator", ACM TOMS 18 (1992), which takes points near the middle of the region of ratios of
uniforms at once, leaves out those beyond it, and looks closely at the few in between.
"""

from collections.abc import Iterator
from hashlib import blake2b
from math import frexp, sqrt
from struct import Struct

_PERSON = b"maitred.learned"
_WORDS = Struct(">8Q")
_UNUSED_BITS = 12
"""Of 64: what is left, and a half, is exact in a double, and lies strictly between 0 and 1."""
_UNIT = 2.0**-52

_INNER, _OUTER = 0.27597, 0.27846
"""Leva's bounds: a point below the first is taken, one above the second is not."""
_LN2 = 0.6931471805599453
_SQRT_HALF = 0.7071067811865476
_LOG_TERMS = tuple(1.0 / odd for odd in range(23, 0, -2))
"""Of the series of the inverse hyperbolic tangent; the next one is below the last digit of a double."""


def uniforms(key: bytes) -> Iterator[float]:
    """Numbers strictly between 0 and 1, evenly spread; the same for the same key."""
    begun, block = blake2b(key, person=_PERSON), 0
    while True:
        hashed = begun.copy()
        hashed.update(block.to_bytes(4))
        for word in _WORDS.unpack(hashed.digest()):
            yield ((word >> _UNUSED_BITS) + 0.5) * _UNIT
        block += 1


def beta_draw(successes: float, failures: float, numbers: Iterator[float]) -> float:
    """A draw from the beta distribution with these parameters, each at least 1."""
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


def log(x: float) -> float:
    """The natural logarithm of a positive number, to about the last digit, by exact steps alone."""
    part, exponent = frexp(x)
    if part < _SQRT_HALF:
        part, exponent = 2.0 * part, exponent - 1
    s = (part - 1.0) / (part + 1.0)
    square, total = s * s, 0.0
    for term in _LOG_TERMS:
        total = total * square + term
    return 2.0 * s * total + exponent * _LN2
