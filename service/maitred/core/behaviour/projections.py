"""Attributes over what a customer did, kept as columns that grow with every deed.

Which deeds count, and for what, is worked out once for each deed. An attribute at an instant is then a
slice of the columns: a count is the difference of two places, a sum of whole numbers or amounts that of two
running sums; a least, a greatest and a number of distinct values go on from the slice of the decision
before while nothing has left it. The deeds stay the truth: where the columns cannot tell, they say so.
"""

from bisect import bisect_left, bisect_right, insort_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import Any, NamedTuple

from maitred.core.conditions.computed import Aggregate, Computation
from maitred.core.values.kinds import MAX_INT, MIN_INT
from maitred.core.values.scalars import scaled, unscaled
from maitred.core.values.types import Fact, Invalid, Item, Kind

NEVER_US = 2**63
"""When a deed is withdrawn that is not, and over that is kept for good."""
UNTOLD = Invalid("is not told by columns")
"""The fact of a projection that leaves it to the deeds."""
_UNVALUED = frozenset({Aggregate.COUNT, Aggregate.ANY, Aggregate.FIRST, Aggregate.LAST})
"""What needs no value of each deed."""
_EXACT = frozenset({Kind.INT, Kind.DECIMAL})
"""A sum of others depends on the order, or is no number."""


class Deed(NamedTuple):
    """Something that happened, with what conditions read of it. Instants in microseconds since 1970.

    ``id`` is an event's own, by which it is withdrawn.
    """

    at_us: int
    over_us: int
    withdrawn_us: int
    item: Item
    id: bytes = b""

    @property
    def place(self) -> tuple[int, bytes]:
        """Its place among others: by time, and at one instant by id, in whatever order they arrive."""
        return self.at_us, self.id


PLACE = attrgetter("place")


class _Slice(NamedTuple):
    """What came out for the places from ``first`` to ``last``; ``state`` is what it goes on from."""

    first: int
    last: int
    fact: Fact | None
    state: Any = None


class Projection:
    """One attribute over one track. It reads nothing of requests. Not thread-safe.

    The columns ``_at_us``, ``_deeds`` and ``_values`` are of the deeds that count, ``_sums`` those of all
    values before each; ``_doubts_us`` is when something happened of which it cannot be told whether it
    counts, or for what. A deed is kept for ``_kept_us``; ``None`` where some are kept longer than others.
    Before ``_settled_us`` a deed that has been withdrawn since may still count.
    """

    def __init__(self, worker: Computation, deeds: Iterable[Deed] = ()) -> None:
        self._worker = worker
        self._at_us: list[int] = []
        self._deeds: list[Deed] = []
        self._values: list[Any] = []
        self._sums: list[int] | None = None
        self._doubts_us: list[int] = []
        self._kept_us: int | None = 0
        self._settled_us = -NEVER_US
        self._last: _Slice | None = None
        for deed in deeds:
            self.add(deed)

    def copy(self) -> "Projection":
        """One that can be changed and leaves this one as it is."""
        made = Projection(self._worker)
        made._at_us, made._deeds, made._values = self._at_us[:], self._deeds[:], self._values[:]
        made._doubts_us, made._kept_us = self._doubts_us[:], self._kept_us
        made._settled_us = self._settled_us
        return made

    def add(self, deed: Deed) -> None:
        """Takes a deed in, at its place in the order of ``Deed.place``."""
        if deed.withdrawn_us != NEVER_US:
            self._settled_us = max(self._settled_us, deed.withdrawn_us)
            return
        kept_us = NEVER_US if deed.over_us == NEVER_US else deed.over_us - deed.at_us
        if kept_us != self._kept_us:
            self._kept_us = kept_us if self._kept_us == 0 else None
        counts = self._worker.counts(deed.item, {})
        if counts is False:
            return
        value = self._value(deed.item) if counts else None
        if value is None:
            insort_right(self._doubts_us, deed.at_us)
        elif not self._at_us or deed.at_us > self._at_us[-1]:
            self._append(deed, value)
        else:
            self._insert(bisect_right(self._deeds, deed.place, key=PLACE), deed, value)

    def withdraw(self, deed: Deed, at_us: int) -> None:
        """Takes back a deed that was taken in; from an instant on it does not count."""
        self._settled_us = max(self._settled_us, at_us)
        if deed.withdrawn_us != NEVER_US or self._worker.counts(deed.item, {}) is False:
            return
        self._last = self._sums = None
        for place in range(bisect_left(self._at_us, deed.at_us), bisect_right(self._at_us, deed.at_us)):
            if self._deeds[place].id == deed.id:
                del self._at_us[place], self._deeds[place], self._values[place]
                return
        self._doubts_us.remove(deed.at_us)

    def fact(self, first_us: int, now_us: int) -> Fact | None:
        """The value as of an instant, ``None`` where it is absent, or ``UNTOLD``."""
        if self._kept_us is None or now_us < self._settled_us:
            return UNTOLD
        kept_first_us = now_us - self._kept_us + 1
        first_us = max(first_us, kept_first_us)
        if self._doubts_us and bisect_left(self._doubts_us, first_us) < bisect_right(self._doubts_us, now_us):
            return UNTOLD
        at_us = self._at_us
        last = len(at_us)
        if last and at_us[-1] > now_us:
            last = bisect_right(at_us, now_us)
        first = bisect_left(at_us, first_us, hi=last)
        known = self._last
        if known is None or known.first != first or known.last != last:
            known = self._last = self._slice(first, last, known)
        return known.fact

    def _slice(self, first: int, last: int, known: _Slice | None) -> _Slice:
        match self._worker.computed.aggregate:
            case Aggregate.COUNT:
                return _Slice(first, last, last - first)
            case Aggregate.ANY:
                return _Slice(first, last, last > first)
            case Aggregate.FIRST:
                if known and known.first == first < min(known.last, last):
                    return _Slice(first, last, known.fact)
                return _Slice(first, last, self._put_together(first, min(first + 1, last)))
            case Aggregate.LAST:
                return _Slice(first, last, self._put_together(max(first, last - 1), last))
            case Aggregate.SUM:
                return _Slice(first, last, self._sum(first, last))
            case aggregate:
                return self._going_on(_GOES_ON[aggregate], first, last, known)

    def _put_together(self, first: int, last: int) -> Fact | None:
        return self._worker.put_together([deed.item for deed in self._deeds[first:last]], {})

    def _going_on(self, goes_on: "_GoesOn", first: int, last: int, known: _Slice | None) -> _Slice:
        """From the slice before, where it lacks but the newest values."""
        state = None
        if known and known.first == first < known.last <= last:
            state, first_fresh = known.state, known.last
        else:
            first_fresh = first
        state = goes_on(state, self._values[first_fresh:last])
        if known and state == known.state:
            return _Slice(first, last, known.fact, state)
        return _Slice(first, last, self._worker.outcome(state), state)

    def _sum(self, first: int, last: int) -> Fact | None:
        type_ = self._worker.computed.type
        if type_.kind not in _EXACT or last == first:
            return self._worker.outcome(self._values[first:last])
        if self._sums is None:
            self._sums = list(accumulate(map(self._whole, self._values), initial=0))
        total = self._sums[last] - self._sums[first]
        sum_ = total if type_.kind is Kind.INT else unscaled(total, type_.digits)
        # Both hold what 64 bits do; else it is for the worker to say what is wrong.
        return sum_ if MIN_INT <= total <= MAX_INT else self._worker.outcome([sum_])

    def _whole(self, value: Any) -> int:
        """A number, or an amount in units of its last digit."""
        type_ = self._worker.computed.type
        return int(value) if type_.kind is Kind.INT else scaled(value, type_.digits)

    def _value(self, item: Item) -> Any:
        """What a deed counts for; ``None`` where that cannot be told."""
        if self._worker.computed.aggregate in _UNVALUED:
            return True
        value = self._worker.take(item, {})
        return None if isinstance(value, Invalid) else value

    def _append(self, deed: Deed, value: Any) -> None:
        self._at_us.append(deed.at_us)
        self._deeds.append(deed)
        self._values.append(value)
        if self._sums is not None:
            self._sums.append(self._sums[-1] + self._whole(value))

    def _insert(self, place: int, deed: Deed, value: Any) -> None:
        self._at_us.insert(place, deed.at_us)
        self._deeds.insert(place, deed)
        self._values.insert(place, value)
        self._last = self._sums = None


_GoesOn = Callable[[Any, Sequence[Any]], Sequence[Any]]
"""From the state of a slice, ``None`` for an empty one, and the values after it to that of both."""


def _distinct(state: Any, fresh: Sequence[Any]) -> Any:
    return set(fresh) if state is None else state.union(fresh)


def _least(state: Any, fresh: Sequence[Any]) -> Sequence[Any]:
    values = [*(state or ()), *fresh]
    return [min(values)] if values else []


def _greatest(state: Any, fresh: Sequence[Any]) -> Sequence[Any]:
    values = [*(state or ()), *fresh]
    return [max(values)] if values else []


_GOES_ON: Mapping[Aggregate, _GoesOn] = {
    Aggregate.DISTINCT: _distinct,
    Aggregate.MIN: _least,
    Aggregate.MAX: _greatest,
}
