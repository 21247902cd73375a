"""The bitmask index: which of many conditions are true of the facts, in one pass of look-ups.

Each condition becomes clauses, each clause a bit. One look-up per lane gives the clauses its
attribute's value leaves possible; ANDed, they are the survivors. Absent and invalid values
leave only clauses that do not ask for them, which is exact because conditions are monotone in
their leaves (see ``conditions``). What the lanes cannot hold is checked for survivors only.
``scan.truth`` gives the same answers one condition at a time.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from maitred.core.values.types import Facts, Invalid

from .clauses import Clause, clauses_of
from .lanes import Hit, Lane, ListLane, PresenceLane, RangeLane, ValueLane, as_mask, kind_of, mask_of
from .model import Condition, Literal
from .scan import Memo, truth

MANY_BITS = 4_096
"""Longer masks are walked by bytes: isolating the lowest bit copies the whole integer."""
_SET_BYTES = re.compile(rb"[^\0]")


def bits(mask: int) -> Iterator[int]:
    """Positions of the set bits, lowest first."""
    if mask.bit_length() > MANY_BITS:
        yield from _bits_of_bytes(mask.to_bytes(mask.bit_length() // 8 + 1, "little"))
        return
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _bits_of_bytes(data: bytes) -> Iterator[int]:
    for byte in _SET_BYTES.finditer(data):
        at = byte.start()
        for position in bits(data[at]):
            yield 8 * at + position


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
    def build(cls, conditions: Sequence[Condition]) -> "Index":
        """One entry for each condition, numbered from 0."""
        clauses: list[Clause] = []
        owner: list[int] = []
        for entry, condition in enumerate(conditions):
            clauses_of_entry = clauses_of(condition)
            clauses.extend(clauses_of_entry)
            owner.extend([entry] * len(clauses_of_entry))
        lanes = _lanes(clauses)
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
        """How many entries the clauses of a mask belong to."""
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
        for clause in bits(mask):
            entry = owner[clause]
            if entry == last:
                continue
            if clause not in checks or self._passes(clause, facts, memo):
                last = entry
                yield entry


def _lanes(clauses: Sequence[Clause]) -> list[Lane]:
    """One lane per attribute and kind, and further ones where a clause asks twice; most selective first."""
    grouped: dict[tuple[type[Lane], str, int], list[tuple[int, Literal]]] = {}
    for number, clause in enumerate(clauses):
        used: dict[tuple[type[Lane], str], int] = {}
        for literal in clause.literals:
            key = kind_of(literal), literal.attribute
            nth = used[key] = used.get(key, -1) + 1
            grouped.setdefault((*key, nth), []).append((number, literal))
    by_use = sorted(grouped.items(), key=lambda group: -len(group[1]))
    return [kind.build(name, lane_uses, len(clauses)) for (kind, name, _), lane_uses in by_use]
