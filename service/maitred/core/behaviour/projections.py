"""Attributes over what a customer did, kept as columns that grow with every deed.

Which deeds count, and for what, is worked out once for each deed. Attributes with the same condition share
the deeds that count, a selection of the track; each that needs a value of every deed has a column beside it.
An attribute at an instant is then a slice: a count is the difference of two places, a sum of whole numbers or
amounts that of two running sums; a least, a greatest and a number of distinct values go on from the slice
before while nothing has left it. The deeds stay the truth: where the columns cannot tell, they say so.
"""

from array import array
from bisect import bisect_left, bisect_right, insort_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any, NamedTuple

from maitred.core.conditions.computed import Aggregate, Computation
from maitred.core.values.instants import MICROSECOND, to_microseconds
from maitred.core.values.kinds import MAX_INT, MIN_INT
from maitred.core.values.scalars import scaled, unscaled
from maitred.core.values.types import Fact, Facts, Invalid, Item, Kind
from maitred.core.values.windows import Lifetime, Rolling, Session, Window, span_of

NEVER_US = 2**63
"""When a deed is withdrawn that is not, and over that is kept for good."""
_LIFETIME = Lifetime()


class Deed(NamedTuple):
    """Something that happened, with what conditions read of it. Instants in microseconds since 1970.

    ``id`` is an event's own, by which it is withdrawn.
    """

    at_us: int
    over_us: int
    withdrawn_us: int
    item: Item
    id: bytes = b""


PLACE = attrgetter("at_us", "id")
"""A deed's place among others: by time, and at one instant by id, in whatever order they arrive."""


class When:
    """The instant of a decision, the zone of its place, and its session, empty for none."""

    __slots__ = ("_spans_us", "now", "now_us", "session", "zone")

    def __init__(self, now: datetime, zone: str, session: str) -> None:
        self.now, self.zone, self.session = now, zone, session
        self.now_us = to_microseconds(now)
        self._spans_us: dict[Window, tuple[int, int]] = {}

    def span_us(self, window: Window) -> tuple[int, int]:
        """Returns the first microsecond at which a deed counts, and the one at which a calendar turns."""
        if isinstance(window, Rolling):
            # Open at its start: what was exactly so long ago does not count any more.
            return self.now_us - window.duration // MICROSECOND + 1, NEVER_US
        known = self._spans_us.get(window)
        if known is None:
            span = span_of(window, self.now, self.zone)
            first_us = -NEVER_US if span.start is None else to_microseconds(span.start)
            end_us = NEVER_US if span.end is None else to_microseconds(span.end)
            known = self._spans_us[window] = first_us, end_us
        return known


class Reader(NamedTuple):
    """How one attribute over what the customer did is read; ``columns`` is whether a track has it as columns.

    Those that do read nothing of the request.
    """

    name: str
    source: str
    window: Window
    columns: bool
    worker: Computation

    @classmethod
    def of(cls, worker: Computation) -> "Reader":
        """Returns the reader of an attribute."""
        computed = worker.computed
        window = computed.window or _LIFETIME
        columns = worker.reads_items_alone and not isinstance(window, Session)
        return cls(computed.name, computed.over, window, columns, worker)

    def of_nothing(self) -> Fact | None:
        """Returns the attribute of one who did nothing; ``None`` where it is absent then."""
        return self.worker.put_together((), {})


class Alike(NamedTuple):
    """The readers of one source that have the same condition, by window."""

    by_window: Mapping[Window, Sequence[Reader]]

    @property
    def readers(self) -> Sequence[Reader]:
        """All of them."""
        return list(chain.from_iterable(self.by_window.values()))


class Standing(NamedTuple):
    """Attributes as they are from one instant until another one in places of one zone, if nothing happens.

    The ``untold`` are left to the deeds.
    """

    facts: Facts
    untold: Sequence[Reader]
    first_us: int
    end_us: int
    zone: str

    def holds(self, when: When) -> bool:
        """Returns whether they are so then and there."""
        return self.first_us <= when.now_us < self.end_us and self.zone == when.zone


class Selection:
    """The deeds of a track that count for readers that are alike. Not thread-safe.

    ``_doubts_us`` is when something happened of which it cannot be told whether it counts.
    """

    def __init__(self, alike: Alike, deeds: Iterable[Deed]) -> None:
        self._alike, self._counts = alike, alike.readers[0].worker.counts
        self._at_us: array[int] = array("q")
        self._deeds: list[Deed] = []
        self._doubts_us: list[int] = []
        self._windows = [_Window(window, readers) for window, readers in alike.by_window.items()]
        columns = chain.from_iterable(window.columns for window in self._windows)
        self._valued = [column for column in columns if isinstance(column, _Valued)]
        self._standing: Standing | None = None
        self._fill(deeds)

    def copy(self) -> "Selection":
        """One that can be changed and leaves this one as it is."""
        made = Selection(self._alike, ())
        made._at_us, made._deeds, made._doubts_us = self._at_us[:], self._deeds[:], self._doubts_us[:]
        for column, own in zip(made._valued, self._valued, strict=True):
            column.values, column.doubts_us = own.values[:], own.doubts_us[:]
        return made

    def _fill(self, deeds: Iterable[Deed]) -> None:
        """Takes in all deeds at once, in the order of ``PLACE``."""
        counts, nothing = self._counts, dict[str, Any]()
        for deed in deeds:
            if truth := counts(deed.item, nothing):
                self._deeds.append(deed)
            elif truth is None:
                self._doubts_us.append(deed.at_us)
        self._at_us.extend([deed.at_us for deed in self._deeds])
        for column in self._valued:
            for place, deed in enumerate(self._deeds):
                column.insert(place, deed)

    def add(self, deed: Deed) -> None:
        """Takes a deed in, at its place in the order of ``PLACE``."""
        counts = self._counts(deed.item, {})
        if counts is False:
            return
        self._standing = None
        if counts is None:
            insort_right(self._doubts_us, deed.at_us)
            return
        if not self._deeds or deed.at_us > self._at_us[-1]:
            place = len(self._deeds)
        else:
            place = bisect_right(self._deeds, PLACE(deed), key=PLACE)
        self._at_us.insert(place, deed.at_us)
        self._deeds.insert(place, deed)
        for column in self._valued:
            column.insert(place, deed)

    def take_out(self, deed: Deed) -> None:
        """Takes out a deed that was taken in."""
        self._standing = None
        for place in range(bisect_left(self._at_us, deed.at_us), bisect_right(self._at_us, deed.at_us)):
            if self._deeds[place].id == deed.id:
                del self._at_us[place], self._deeds[place]
                for column in self._valued:
                    column.delete(place, deed)
                return
        if self._counts(deed.item, {}) is None:
            self._doubts_us.remove(deed.at_us)

    def standing(self, when: When, kept_us: int) -> Standing:
        """Returns the attributes of all readers; deeds are kept for ``kept_us``."""
        known = self._standing
        if known is None or not known.holds(when):
            known = self._standing = self._worked_out(when, kept_us)
        return known

    def _worked_out(self, when: When, kept_us: int) -> Standing:
        facts: Facts = {}
        untold: list[Reader] = []
        deeds, at_us, now_us, end_us = self._deeds, self._at_us, when.now_us, NEVER_US
        last = len(at_us)
        if last and at_us[-1] > now_us:
            last = bisect_right(at_us, now_us)
            end_us = at_us[last]
        for window in self._windows:
            first_us, turns_us, lasts_us = window.span_us(when, kept_us)
            first = bisect_left(at_us, first_us, 0, last)
            end_us = min(end_us, turns_us, at_us[first] + lasts_us) if first < last else min(end_us, turns_us)
            for column in window.columns:
                if self._doubts_us or column.doubts_us:
                    doubt_us = _first_from(first_us, self._doubts_us, column.doubts_us)
                    # With a doubt among what counts only the deeds can tell, and another one may come.
                    end_us = min(end_us, max(doubt_us, now_us))
                    if doubt_us <= now_us:
                        untold.append(column.reader)
                        continue
                fact = column.fact(deeds, first, last)
                if fact is not None:
                    facts[column.reader.name] = fact
        return Standing(facts, untold, now_us, end_us, when.zone)


def _first_from(first_us: int, *columns: Sequence[int]) -> int:
    """Returns the first instant from that one on."""
    later = [column[bisect_left(column, first_us)] for column in columns if column and column[-1] >= first_us]
    return min(later, default=NEVER_US)


class _Window:
    """A window with the columns of those who read over it.

    ``_turned`` is the span of the calendar that was read last, and the zone.
    """

    __slots__ = ("_lookback_us", "_turned", "_window", "columns")

    def __init__(self, window: Window, readers: Iterable[Reader]) -> None:
        self._window = window
        self._lookback_us = window.duration // MICROSECOND if isinstance(window, Rolling) else 0
        self._turned = NEVER_US, NEVER_US, ""
        self.columns = [_COLUMNS[reader.worker.computed.aggregate](reader) for reader in readers]

    def span_us(self, when: When, kept_us: int) -> tuple[int, int, int]:
        """The first instant that counts, when a calendar turns, and for how long a deed counts at most."""
        now_us, lookback_us = when.now_us, self._lookback_us
        if lookback_us:
            lasts_us = min(lookback_us, kept_us)
            # Open at its start: what was exactly so long ago does not count any more.
            return now_us - lasts_us + 1, NEVER_US, lasts_us
        first_us, turns_us, zone = self._turned
        if not first_us <= now_us < turns_us or zone != when.zone:
            first_us, turns_us = when.span_us(self._window)
            self._turned = first_us, turns_us, when.zone
        return max(first_us, now_us - kept_us + 1), turns_us, kept_us


class _Column:
    """What one attribute takes of the deeds of a selection. This one is how many there are.

    ``doubts_us`` is when something happened of which it cannot be told what it counts for.
    """

    __slots__ = ("doubts_us", "reader")

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.doubts_us = list[int]()

    def fact(self, deeds: Sequence[Deed], first: int, last: int) -> Fact | None:
        """Returns the value of a slice of the deeds; ``None`` where it is absent."""
        del self, deeds
        return last - first


class _Existence(_Column):
    """Whether there are any."""

    __slots__ = ()

    def fact(self, deeds: Sequence[Deed], first: int, last: int) -> Fact | None:
        """See ``_Column``."""
        del self, deeds
        return last > first


class _One(_Column):
    """The value of the last, or of the first."""

    __slots__ = ("_known",)

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        self._known: tuple[Deed, Fact | None] | None = None

    def fact(self, deeds: Sequence[Deed], first: int, last: int) -> Fact | None:
        """See ``_Column``."""
        return self._of(deeds[last - 1]) if first < last else None

    def _of(self, deed: Deed) -> Fact | None:
        known = self._known
        if known is None or known[0] is not deed:
            known = self._known = deed, self.reader.worker.put_together((deed.item,), {})
        return known[1]


class _First(_One):
    __slots__ = ()

    def fact(self, deeds: Sequence[Deed], first: int, last: int) -> Fact | None:
        """See ``_Column``."""
        return self._of(deeds[first]) if first < last else None


class _Valued(_Column):
    """What needs a value of each deed; ``None`` where it is in doubt: no slice with one is told."""

    __slots__ = ("_known", "values")

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        self.values: list[Any] = []
        self._known: Any = None

    def insert(self, place: int, deed: Deed) -> None:
        """Takes in what a deed counts for."""
        value = self.reader.worker.take(deed.item, {})
        if value is None or value.__class__ is Invalid:
            value = None
            insort_right(self.doubts_us, deed.at_us)
        if place < len(self.values):
            self._known = None
        self.values.insert(place, value)

    def delete(self, place: int, deed: Deed) -> None:
        """Takes a deed out."""
        self._known = None
        if self.values.pop(place) is None:
            self.doubts_us.remove(deed.at_us)


class _Total(_Valued):
    """All values together. ``_known`` are the sums of all values before each, as far as they are known."""

    __slots__ = ("_digits", "_is_exact")

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        type_ = reader.worker.computed.type
        # A sum of other kinds depends on the order, or is no number.
        self._is_exact = type_.kind in (Kind.INT, Kind.DECIMAL)
        self._digits = type_.digits if type_.kind is Kind.DECIMAL else None

    def fact(self, deeds: Sequence[Deed], first: int, last: int) -> Fact | None:
        """See ``_Column``."""
        del deeds
        outcome = self.reader.worker.outcome
        if not self._is_exact or first == last:
            return outcome(self.values[first:last])
        sums: list[int] = self._known or [0]
        fresh = self.values[len(sums) - 1 :]
        if fresh:
            sums += accumulate(map(self._whole, fresh), initial=sums.pop())
        self._known = sums
        total = sums[last] - sums[first]
        sum_ = total if self._digits is None else unscaled(total, self._digits)
        # Both hold what 64 bits do; else it is for the worker to say what is wrong.
        return sum_ if MIN_INT <= total <= MAX_INT else outcome((sum_,))

    def _whole(self, value: Any) -> int:
        """Returns a number, or an amount in units of its last digit."""
        if value is None:
            return 0
        return int(value) if self._digits is None else scaled(value, self._digits)


class _Slice(NamedTuple):
    """What came out for the places from ``first`` to ``last``; ``state`` is what it goes on from."""

    first: int
    last: int
    state: Any
    fact: Fact | None


class _Growing(_Valued):
    """What goes on from the slice that came out last, where that lacks but the newest values."""

    __slots__ = ()

    def _before(self, first: int, last: int) -> _Slice | None:
        known: _Slice | None = self._known
        return known if known and known.first == first < known.last <= last else None


class _Distinct(_Growing):
    """How many different values there are."""

    __slots__ = ()

    def fact(self, deeds: Sequence[Deed], first: int, last: int) -> Fact | None:
        """See ``_Column``."""
        del deeds
        before = self._before(first, last)
        state: set[Any] = before.state if before else set()
        state.update(self.values[before.last if before else first : last])
        self._known = _Slice(first, last, state, None)
        return len(state)


class _Extreme(_Growing):
    """The greatest value, or the least."""

    __slots__ = ("_extreme",)

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        self._extreme = max if reader.worker.computed.aggregate is Aggregate.MAX else min

    def fact(self, deeds: Sequence[Deed], first: int, last: int) -> Fact | None:
        """See ``_Column``."""
        del deeds
        if first == last:
            return None
        before = self._before(first, last)
        if before is None:
            value = self._extreme(self.values[first:last])
        else:
            value = self._extreme((before.state, *self.values[before.last : last]))
        stays = before is not None and value == before.state
        fact = before.fact if before and stays else self.reader.worker.outcome((value,))
        self._known = _Slice(first, last, value, fact)
        return fact


_COLUMNS: Mapping[Aggregate, Callable[[Reader], _Column]] = {
    Aggregate.COUNT: _Column,
    Aggregate.ANY: _Existence,
    Aggregate.FIRST: _First,
    Aggregate.LAST: _One,
    Aggregate.SUM: _Total,
    Aggregate.MIN: _Extreme,
    Aggregate.MAX: _Extreme,
    Aggregate.DISTINCT: _Distinct,
}
