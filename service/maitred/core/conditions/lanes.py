"""Look-up tables from one attribute's value to the clauses still possible.

A lane holds at most one literal of each clause, so that its answers can be ANDed. Every mask
is an integer whose bit ``i`` stands for clause ``i``; ``base`` are the clauses that have no
literal here and are always possible, all that is left where the attribute is absent or invalid.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from maitred.core.values.types import Scalar

from .model import Literal, Overlaps, Within

Entries = Sequence[tuple[int, Literal]]
"""Clause numbers with their literal in the lane."""

FEW_BITS = 8
"""Up to so many clauses are kept as positions where masks are long: 100,000 clauses with a
value each would otherwise take 100,000 masks of 12 kB."""
LONG_MASK_BITS = 4_096
MAX_RANGE_BYTES = 32 * 2**20
"""What the masks of one range lane may take; beyond it only every n-th segment keeps its own."""

Hit = int | tuple[int, ...]
"""A mask, or the positions of its bits."""


def mask_of(positions: Iterable[int], size: int) -> int:
    """The integer with these bits set; linear, where repeated shifting would be quadratic."""
    data = bytearray(size // 8 + 1)
    for position in positions:
        data[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(data, "little")


def as_mask(hit: Hit) -> int:
    """The mask of a hit."""
    if isinstance(hit, int):
        return hit
    mask = 0
    for position in hit:
        mask |= 1 << position
    return mask


def _hits(positions: Mapping[Scalar, list[int]], size: int) -> dict[object, Hit]:
    return {
        value: tuple(bits) if size > LONG_MASK_BITS and len(bits) <= FEW_BITS else mask_of(bits, size)
        for value, bits in positions.items()
    }


def _by_value(entries: Entries) -> dict[Scalar, list[int]]:
    positions: dict[Scalar, list[int]] = {}
    for clause, literal in entries:
        for value in literal.test.values:  # type: ignore[union-attr]
            positions.setdefault(value, []).append(clause)
    return positions


@dataclass(frozen=True, slots=True)
class ValueLane:
    """``==``, ``in`` and their negations on a scalar.

    ``default`` is the answer for a value nobody names. A named one is answered by its mask, or
    by the positions at which its answer differs from ``default``.
    """

    attribute: str
    base: int
    default: int
    answers: dict[object, Hit]

    @classmethod
    def build(cls, attribute: str, entries: Entries, size: int) -> "ValueLane":
        """``size`` is the number of clauses in the index."""
        base = ((1 << size) - 1) & ~mask_of((clause for clause, _ in entries), size)
        default = base | mask_of((clause for clause, literal in entries if not literal.wanted), size)
        # Clauses that want the value and clauses that exclude it both differ from the default.
        flips = _hits(_by_value(entries), size)
        answers = {value: default ^ hit if isinstance(hit, int) else hit for value, hit in flips.items()}
        return cls(attribute, base, default, answers)


@dataclass(frozen=True, slots=True)
class ListLane:
    """Lists that must share an element with a set (``wanted``) or must not (``unwanted``)."""

    attribute: str
    base: int
    default: int
    wanted: dict[object, Hit]
    unwanted: dict[object, Hit]

    @classmethod
    def build(cls, attribute: str, entries: Entries, size: int) -> "ListLane":
        """``size`` is the number of clauses in the index."""
        wanted = [entry for entry in entries if entry[1].wanted]
        unwanted = [entry for entry in entries if not entry[1].wanted]
        base = ((1 << size) - 1) & ~mask_of((clause for clause, _ in entries), size)
        excluding = mask_of((clause for clause, _ in unwanted), size)
        return cls(
            attribute,
            base,
            base | excluding,
            _hits(_by_value(wanted), size),
            _hits(_by_value(unwanted), size),
        )

    def lookup(self, value: tuple[Any, ...]) -> int:
        """The clauses possible for a list."""
        mask = self.default
        for wanted in map(self.wanted.get, value):
            if wanted:
                mask |= wanted if wanted.__class__ is int else as_mask(wanted)
        if self.unwanted:
            for unwanted in map(self.unwanted.get, value):
                if unwanted:
                    mask &= ~as_mask(unwanted)
        return mask


@dataclass(frozen=True, slots=True)
class PresenceLane:
    """``has()`` and its negation."""

    attribute: str
    present: int
    absent: int

    @classmethod
    def build(cls, attribute: str, entries: Entries, size: int) -> "PresenceLane":
        """``size`` is the number of clauses in the index."""
        every = (1 << size) - 1
        wanting = mask_of((clause for clause, literal in entries if literal.wanted), size)
        refusing = mask_of((clause for clause, literal in entries if not literal.wanted), size)
        return cls(attribute, every & ~refusing, every & ~wanting)


@dataclass(frozen=True, slots=True)
class RangeLane:
    """``<``, ``<=``, ``>``, ``>=`` and their negations on a scalar.

    The bounds cut the values into segments, ``2 i`` before bound ``i`` and ``2 i + 1`` on it.
    ``kept[k]`` is the mask of segment ``k * stride``, ``toggles[s]`` the clauses that differ
    between segment ``s - 1`` and ``s``. NaN lies in no segment and has a mask of its own.
    """

    attribute: str
    base: int
    nan: int
    bounds: list[Any]
    kept: list[int]
    stride: int
    toggles: list[tuple[int, ...]]

    @classmethod
    def build(cls, attribute: str, entries: Entries, size: int) -> "RangeLane":
        """``size`` is the number of clauses in the index."""
        tests = [(clause, literal.test, literal.wanted) for clause, literal in entries]
        bounds = sorted({b for _, test, _ in tests for b in (test.low, test.high) if b is not None})  # type: ignore[union-attr]
        segments = 2 * len(bounds) + 1
        base = ((1 << size) - 1) & ~mask_of((clause for clause, _ in entries), size)
        nan = base | mask_of((clause for clause, _, wanted in tests if not wanted), size)
        toggles = _toggles(tests, bounds, segments)  # type: ignore[arg-type]
        stride = 1 + segments * (size // 8 + 1) // MAX_RANGE_BYTES
        return cls(
            attribute,
            base,
            nan,
            bounds,
            _kept(nan, toggles, stride, size),
            stride,
            toggles if stride > 1 else [],
        )

    def lookup(self, value: Any) -> int:
        """The clauses possible for a scalar."""
        if value != value:  # noqa: PLR0124 -- NaN
            return self.nan
        bounds = self.bounds
        at = bisect_left(bounds, value)
        segment = 2 * at + (at < len(bounds) and bounds[at] == value)
        if self.stride == 1:
            return self.kept[segment]
        return self._rebuilt(segment)

    def _rebuilt(self, segment: int) -> int:
        start = segment // self.stride
        mask = self.kept[start]
        for step in range(start * self.stride + 1, segment + 1):
            mask ^= as_mask(self.toggles[step])
        return mask


def _toggles(
    tests: Sequence[tuple[int, Within, bool]], bounds: Sequence[Scalar], segments: int
) -> list[tuple[int, ...]]:
    """Of each segment, the clauses whose test begins or ceases to hold there."""
    place = {bound: number for number, bound in enumerate(bounds)}
    toggles: list[list[int]] = [[] for _ in range(segments + 1)]
    for clause, test, _ in tests:
        first = 0 if test.low is None else 2 * place[test.low] + 1 + test.low_open
        end = segments if test.high is None else 2 * place[test.high] + 2 - test.high_open
        if first < end:
            toggles[first].append(clause)
            toggles[end].append(clause)
    return [tuple(bits) for bits in toggles[:segments]]


def _kept(nan: int, toggles: Sequence[tuple[int, ...]], stride: int, size: int) -> list[int]:
    kept, mask = [], nan
    for segment, bits in enumerate(toggles):
        if bits:
            mask ^= as_mask(bits) if len(bits) <= FEW_BITS else mask_of(bits, size)
        if segment % stride == 0:
            kept.append(mask)
    return kept


Lane = ValueLane | ListLane | RangeLane | PresenceLane


def kind_of(literal: Literal) -> type[Lane]:
    """The kind of lane that a literal belongs in."""
    match literal.test:
        case Within():
            return RangeLane
        case Overlaps():
            return ListLane
        case _ if hasattr(literal.test, "values"):
            return ValueLane
        case _:
            return PresenceLane
