"""What one customer did, and the attributes that are computed over it.

A deed is an event, or an outcome of an own proposal. It counts from the microsecond at which it happened
until it is over or withdrawn, and never in a decision before it: windows are those of limits (see
``limits.windows``). What a deed counts for does mostly not depend on the request. Then the deeds that
count are worked out once for a history, with their values, and each decision takes a slice of them; the
same comes out as from the deeds themselves, to which everything else falls back.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from maitred.core.conditions.computed import Aggregate, Worker
from maitred.core.deciding.decisions import OutcomeKind
from maitred.core.limits.windows import Lifetime, Rolling, Session, Window, span_of
from maitred.core.values.instants import to_microseconds
from maitred.core.values.types import Fact, Facts, Invalid, Item

from .events import SESSION

EVENTS, OUTCOMES = "events.", "outcomes."
NEVER_US = 2**63
"""When a deed is withdrawn that is not, and over that is kept for good."""
_LIFETIME = Lifetime()
_COUNTED = frozenset({Aggregate.COUNT, Aggregate.ANY})


class Deed(NamedTuple):
    """Something that happened, with what conditions read of it. Instants in microseconds since 1970."""

    at_us: int
    over_us: int
    withdrawn_us: int
    item: Item


@dataclass(frozen=True, slots=True)
class History:
    """The deeds of one customer by source (``events.visit``), in order of time, as one ruleset reads them.

    ``projections`` are worked out as they are asked for, by name of the attribute.
    """

    deeds: Mapping[str, Sequence[Deed]] = field(default_factory=dict)
    projections: dict[str, "_Projection | None"] = field(default_factory=dict, compare=False, repr=False)


NO_HISTORY = History()


class When(NamedTuple):
    """The instant of a decision, the zone of its place, and its session, empty for none."""

    now: datetime
    zone: str
    session: str


def outcome_source(kind: OutcomeKind) -> str:
    """``outcomes.presented``."""
    return f"{OUTCOMES}{kind.name.lower()}"


def is_behaviour(source: str) -> bool:
    """Whether attributes over it are computed over what the customer did."""
    return source.startswith((EVENTS, OUTCOMES))


def computed_fact(worker: Worker, history: History, facts: Facts, when: When) -> Fact | None:
    """The value of an attribute over what the customer did; ``None`` where it is absent."""
    computed = worker.computed
    deeds = history.deeds.get(computed.over, ())
    projection = _projection(worker, history, deeds) if computed.reads == {computed.over} else None
    window = computed.window or _LIFETIME
    now_us = to_microseconds(when.now)
    if projection and not isinstance(window, Session) and now_us >= projection.settled_us:
        return projection.fact(worker, _first_us(window, when), now_us, facts)
    return worker.fact(facts, {computed.over: items_in(deeds, window, when)})


def items_in(deeds: Sequence[Deed], window: Window, when: When) -> list[Item]:
    """What counts of the deeds, in order of time."""
    now_us, first_us = to_microseconds(when.now), _first_us(window, when)
    in_time = (deed for deed in deeds if first_us <= deed.at_us <= now_us)
    standing = (deed.item for deed in in_time if now_us < min(deed.over_us, deed.withdrawn_us))
    if not isinstance(window, Session):
        return list(standing)
    return [item for item in standing if when.session and item.get(SESSION) == when.session]


def _first_us(window: Window, when: When) -> int:
    """The first microsecond at which a deed counts."""
    start = span_of(window, when.now, when.zone).start
    if start is None:
        return -NEVER_US
    # A rolling window is open at its start: what was exactly so long ago does not count any more.
    return to_microseconds(start) + isinstance(window, Rolling)


@dataclass(frozen=True, slots=True)
class _Projection:
    """Deeds that count whatever is asked, as columns. ``sums`` are those of all values before each.

    A deed is kept for ``kept_us``. Before ``settled_us`` one that has been withdrawn since may still count.
    """

    at_us: Sequence[int]
    items: Sequence[Item]
    values: Sequence[Any]
    sums: Sequence[int]
    kept_us: int
    settled_us: int

    def fact(self, worker: Worker, first_us: int, now_us: int, facts: Facts) -> Fact | None:
        first = bisect_left(self.at_us, max(first_us, now_us - self.kept_us + 1))
        last = bisect_right(self.at_us, now_us)
        aggregate = worker.computed.aggregate
        if aggregate is Aggregate.COUNT:
            return max(0, last - first)
        if aggregate is Aggregate.ANY:
            return last > first
        if self.sums and aggregate is Aggregate.SUM:
            return worker.outcome([self.sums[last] - self.sums[first]] if last > first else [])
        if aggregate in (Aggregate.FIRST, Aggregate.LAST):
            return worker.put_together(self.items[first:last], facts)
        return worker.outcome(self.values[first:last])


def _projection(worker: Worker, history: History, deeds: Sequence[Deed]) -> _Projection | None:
    """What can be worked out beforehand; nothing where some deed cannot be told, or is kept otherwise."""
    name = worker.computed.name
    if name not in history.projections:
        history.projections[name] = _project(worker, deeds)
    return history.projections[name]


def _project(worker: Worker, deeds: Sequence[Deed]) -> _Projection | None:
    standing = [deed for deed in deeds if deed.withdrawn_us == NEVER_US]
    terms = {deed.over_us - deed.at_us for deed in standing if deed.over_us != NEVER_US}
    counts = [worker.counts(deed.item, {}) for deed in standing]
    if len(terms) > 1 or None in counts:
        return None
    counted = [deed for deed, count in zip(standing, counts, strict=True) if count]
    values = () if worker.computed.aggregate in _COUNTED else [worker.take(deed.item, {}) for deed in counted]
    if None in values or any(isinstance(value, Invalid) for value in values):
        return None
    withdrawn = (deed.withdrawn_us for deed in deeds if deed.withdrawn_us != NEVER_US)
    return _Projection(
        at_us=[deed.at_us for deed in counted],
        items=[deed.item for deed in counted],
        values=values,
        sums=_sums(worker, values),
        kept_us=terms.pop() if terms else NEVER_US,
        settled_us=max(withdrawn, default=-NEVER_US),
    )


def _sums(worker: Worker, values: Sequence[Any]) -> Sequence[int]:
    """Running sums of whole numbers; of others a sum depends on the order, or is rounded."""
    if worker.computed.aggregate is not Aggregate.SUM or not all(type(value) is int for value in values):
        return ()
    sums = [0]
    for value in values:
        sums.append(sums[-1] + value)
    return sums
