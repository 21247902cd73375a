"""The bitmask index: which of many conditions are true of the facts, in one pass of look-ups.

Each condition becomes clauses, each clause a bit. One look-up per lane gives the clauses its
attribute's value leaves possible; ANDed, they are the survivors. Absent and invalid values
leave only clauses that do not ask for them, which is exact because conditions are monotone in
their leaves (see ``conditions``). What the lanes cannot hold is checked for survivors only.
``scan.truth`` gives the same answers one condition at a time.

A lane looks one attribute's value up. It holds at most one literal of each clause, so that the answers of
lanes can be ANDed. Every mask is an integer whose bit ``i`` stands for clause ``i``; ``base`` are the clauses
that have no literal in the lane and are always possible, all that is left where the attribute is absent or
invalid.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from maitred.core.values.pauses import Pause, no_pause, slowly
from maitred.core.values.types import Facts, Invalid, Scalar

from . import model
from .model import All, Condition, Literal, Overlaps, Residual, Within
from .scan import Memo, truth

MAX_CLAUSES_PER_ENTRY = 64
"""Beyond this a disjunction is checked for survivors instead: the product of alternatives
grows exponentially, and every clause is a bit in every mask."""
FEW_BITS = 8
"""Up to so many clauses are kept as positions where masks are long: 100,000 clauses with a
value each would otherwise take 100,000 masks of 12 kB."""
LONG_MASK_BITS = 4_096
MAX_RANGE_BYTES = 32 * 2**20
"""What the masks of one range lane may take; beyond it only every n-th segment keeps its own."""
PART_BITS = 2_048
"""Longer masks are walked part by part: isolating the lowest bit copies the whole integer."""
_PART = (1 << PART_BITS) - 1


@dataclass(frozen=True, slots=True)
class Clause:
    """A conjunction. ``checks`` are what the literals cannot say; they are left to the scan."""

    literals: tuple[Literal, ...] = ()
    checks: tuple[Condition, ...] = ()

    def __and__(self, other: "Clause") -> "Clause":
        return Clause(self.literals + other.literals, self.checks + other.checks)

    def merged(self) -> "Clause":
        """Returns the same with one range where several bound one attribute: each takes a lane of its own."""
        ranges: dict[str, Within] = {}
        others: list[Literal] = []
        for literal in self.literals:
            if isinstance(literal.test, Within) and literal.wanted:
                known = ranges.get(literal.attribute)
                ranges[literal.attribute] = _both(known, literal.test) if known else literal.test
            else:
                others.append(literal)
        bounded = (Literal(attribute, test) for attribute, test in ranges.items())
        return Clause((*bounded, *dict.fromkeys(others)), self.checks)


def clauses_of(condition: Condition) -> tuple[Clause, ...]:
    """Clauses at least one of which is true exactly where the condition is; none where it is false."""
    return tuple(clause.merged() for clause in _clauses(condition))


def _clauses(condition: Condition) -> tuple[Clause, ...]:
    match condition:
        case Literal():
            return (Clause(literals=(condition,)),)
        case Residual():
            return (Clause(checks=(condition,)),)
        case model.Any(terms):
            return _alternatives(condition, terms)
        case All(terms):
            return _product(terms)


def _alternatives(condition: Condition, terms: tuple[Condition, ...]) -> tuple[Clause, ...]:
    clauses = tuple(clause for term in terms for clause in _clauses(term))
    return clauses if len(clauses) <= MAX_CLAUSES_PER_ENTRY else (Clause(checks=(condition,)),)


def _product(terms: tuple[Condition, ...]) -> tuple[Clause, ...]:
    literals: list[Literal] = []
    if _are_literals(terms, literals):
        return (Clause(tuple(literals)),)
    product: tuple[Clause, ...] = (Clause(),)
    for term in terms:
        factor = _clauses(term)
        if len(product) * len(factor) > MAX_CLAUSES_PER_ENTRY:
            factor = (Clause(checks=(term,)),)
        product = tuple(left & right for left in product for right in factor)
    return product


def _are_literals(terms: tuple[Condition, ...], literals: list[Literal]) -> bool:
    """Returns whether there are no alternatives and nothing to check.

    ``literals`` are filled with what there is.
    """
    for term in terms:
        if isinstance(term, Literal):
            literals.append(term)
        elif not isinstance(term, All) or not _are_literals(term.terms, literals):
            return False
    return True


def _both(left: Within, right: Within) -> Within:
    """Returns the range that lies within both. Of two equal bounds the open one is the tighter."""
    low, low_open = left.low, left.low_open
    if right.low is not None and (low is None or (right.low, right.low_open) > (low, low_open)):
        low, low_open = right.low, right.low_open
    high, high_open = left.high, left.high_open
    if right.high is not None and (high is None or (right.high, not right.high_open) < (high, not high_open)):
        high, high_open = right.high, right.high_open
    return Within(low, high, low_open, high_open)


Entries = Sequence[tuple[int, Literal]]
"""Clause numbers with their literal in the lane."""


Hit = int | tuple[int, ...]
"""A mask, or the positions of its bits."""


def mask_of(positions: Iterable[int], size: int) -> int:
    """Returns the integer with these bits set; linear, where repeated shifting would be quadratic."""
    data = bytearray(size // 8 + 1)
    for position in positions:
        data[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(data, "little")


def as_mask(hit: Hit) -> int:
    """Returns the mask of a hit."""
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
        """Takes ``size``, the number of clauses in the index."""
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
        """Takes ``size``, the number of clauses in the index."""
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
        """Returns the clauses possible for a list."""
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
        """Takes ``size``, the number of clauses in the index."""
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
        """Takes ``size``, the number of clauses in the index."""
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
        """Returns the clauses possible for a scalar."""
        if value != value:  # noqa: PLR0124 -- NaN
            return self.nan
        bounds = self.bounds
        at = bisect_left(bounds, value)
        segment = 2 * at + (at < len(bounds) and bounds[at] == value)
        return self.kept[segment] if self.stride == 1 else self._rebuilt(segment)

    def _rebuilt(self, segment: int) -> int:
        nearest = min((segment + self.stride // 2) // self.stride, len(self.kept) - 1)
        mask, kept_at = self.kept[nearest], nearest * self.stride
        for step in range(min(kept_at, segment) + 1, max(kept_at, segment) + 1):
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
    """Returns the kind of lane that a literal belongs in."""
    match literal.test:
        case Within():
            return RangeLane
        case Overlaps():
            return ListLane
        case _ if hasattr(literal.test, "values"):
            return ValueLane
        case _:
            return PresenceLane


def bits(mask: int) -> Iterator[int]:
    """Positions of the set bits, lowest first. Takes time for those that are asked for only."""
    for at, part in _parts(mask):
        left = part
        while left:
            low = left & -left
            yield at + low.bit_length() - 1
            left ^= low


def _parts(mask: int) -> Iterator[tuple[int, int]]:
    """Parts of a mask that hold all of its bits, lowest first, each behind its place."""
    at = 0
    while mask:
        part = mask & _PART
        if not part:
            empty = (mask & -mask).bit_length() - 1
            mask >>= empty
            at += empty
            part = mask & _PART
        yield at, part
        mask >>= PART_BITS
        at += PART_BITS


@dataclass(frozen=True, slots=True)
class Index:
    """Built by ``build``.

    Of ``entries`` conditions come ``size`` clauses. ``owner[i]`` is the entry that clause ``i``
    belongs to; its number grows with its entry's, so that survivors come in the order of
    entries. ``checked`` masks the clauses that have checks. ``quick`` and ``searched`` are the
    lanes taken apart: attribute, ``base`` and the look-up.
    """

    size: int
    entries: int
    owner: tuple[int, ...]
    checks: dict[int, tuple[Condition, ...]]
    checked: int
    quick: tuple[tuple[str, int, int, Callable[..., Hit]], ...]
    searched: tuple[tuple[str, int, Callable[..., int]], ...]
    presences: tuple[PresenceLane, ...]

    @classmethod
    def build(cls, conditions: Sequence[Condition], pause: Pause = no_pause) -> "Index":
        """One entry for each condition, numbered from 0. Calls ``pause`` between steps."""
        clauses: list[Clause] = []
        owner: list[int] = []
        for entry, condition in enumerate(slowly(conditions, pause)):
            clauses_of_entry = clauses_of(condition)
            clauses.extend(clauses_of_entry)
            owner.extend([entry] * len(clauses_of_entry))
        lanes = _lanes(clauses, pause)
        checks = {number: clause.checks for number, clause in enumerate(clauses) if clause.checks}
        return cls(
            size=len(clauses),
            entries=len(conditions),
            owner=tuple(owner),
            checks=checks,
            checked=mask_of(checks, len(clauses)),
            quick=tuple(
                (lane.attribute, lane.base, lane.default, lane.answers.get)
                for lane in lanes
                if isinstance(lane, ValueLane)
            ),
            searched=tuple(
                (lane.attribute, lane.base, lane.lookup)
                for lane in lanes
                if isinstance(lane, ListLane | RangeLane)
            ),
            presences=tuple(lane for lane in lanes if isinstance(lane, PresenceLane)),
        )

    def candidates(self, facts: Facts) -> int:
        """Mask of the clauses whose literals are all true. The hot path: no calls where avoidable."""
        mask = (1 << self.size) - 1
        get = facts.get
        for attribute, base, default, answer in self.quick:
            value = get(attribute)
            if value is None or value.__class__ is Invalid:
                mask &= base
                continue
            hit = answer(value, default)
            mask &= hit if hit.__class__ is int else default ^ as_mask(hit)
        for attribute, base, lookup in self.searched:
            value = get(attribute)
            mask &= base if value is None or value.__class__ is Invalid else lookup(value)
        for presence in self.presences:
            mask &= presence.present if presence.attribute in facts else presence.absent
        return mask

    def count(self, mask: int) -> int:
        """Returns how many entries the clauses of a mask belong to."""
        if self.size == self.entries:
            return mask.bit_count()
        return len({self.owner[clause] for clause in bits(mask)})

    def true_clauses(self, facts: Facts) -> int:
        """Mask of the clauses that are true, checks included."""
        mask = self.candidates(facts)
        memo: Memo = {}
        for clause in bits(mask & self.checked):
            if not self._passes(clause, facts, memo):
                mask ^= 1 << clause
        return mask

    def _passes(self, clause: int, facts: Facts, memo: Memo) -> bool:
        return all(truth(check, facts, memo) is True for check in self.checks[clause])

    def matches(self, mask: int, facts: Facts, memo: Memo) -> Iterator[int]:
        """Entries whose condition is true, in order, each once; ``mask`` as from ``candidates``."""
        owner, checks = self.owner, self.checks
        last = -1
        # As ``bits``, without a generator for each of them.
        for at, part in _parts(mask):
            left = part
            while left:
                low = left & -left
                left ^= low
                clause = at + low.bit_length() - 1
                entry = owner[clause]
                if entry != last and (clause not in checks or self._passes(clause, facts, memo)):
                    last = entry
                    yield entry


def _lanes(clauses: Sequence[Clause], pause: Pause) -> list[Lane]:
    """One lane per attribute and kind, and further ones where a clause asks twice; most selective first."""
    grouped: dict[tuple[type[Lane], str, int], list[tuple[int, Literal]]] = {}
    for number, clause in enumerate(slowly(clauses, pause)):
        used: dict[tuple[type[Lane], str], int] = {}
        for literal in clause.literals:
            key = kind_of(literal), literal.attribute
            nth = used[key] = used.get(key, -1) + 1
            grouped.setdefault((*key, nth), []).append((number, literal))
    by_use = sorted(grouped.items(), key=lambda group: -len(group[1]))
    return [kind.build(name, lane_uses, len(clauses)) for (kind, name, _), lane_uses in slowly(by_use, pause)]
