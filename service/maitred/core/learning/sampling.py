"""Draws from beta distributions that are the same on every machine and with every version of Python.

A key is hashed to words (BLAKE2b in counter mode), and these become a draw by additions, multiplications,
divisions and square roots alone, which IEEE 754 rounds in one way. Logarithms differ between C libraries in
the last digit, so the one that is needed, in a hundredth of the draws, is worked out here as well. ``random``
and libraries have no say: what their next versions draw must not change a decision of today.

A beta draw is ``x / (x + y)`` of two gamma draws. Gamma draws are by Marsaglia and Tsang, "A simple method
for generating gamma variables", ACM TOMS 26 (2000); the normal draws that they need by the same authors' "The
ziggurat method for generating random variables", J. Statistical Software 5 (2000), with one word for the
layer and the place in it. Nine draws in ten take the first four words of a key.

Recorded decisions are drawn for again: what comes out must not change. Another way to draw is another number
in ``draws.METHODS``, and ``earlier`` keeps the way of before.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from hashlib import blake2b
from math import frexp, ldexp, sqrt
from struct import Struct

_BEGUN = blake2b(person=b"maitred.learned")
"""Is copied for each key: taking in the person takes as long as taking in a key."""
_WORDS = Struct(">8Q")
_FIRST_WORDS = Struct(">qQqQ")
_WORD_BYTES = 8
_FIRST_BLOCK = bytes(4)
_OF_FAILURES, _COIN = b"\0failures", b"explore"
_UNUSED_BITS = 12
"""Of 64: what is left, and a half, is exact in a double, and lies strictly between 0 and 1."""
_UNIT = 2.0**-52
_UNITS = 1 << 52
_PERCENT = 100
_OF_WORDS = 2.0**-64
"""What a whole word is multiplied by to be nearly the same number."""
_NEARLY = 1.0 - 2.0**-32
"""Leaves more than rounding can take."""

_LAYERS = 256
_LAYER = _LAYERS - 1
"""Masks the bits of a word that choose the layer: the last ones, which rounding takes from most places."""
_BASE, _AREA = 3.654152885361009, 0.004928673233974655
"""Where the tail of the normal density begins, and the area of every layer; see Doornik (2005)."""

_LN2 = 0.6931471805599453
_SQRT_HALF = 0.7071067811865476
_LOG_TERMS = tuple(1.0 / odd for odd in range(23, 0, -2))
"""Of the series of the inverse hyperbolic tangent; the next one is below the last digit of a double."""
_EXP_TERMS = 20
"""Of the series of the exponential function, below the logarithm of 2: as exact."""


def words(key: bytes, block: int = 0) -> Iterator[int]:
    """Numbers of 64 bits without end, from a block of eight on; the same for the same key."""
    begun = _BEGUN.copy()
    begun.update(key)
    while True:
        hashed = begun.copy()
        hashed.update(block.to_bytes(4))
        yield from _WORDS.unpack(hashed.digest())
        block += 1


def unit(word: int) -> float:
    """A word as a number strictly between 0 and 1, evenly spread."""
    return ((word >> _UNUSED_BITS) + 0.5) * _UNIT


def digest_of(key: bytes) -> bytes:
    """The first eight of the key's words, each with the highest byte first."""
    hashed = _BEGUN.copy()
    hashed.update(key + _FIRST_BLOCK)
    return hashed.digest()


def uniform(key: bytes) -> float:
    """The first of the key's words as such a number."""
    return unit(int.from_bytes(digest_of(key)[:_WORD_BYTES]))


def uniform_draws(ending: bytes) -> Callable[[bytes], float]:
    """Draws strictly between 0 and 1, all as likely, by the beginnings of keys."""
    return lambda beginning: uniform(beginning + ending)


def coin(seed: bytes) -> bytes:
    """Returns what says whether a decision explores."""
    return digest_of(seed + _COIN)


def bound_of(share: float) -> bytes:
    """What ``digest_of`` a key is below exactly where 100 times its ``uniform`` number is below ``share``.

    Only the first eight bytes have a say.
    """
    below = bisect_left(range(_UNITS), share, key=lambda place: _PERCENT * unit(place << _UNUSED_BITS))
    if below == _UNITS:
        return b"\xff" * (_WORDS.size + 1)
    return (below << _UNUSED_BITS).to_bytes(_WORD_BYTES)


def beta_draws(successes: float, failures: float, ending: bytes) -> Callable[[bytes], float]:
    """Draws from the beta distribution with these parameters, each at least 1, by the beginnings of keys.

    All keys have the same ``ending``.
    """
    last = ending + _FIRST_BLOCK
    d, e = successes - 1.0 / 3.0, failures - 1.0 / 3.0
    c, f = 1.0 / sqrt(9.0 * d), 1.0 / sqrt(9.0 * e)

    def draw(beginning: bytes) -> float:
        first: int
        third: int
        hashed = _BEGUN.copy()
        hashed.update(beginning + last)
        first, second, third, fourth = _FIRST_WORDS.unpack_from(hashed.digest())
        # What ``gamma_draw`` does with two words, for both at once: most draws are made without a call. What
        # is close to a bound is left to it, so that bounds may be what is worked out faster.
        layer, other = first & _LAYER, third & _LAYER
        x, y = first * _STEPS[layer], third * _STEPS[other]
        v, w = 1.0 + c * x, 1.0 + f * y
        x, y = x * x, y * y
        if x < _INNER_SQUARES[layer] and y < _INNER_SQUARES[other] and v > 0.0 and w > 0.0:
            is_taken = second * _OF_WORDS < _NEARLY - 0.0331 * x * x
            if is_taken and fourth * _OF_WORDS < _NEARLY - 0.0331 * y * y:
                wins = d * (v * v * v)
                return wins / (wins + e * (w * w * w))
        key = beginning + ending
        wins = gamma_draw(successes, first, second, key)
        return wins / (wins + gamma_draw(failures, third, fourth, key + _OF_FAILURES))

    return draw


def gamma_draw(shape: float, word: int, other: int, key: bytes) -> float:
    """A draw from the gamma distribution with scale 1, by two words, the first of them with a sign.

    Where these do not do, further ones are those of the key behind its first block. ``shape`` is at least 1.
    """
    d = shape - 1.0 / 3.0
    c = 1.0 / sqrt(9.0 * d)
    rest: Iterator[int] | None = None
    while True:
        layer = word & _LAYER
        x = word * _STEPS[layer]
        if abs(x) >= _INNER[layer]:
            rest = rest or words(key, 1)
            x = _beyond(layer, x, rest)
        v = 1.0 + c * x
        if v > 0.0:
            v = v * v * v
            u, square = ((other >> _UNUSED_BITS) + 0.5) * _UNIT, x * x
            if u < 1.0 - 0.0331 * square * square or log(u) < 0.5 * square + d * (1.0 - v + log(v)):
                return d * v
        rest = rest or words(key, 1)
        word, other = _signed(next(rest)), next(rest)


def normal_draw(word: int, rest: Iterator[int]) -> float:
    """A draw from the standard normal distribution, by a word with a sign and, seldom, further ones."""
    layer = word & _LAYER
    x = word * _STEPS[layer]
    return x if abs(x) < _INNER[layer] else _beyond(layer, x, rest)


def _signed(word: int) -> int:
    return word - (word >> 63 << 64)


def _beyond(layer: int, x: float, rest: Iterator[int]) -> float:
    """A normal draw where ``x`` is in the part of the layer that the density does not fill."""
    if layer == 0:
        return _in_tail(rest) if x > 0.0 else -_in_tail(rest)
    low, high = _DENSITIES[layer], _DENSITIES[layer + 1]
    if log(low + unit(next(rest)) * (high - low)) < -0.5 * x * x:
        return x
    return normal_draw(_signed(next(rest)), rest)


def _in_tail(rest: Iterator[int]) -> float:
    """A normal draw beyond the base, by Marsaglia (1964)."""
    while True:
        beyond, depth = -log(unit(next(rest))) / _BASE, -log(unit(next(rest)))
        if 2.0 * depth > beyond * beyond:
            return _BASE + beyond


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


def exp_of_minus(x: float) -> float:
    """``exp(-x)`` for a number from 0 to some ten, to about the last digit, by exact steps alone."""
    halvings = int(x / _LN2)
    part, total = halvings * _LN2 - x, 1.0
    for term in range(_EXP_TERMS, 0, -1):
        total = 1.0 + total * part / term
    return ldexp(total, -halvings)


def _layers() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """How far each layer reaches, the lowest first, and the density there, of which that at 0 is 1."""
    densities = [0.0, exp_of_minus(0.5 * _BASE * _BASE)]
    reaches = [_AREA / densities[1], _BASE]
    while len(reaches) < _LAYERS:
        densities.append(densities[-1] + _AREA / reaches[-1])
        reaches.append(sqrt(-2.0 * log(densities[-1])))
    return (*reaches, 0.0), (*densities, 1.0)


_REACHES, _DENSITIES = _layers()
# In one piece of memory: whatever layer comes, few lines of the cache are touched.
_STEPS = array("d", [reach * 2.0**-63 for reach in _REACHES])
"""What a word with a sign is multiplied by to be a place in its layer."""
_INNER = array("d", _REACHES[1:])
"""Within it all of a layer is below the density."""
_INNER_SQUARES = array("d", [reach * reach * _NEARLY for reach in _INNER])
