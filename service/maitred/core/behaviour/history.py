"""What one customer did, and the attributes that are computed over it.

A deed is an event, or an outcome of an own proposal. It counts from the microsecond at which it happened
until it is over or withdrawn, and never in a decision before it: windows are those of limits (see
``values.instants``). The deeds of one source are a track, in order of time. What a deed counts for does
mostly not depend on the request: then a track has it as columns (see ``projections``), which grow with
the deeds, and each decision takes a slice of them. The same comes out as from the deeds themselves, to
which everything else falls back. What came out stands until the next instant at which it can change: a
deed comes into a window or leaves it, is over, or a calendar turns.
"""

from bisect import bisect_left, bisect_right, insort_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from maitred.core.conditions.computed import Computation
from maitred.core.conditions.model import Condition
from maitred.core.values.types import Fact, Facts, Invalid, Item
from maitred.core.values.windows import Session, Window

from .events import SESSION
from .outcomes import OutcomeKind
from .projections import NEVER_US, PLACE, Alike, Deed, Reader, Selection, Standing, When

EVENTS, OUTCOMES = "events.", "outcomes."
_AT = attrgetter("at_us")


class Track:
    """The deeds of one customer from one source (``events.visit``), in order of time.

    A deed is kept for ``_kept_us``, ``None`` where some are kept longer than others. Before ``_settled_us`` a
    deed that has been withdrawn since may still count. Not thread-safe; ``copy`` before adding what may not
    stay.
    """

    __slots__ = ("_kept_us", "_selections", "_sessions", "_settled_us", "_standing", "deeds")

    def __init__(self, deeds: Iterable[Deed] = ()) -> None:
        self.deeds = sorted(deeds, key=PLACE)
        self._kept_us: int | None = 0
        self._settled_us = -NEVER_US
        for deed in self.deeds:
            self._note(deed)
        self._selections: tuple[Sequence[Alike], Sequence[Selection]] = (), ()
        self._sessions: dict[str, list[Deed]] | None = None
        self._standing: Standing | None = None

    def copy(self) -> "Track":
        """One that can be changed and leaves this one as it is."""
        made = Track(self.deeds)
        groups, selections = self._selections
        made._selections = groups, [selection.copy() for selection in selections]
        return made

    def add(self, deed: Deed) -> None:
        """Adds what happened, at whatever time."""
        if not self.deeds or deed.at_us > self.deeds[-1].at_us:
            self.deeds.append(deed)
        else:
            insort_right(self.deeds, deed, key=PLACE)
        self._sessions = self._standing = None
        self._note(deed)
        if deed.withdrawn_us == NEVER_US:
            for selection in self._selections[1]:
                selection.add(deed)

    def _note(self, deed: Deed) -> None:
        if deed.withdrawn_us != NEVER_US:
            self._settled_us = max(self._settled_us, deed.withdrawn_us)
        kept_us = NEVER_US if deed.over_us == NEVER_US else deed.over_us - deed.at_us
        if kept_us != self._kept_us:
            self._kept_us = kept_us if self._kept_us == 0 else None

    def withdraw(self, event_id: bytes, at_us: int) -> None:
        """Takes an event of the track back, where it has it, from an instant on."""
        for place, deed in enumerate(self.deeds):
            if deed.id == event_id:
                self.deeds[place] = deed._replace(withdrawn_us=at_us)
                self._sessions = self._standing = None
                self._note(self.deeds[place])
                if deed.withdrawn_us == NEVER_US:
                    for selection in self._selections[1]:
                        selection.take_out(deed)

    def of_session(self, session: str) -> Sequence[Deed]:
        """Returns the deeds in one session."""
        if self._sessions is None:
            sessions: dict[str, list[Deed]] = defaultdict(list)
            for deed in self.deeds:
                sessions[str(deed.item.get(SESSION, ""))].append(deed)
            self._sessions = dict(sessions)
        return self._sessions.get(session, ()) if session else ()

    def standing(self, groups: Sequence[Alike], when: When) -> Standing:
        """Returns the attributes that the track has as columns."""
        known = self._standing
        if known is None or not known.holds(when):
            known = self._standing = self._worked_out(groups, when)
        return known

    def _worked_out(self, groups: Sequence[Alike], when: When) -> Standing:
        now_us, kept_us = when.now_us, self._kept_us
        if kept_us is None or now_us < self._settled_us:
            everyone = [reader for group in groups for reader in group.readers]
            return Standing({}, everyone, now_us, now_us, when.zone)
        facts: Facts = {}
        untold: list[Reader] = []
        end_us = NEVER_US
        for selection in self._selected(groups):
            standing = selection.standing(when, kept_us)
            facts.update(standing.facts)
            untold += standing.untold
            end_us = min(end_us, standing.end_us)
        return Standing(facts, untold, now_us, end_us, when.zone)

    def _selected(self, groups: Sequence[Alike]) -> Sequence[Selection]:
        if self._selections[0] is not groups:
            deeds = [deed for deed in self.deeds if deed.withdrawn_us == NEVER_US]
            self._selections = groups, [Selection(group, deeds) for group in groups]
        return self._selections[1]


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What one customer did, by source, as one ruleset reads it: the same only where it is this one."""

    tracks: Mapping[str, Track] = field(default_factory=dict)


NO_HISTORY = History()


def outcome_source(kind: OutcomeKind) -> str:
    """Returns ``outcomes.presented``."""
    return f"{OUTCOMES}{kind.name.lower()}"


def is_behaviour(source: str) -> bool:
    """Returns whether attributes over it are computed over what the customer did."""
    return source.startswith((EVENTS, OUTCOMES))


class Columns(NamedTuple):
    """The readers whose attributes a track of one source has as columns, and what these are of no deeds."""

    source: str
    groups: tuple[Alike, ...]
    of_nothing: Facts

    @classmethod
    def of(cls, source: str, readers: Iterable[Reader]) -> "Columns":
        """Returns those of one source."""
        groups: dict[Condition, dict[Window, list[Reader]]] = {}
        of_nothing: Facts = {}
        for reader in readers:
            groups.setdefault(reader.worker.computed.where, {}).setdefault(reader.window, []).append(reader)
            if (fact := reader.of_nothing()) is not None:
                of_nothing[reader.name] = fact
        return cls(source, tuple(map(Alike, groups.values())), of_nothing)


class Readers(NamedTuple):
    """All readers of a policy. The ``others`` read the request as well, or one session."""

    every: tuple[Reader, ...] = ()
    columns: tuple[Columns, ...] = ()
    others: tuple[Reader, ...] = ()

    @classmethod
    def of(cls, workers: Iterable[Computation]) -> "Readers":
        """Returns those of the workers that are over what the customer did."""
        every = tuple(Reader.of(worker) for worker in workers if is_behaviour(worker.computed.over))
        by_source: dict[str, list[Reader]] = defaultdict(list)
        for reader in every:
            if reader.columns:
                by_source[reader.source].append(reader)
        columns = tuple(Columns.of(source, readers) for source, readers in by_source.items())
        return cls(every, columns, tuple(reader for reader in every if not reader.columns))


NO_READERS = Readers()


def remember(facts: Facts, readers: Readers, history: History, when: When) -> None:
    """Puts the attributes over what the customer did among the facts; what is absent is not in it."""
    tracks = history.tracks
    for source, groups, of_nothing in readers.columns:
        track = tracks.get(source)
        if track is None:
            facts.update(of_nothing)
            continue
        standing = track.standing(groups, when)
        facts.update(standing.facts)
        for reader in standing.untold:
            _put(facts, reader, track, when)
    for reader in readers.others:
        _put(facts, reader, tracks.get(reader.source), when)


def _put(facts: Facts, reader: Reader, track: Track | None, when: When) -> None:
    items = items_in(track, reader.window, when) if track else ()
    fact = _over_deeds(reader.worker, items, facts)
    if fact is not None:
        facts[reader.name] = fact


def _over_deeds(worker: Computation, items: Sequence[Item], facts: Facts) -> Fact | None:
    """Returns the value over what counts by time, at most so many items as the rules say."""
    computed = worker.computed
    if computed.max_items:
        items = [item for item in items if worker.may_count(item, facts) is not False]
        if len(items) > computed.max_items:
            too_many = f"there are more than {computed.max_items:,} {computed.over}"
            return Invalid(f"cannot be worked out: {too_many}")
    return worker.fact(facts, {computed.over: items})


def items_in(track: Track, window: Window, when: When) -> list[Item]:
    """Returns what counts of the deeds, in order of time."""
    now_us = when.now_us
    if isinstance(window, Session):
        in_time: Sequence[Deed] = [deed for deed in track.of_session(when.session) if deed.at_us <= now_us]
    else:
        deeds = track.deeds
        last = bisect_right(deeds, now_us, key=_AT)
        in_time = deeds[bisect_left(deeds, when.span_us(window)[0], hi=last, key=_AT) : last]
    return [deed.item for deed in in_time if now_us < deed.over_us and now_us < deed.withdrawn_us]
