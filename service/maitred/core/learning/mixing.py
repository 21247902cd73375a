"""Draws from beta distributions by one multiplication and two looks into a table: the newest way.

A decision's id is a hash, so that its bits need no hashing again. 60 of them, with those of the hash of an
action's name taken in, are multiplied, one half by the other; the middle of the product, on which every bit
of both halves has a say, is two places in a table of 4,096 quantiles of the normal distribution.

A beta draw is ``x / (x + y)`` of two gamma draws. A gamma variable is nearly the cube of a normal one (Wilson
and Hilferty, "The distribution of chi-square", PNAS 17, 1931); scale and deviation are those with which mean
and variance are the gamma distribution's own. The distribution function is off by a hundredth where nothing
is known yet, ``Beta(1, 1)``, and by less than a thousandth from some ten successes and failures on.

Products, quotients and square roots are rounded in one way by IEEE 754. Quantiles are rounded to a billionth:
the libraries that work them out are right to some 15 digits, and differ in the last one. As in ``sampling``,
nothing here may change.
"""

from array import array
from collections.abc import Callable
from math import sqrt
from statistics import NormalDist

from .sampling import digest_of

_SEED_BYTES, _UNUSED_BITS = 8, 4
"""60 bits are left, two halves of 30: products that Python works out in one step."""
_HALF_BITS = 30
_HALF = (1 << _HALF_BITS) - 1

_PLACE_BITS = 12
_LAST_PLACE = (1 << _PLACE_BITS) - 1
_LOWER = _HALF_BITS - _PLACE_BITS
"""Where in a product the first place begins; the second one begins above it, at ``_HALF_BITS``."""

_UNIT_BITS = 32
_LAST_UNIT = (1 << _UNIT_BITS) - 1
_UNIT_BEGINS = _HALF_BITS - _UNIT_BITS // 2
_UNIT = 2.0**-_UNIT_BITS

_GRAIN = 2.0**-30
_ROUNDS = 40
"""Each brings the scale of a gamma draw two bits nearer, or more."""


def _normals() -> tuple[float, ...]:
    """The middle of each of the equally likely parts of the normal distribution."""
    places, normal = _LAST_PLACE + 1, NormalDist()
    return tuple(round(normal.inv_cdf((place + 0.5) / places) / _GRAIN) * _GRAIN for place in range(places))


NORMALS = array("d", _normals())


def begun(seed: bytes) -> int:
    """Returns what a decision's draws begin with. The seed has to be a hash."""
    return int.from_bytes(seed[:_SEED_BYTES]) >> _UNUSED_BITS


def coin(seed: bytes) -> bytes:
    """Returns what says whether a decision explores: bytes that draws do not begin with."""
    return seed[_SEED_BYTES:]


def beta_draws(successes: float, failures: float, ending: bytes) -> Callable[[int], float]:
    """Draws from the beta distribution with these parameters, each at least 1, by ``begun`` of a seed.

    ``ending`` tells those apart that begin alike.
    """
    own = begun(digest_of(ending))
    c, d = cube_of(successes)
    f, e = cube_of(failures)
    ratio = e / d

    def draw(beginning: int) -> float:
        mixed = beginning ^ own
        mixed = (mixed & _HALF) * (mixed >> _HALF_BITS)
        v = 1.0 + c * NORMALS[mixed >> _LOWER & _LAST_PLACE]
        w = 1.0 + f * NORMALS[mixed >> _HALF_BITS & _LAST_PLACE]
        v *= v * v
        w *= w * w * ratio
        # Of gamma draws close to 0 some lie beyond it. Their size is right.
        if v < 0.0:
            v = -v
        if w < 0.0:
            w = -w
        return v / (v + w)

    return draw


def uniform_draws(ending: bytes) -> Callable[[int], float]:
    """Draws strictly between 0 and 1, all as likely; arguments as those of ``beta_draws``."""
    own = begun(digest_of(ending))

    def draw(beginning: int) -> float:
        mixed = beginning ^ own
        mixed = (mixed & _HALF) * (mixed >> _HALF_BITS)
        return ((mixed >> _UNIT_BEGINS & _LAST_UNIT) + 0.5) * _UNIT

    return draw


def cube_of(shape: float) -> tuple[float, float]:
    """Returns ``c`` and ``d`` with which ``d * (1 + c * x)**3`` is nearly a gamma draw of a normal ``x``.

    Mean and variance of both are ``shape``, which is at least 1: ``1 + 3 c²`` times ``d``, and
    ``9 c² + 36 c⁴ + 15 c⁶`` times its square.
    """
    square = 0.0
    for _ in range(_ROUNDS):
        mean = 1.0 + 3.0 * square
        square = (mean * mean / shape - (36.0 + 15.0 * square) * square * square) / 9.0
    return sqrt(square), shape / (1.0 + 3.0 * square)
