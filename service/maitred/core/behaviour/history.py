"""What one customer did, and the attributes that are computed over it.

A deed is an event, or an outcome of an own proposal. It counts from the microsecond at which it happened
until it is over or withdrawn, and never in a decision before it: windows are those of limits (see
``limits.windows``). The deeds of one source are a track, in order of time. What a deed counts for does
mostly not depend on the request: then a track has it as columns (see ``projections``), which grow with
the deeds, and each decision takes a slice of them. The same comes out as from the deeds themselves, to
which everything else falls back.
"""

from bisect import bisect_left, bisect_right, insort_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from maitred.core.conditions.computed import Computation
from maitred.core.deciding.decisions import OutcomeKind
from maitred.core.limits.windows import Lifetime, Rolling, Session, Window, span_of
from maitred.core.values.instants import MICROSECOND, to_microseconds
from maitred.core.values.types import Fact, Facts, Invalid, Item

from .events import SESSION
from .projections import NEVER_US, PLACE, UNTOLD, Deed, Projection

EVENTS, OUTCOMES = "events.", "outcomes."
_LIFETIME = Lifetime()
_AT = attrgetter("at_us")


class Track:
    """The deeds of one customer from one source (``events.visit``), in order of time.

    Not thread-safe. ``copy`` before adding what may not stay.
    """

    __slots__ = ("_projections", "_sessions", "deeds")

    def __init__(self, deeds: Iterable[Deed] = ()) -> None:
        self.deeds = sorted(deeds, key=PLACE)
        self._projections: dict[str, Projection] = {}
        self._sessions: dict[str, list[Deed]] | None = None

    def copy(self) -> "Track":
        """One that can be changed and leaves this one as it is."""
        made = Track(self.deeds)
        made._projections = {name: projection.copy() for name, projection in self._projections.items()}
        return made

    def add(self, deed: Deed) -> None:
        """Adds what happened, at whatever time."""
        if not self.deeds or deed.at_us > self.deeds[-1].at_us:
            self.deeds.append(deed)
        else:
            insort_right(self.deeds, deed, key=PLACE)
        self._sessions = None
        for projection in self._projections.values():
            projection.add(deed)

    def withdraw(self, event_id: bytes, at_us: int) -> None:
        """Takes an event of the track back, where it has it, from an instant on."""
        for place, deed in enumerate(self.deeds):
            if deed.id == event_id:
                self.deeds[place] = deed._replace(withdrawn_us=at_us)
                self._sessions = None
                for projection in self._projections.values():
                    projection.withdraw(deed, at_us)

    def of_session(self, session: str) -> Sequence[Deed]:
        """The deeds in one session."""
        if self._sessions is None:
            sessions: dict[str, list[Deed]] = defaultdict(list)
            for deed in self.deeds:
                sessions[str(deed.item.get(SESSION, ""))].append(deed)
            self._sessions = dict(sessions)
        return self._sessions.get(session, ()) if session else ()

    def projection(self, worker: Computation) -> Projection:
        """What an attribute that reads nothing of the request takes of the deeds."""
        known = self._projections.get(worker.computed.name)
        if known is None:
            known = self._projections[worker.computed.name] = Projection(worker, self.deeds)
        return known


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What one customer did, by source, as one ruleset reads it: the same only where it is this one."""

    tracks: Mapping[str, Track] = field(default_factory=dict)


NO_HISTORY = History()
_NO_TRACK = Track()


class When:
    """The instant of a decision, the zone of its place, and its session, empty for none."""

    __slots__ = ("_firsts", "now", "now_us", "session", "zone")

    def __init__(self, now: datetime, zone: str, session: str) -> None:
        self.now, self.zone, self.session = now, zone, session
        self.now_us = to_microseconds(now)
        self._firsts: dict[Window, int] = {}

    def first_us(self, window: Window) -> int:
        """The first microsecond at which a deed counts."""
        if isinstance(window, Rolling):
            return self.now_us - window.duration // MICROSECOND + 1
        first = self._firsts.get(window)
        if first is None:
            start = span_of(window, self.now, self.zone).start
            first = self._firsts[window] = -NEVER_US if start is None else to_microseconds(start)
        return first


def outcome_source(kind: OutcomeKind) -> str:
    """``outcomes.presented``."""
    return f"{OUTCOMES}{kind.name.lower()}"


def is_behaviour(source: str) -> bool:
    """Whether attributes over it are computed over what the customer did."""
    return source.startswith((EVENTS, OUTCOMES))


class Reader(NamedTuple):
    """How one attribute over what the customer did is read. ``columns`` is whether a track has it as columns.

    ``lookback_us`` is how far back from now the window reaches; 0 where that depends on the calendar.
    """

    name: str
    source: str
    window: Window
    lookback_us: int
    columns: bool
    worker: Computation

    @classmethod
    def of(cls, worker: Computation) -> "Reader":
        """The reader of an attribute."""
        computed = worker.computed
        window = computed.window or _LIFETIME
        lookback_us = 0
        if isinstance(window, Rolling):
            lookback_us = window.duration // MICROSECOND
        elif isinstance(window, Lifetime):
            lookback_us = 2 * NEVER_US
        columns = worker.reads_items_alone and not isinstance(window, Session)
        return cls(computed.name, computed.over, window, lookback_us, columns, worker)


def remember(facts: Facts, readers: Iterable[Reader], history: History, when: When) -> None:
    """Puts the attributes over what the customer did among the facts; what is absent is not in it."""
    tracks, now_us = history.tracks, when.now_us
    for name, source, window, lookback_us, columns, worker in readers:
        track = tracks.get(source, _NO_TRACK)
        fact: Fact | None = UNTOLD
        if columns:
            # Open at its start: what was exactly so long ago does not count any more.
            first_us = now_us - lookback_us + 1 if lookback_us else when.first_us(window)
            fact = track.projection(worker).fact(first_us, now_us)
        if fact is UNTOLD:
            fact = _over_deeds(worker, items_in(track, window, when), facts)
        if fact is not None:
            facts[name] = fact


def _over_deeds(worker: Computation, items: Sequence[Item], facts: Facts) -> Fact | None:
    """The value over what counts by time, at most so many items as the rules say."""
    computed = worker.computed
    if computed.max_items:
        items = [item for item in items if worker.may_count(item, facts) is not False]
        if len(items) > computed.max_items:
            too_many = f"there are more than {computed.max_items:,} {computed.over}"
            return Invalid(f"cannot be worked out: {too_many}")
    return worker.fact(facts, {computed.over: items})


def items_in(track: Track, window: Window, when: When) -> list[Item]:
    """What counts of the deeds, in order of time."""
    now_us = when.now_us
    if isinstance(window, Session):
        in_time: Sequence[Deed] = [deed for deed in track.of_session(when.session) if deed.at_us <= now_us]
    else:
        deeds = track.deeds
        last = bisect_right(deeds, now_us, key=_AT)
        in_time = deeds[bisect_left(deeds, when.first_us(window), hi=last, key=_AT) : last]
    return [deed.item for deed in in_time if now_us < deed.over_us and now_us < deed.withdrawn_us]
