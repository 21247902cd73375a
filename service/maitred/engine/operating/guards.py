"""Guards at work: rollouts and experiments that harm are stopped, by whichever process sees it first.

Each guard has a ``Watch``, which reads every decision once. A person is pending from their first exposure
until what they do does not count any more, and is then asked after once. The guard judges after each person,
in the order in which they came, so that what it says does not depend on how often it looks: every process, a
late look, and simulated time come to the same.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple, Protocol

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.rules.experiments import Exposures, experiment_name, exposures_in, rollout_name
from maitred.core.rules.guards import ALPHA, breach_words, is_breached
from maitred.core.rules.ruleset import Guard, Ruleset, Then
from maitred.core.values.instants import MICROSECOND, to_microseconds
from maitred.engine.deciding.rulesets import Rulesets
from maitred.engine.errors import CallError
from maitred.engine.ports.evidence import DeedRow, ExperimentLog, Exposed, ExposedPlace
from maitred.engine.ports.store import PauseStore, StoreDown

from .gathering import ROWS_AT_ONCE, pages_of
from .pauses import Operators, Pauses

BY = "guard"
"""Who pauses where a guard does."""
PERSONS_MAX = 100_000
"""Of each guard: their rate is known to a third of a point by then, and their ids are some ten megabytes."""
LATE = timedelta(minutes=10)
"""How long after their time persons are waited for: tills report what happened while they had no line."""
COMMITTED = timedelta(minutes=1)
"""Decisions that are younger are read with the next look: of two replicas the later may commit first."""
LOOK = timedelta(minutes=1)
"""Between two looks, on whichever clock."""


class Watched(NamedTuple):
    """What a guard watches.

    ``exposed_as`` is its name among exposures, and what the guard pauses is called ``pauses``. Only these
    ``arms`` are judged, by outcomes of these ``actions``; ``action`` is the one that is rolled out.
    """

    guard: Guard
    exposed_as: str
    pauses: str
    arms: frozenset[str]
    actions: frozenset[str]
    action: str = ""


class Counted(NamedTuple):
    """How many had the outcome, of how many persons who count by now."""

    reached: int = 0
    persons: int = 0


class Evidence(ExperimentLog, PauseStore, Protocol):
    """What guards look at."""


def watched_in(ruleset: Ruleset) -> Iterator[Watched]:
    """Yields what the guards of a ruleset watch. An arm that changes nothing is not judged."""
    for action in ruleset.actions:
        if action.rollout and action.rollout.guard:
            name = rollout_name(action.name)
            pauses = name if action.rollout.guard.then is Then.HOLD else action.name
            yield Watched(
                action.rollout.guard, name, pauses, frozenset(), frozenset({action.name}), action.name
            )
    for experiment in ruleset.experiments:
        if experiment.guard:
            trials = [
                (action.name, trial)
                for action in ruleset.actions
                for trial in action.trials
                if trial.experiment == experiment.name
            ]
            yield Watched(
                experiment.guard,
                experiment.name,
                experiment_name(experiment.name),
                frozenset(chain.from_iterable(trial.actions for _, trial in trials)),
                frozenset(name for name, _ in trials),
            )


class _Pending:
    """A person whose time is not over."""

    __slots__ = ("arm", "decisions", "first_us", "reached", "switched")

    def __init__(self, arm: str, first_us: int) -> None:
        self.arm, self.first_us = arm, first_us
        self.reached = self.switched = False
        self.decisions: list[bytes] = []


class Watch:
    """What one guard has seen so far. ``since`` is when what it pauses was resumed last."""

    def __init__(self, watched: Watched, since: datetime | None) -> None:
        self.watched, self.since = watched, since
        self.after = ExposedPlace(to_microseconds(since), -1) if since else None
        self.counts: dict[str, Counted] = {}
        self.breach: tuple[str, Counted] | None = None
        guard = watched.guard
        self._kind = OutcomeKind[guard.outcome.upper()]
        self._within_us, self._horizon_us = guard.within // MICROSECOND, guard.horizon // MICROSECOND
        self._alpha = ALPHA / max(1, len(watched.arms))
        self._last_us: int | None = None
        self._pending: dict[bytes, _Pending] = {}
        self._known: set[bytes] = set()

    def take(self, row: Exposed, exposures: Exposures) -> None:
        """A decision, in order of time."""
        exposure = exposures.get(self.watched.exposed_as)
        if exposure is None or not row.person:
            return
        at_us, person = row.place.decided_us, self._pending.get(row.person)
        if person is None:
            if not self._admits(row.person, at_us):
                return
            person = self._pending[row.person] = _Pending(exposure.arm, at_us)
            self._known.add(row.person)
        if at_us - person.first_us < self._within_us:
            person.switched |= person.arm != exposure.arm
            person.decisions.append(row.decision_id)

    def _admits(self, person: bytes, at_us: int) -> bool:
        if self._last_us is None:
            self._last_us = at_us + self._horizon_us
        return at_us <= self._last_us and len(self._known) < PERSONS_MAX and person not in self._known

    def judge(self, log: ExperimentLog, now: datetime) -> None:
        """Counts those whose time is over, one after the other; the first breach is what stays."""
        over_us = to_microseconds(now - LATE) - self._within_us
        while ended := self._ended(over_us):
            decisions = {decision: person for person in ended for decision in person.decisions}
            for deed in log.became_of(decisions):
                person = decisions[deed.of]
                person.reached |= self._is_goal(deed, person)
            for person in ended:
                self._count(person)

    def _ended(self, over_us: int) -> list[_Pending]:
        """Returns the next of those who came first, and whose time is over; they are pending no more."""
        names: list[bytes] = []
        for name, person in self._pending.items():
            if person.first_us > over_us or len(names) == ROWS_AT_ONCE:
                break
            names.append(name)
        return [self._pending.pop(name) for name in names]

    def _is_goal(self, deed: DeedRow, person: _Pending) -> bool:
        return (
            deed.kind is self._kind
            and deed.name in self.watched.actions
            and 0 <= deed.at_us - person.first_us < self._within_us
        )

    def _count(self, person: _Pending) -> None:
        if person.switched:
            return
        before = self.counts.get(person.arm, Counted())
        counted = self.counts[person.arm] = Counted(before.reached + person.reached, before.persons + 1)
        judged = not self.watched.arms or person.arm in self.watched.arms
        if judged and not self.breach and is_breached(self.watched.guard, *counted, self._alpha):
            self.breach = person.arm, counted

    @property
    def words(self) -> str:
        """Why the guard is breached."""
        assert self.breach
        arm, counted = self.breach
        return breach_words(self.watched.guard, *counted, arm if self.watched.arms else "")


def look(log: ExperimentLog, watches: Iterable[Watch], now: datetime) -> None:
    """Reads on for each of the watches, and lets it judge. Raises ``StoreDown``."""
    by_place: dict[ExposedPlace | None, list[Watch]] = {}
    for watch in watches:
        by_place.setdefault(watch.after, []).append(watch)
    for after, group in by_place.items():
        place = after
        for page in _pages(log, after, to_microseconds(now - COMMITTED)):
            for row in page:
                exposures = exposures_in(row.arms)
                for watch in group:
                    watch.take(row, exposures)
            place = page[-1].place
            for watch in group:
                watch.after = place
        for watch in group:
            watch.judge(log, now)


def _pages(log: ExperimentLog, after: ExposedPlace | None, last_us: int) -> Iterator[Sequence[Exposed]]:
    for page in pages_of(log, after):
        settled = [row for row in page if row.place.decided_us <= last_us]
        if settled:
            yield settled
        if len(settled) < len(page):
            return


class Guards:
    """Looks at what became of what guards watch. ``now`` gives aware UTC.

    A breach is a pause: a row in the store that every process reads, that decisions have in their records,
    and that an operator ends. What came before the last resumption is not looked at again.
    """

    def __init__(
        self,
        store: Evidence,
        rulesets: Rulesets,
        pauses: Pauses,
        operators: Operators,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._rulesets, self._pauses = store, rulesets, pauses
        self._operators, self._now = operators, now
        self._watches: dict[Watched, Watch] = {}
        self._watched: tuple[str, Sequence[Watched]] = "", ()
        self._looked: datetime | None = None
        self._looking = threading.Lock()

    def check(self) -> None:
        """Looks at every guard once. Raises ``StoreDown`` and ``CallError``."""
        paused = self._pauses.names()
        running = [
            watched
            for watched in self._guarded()
            if not paused.intersection((watched.pauses, watched.action))
        ]
        self._watches = {watched: self._watch(watched) for watched in running}
        look(self._store, self._watches.values(), self._now())
        for watch in self._watches.values():
            if watch.breach:
                self._operators.pause(watch.watched.pauses, BY, watch.words)

    def check_at(self, at: datetime) -> None:
        """Looks once a minute of simulated time, before what happens at that instant; never raises."""
        with self._looking:
            is_due = self._looked is None or not self._looked <= at < self._looked + LOOK
            if is_due and self._guarded():
                self._looked = at
                with suppress(StoreDown, CallError):
                    self.check()

    def _guarded(self) -> Sequence[Watched]:
        """Returns what the guards of the ruleset in force watch."""
        policy = self._rulesets.active
        if policy is None:
            return ()
        if self._watched[0] != policy.ruleset.hash:
            self._watched = policy.ruleset.hash, tuple(watched_in(policy.ruleset))
        return self._watched[1]

    def _watch(self, watched: Watched) -> Watch:
        """Returns the one there is, unless what it pauses was resumed since."""
        since, known = self._store.resumed_at(watched.pauses), self._watches.get(watched)
        return known if known and known.since == since else Watch(watched, since)


def seen(store: Evidence, watched: Collection[Watched], now: datetime) -> Sequence[Watch]:
    """Returns what guards have seen by now, read anew. Raises ``StoreDown``."""
    watches = [Watch(guarded, store.resumed_at(guarded.pauses)) for guarded in watched]
    look(store, watches, now)
    return watches
