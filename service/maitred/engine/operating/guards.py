"""Guards at work: rollouts and experiments that harm are stopped, by whichever process sees it first.

Each guard has a ``Watch``, which reads every decision once. A person is waited for from their first exposure
until what they did must have been reported, and is then asked after once. The guard judges after each person,
in the order in which they came, so that what it says does not depend on how often it looks: every process, a
late look, and simulated time come to the same.

What is reported later still is read in order of report. It turns a person who did not reach the outcome into
one who did, where it lies in their time, and the guard judges anew after each person. So once everything is
reported a guard has seen the same, whatever came first. Of a share that must not be too high, what is
missing can only hide harm: more reports make more of every likelihood ratio, so that the ratio of what is
known by then never passes that of what is true, and the guard is wrong no more often. Of a share that must
not be too low it looks like harm; therefore a guard says by when reports are in (``reported_within``).
"""

import threading
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple, Protocol

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.rules.experiments import Exposures, experiment_name, exposures_in, rollout_name
from maitred.core.rules.guards import ALPHA, Boundary, breach_words
from maitred.core.rules.ruleset import Guard, Ruleset, Then
from maitred.core.values.instants import MICROSECOND, to_microseconds
from maitred.engine.deciding.rulesets import Rulesets
from maitred.engine.errors import CallError
from maitred.engine.ports.evidence import DeedRow, ExperimentLog, Exposed, ExposedPlace, LatePlace
from maitred.engine.ports.store import PauseStore, StoreDown

from .gathering import ROWS_AT_ONCE, pages_of
from .pauses import GUARD, Operators, Pauses

PERSONS_MAX = 100_000
"""Of each guard: their rate is known to a third of a point by then, and their ids are some ten megabytes."""
ROWS_MAX = 200_000
"""Decisions that one look reads, some seconds: who starts on a long log catches up over several."""
COMMITTED = timedelta(minutes=1)
"""What is younger is read with the next look: of two replicas the later may commit first."""
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


class _Persons:
    """Persons in order of first exposure, each by a number: some 200 bytes of each."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}
        self.first_us = array("q")
        self.arms: list[str] = []
        self.reached, self.switched = bytearray(), bytearray()
        self.decisions: dict[int, list[bytes]] = {}
        """Of those who have not been asked after."""

    def __len__(self) -> int:
        return len(self.arms)

    def add(self, name: bytes, arm: str, first_us: int) -> int:
        """Returns the number of one more."""
        number = self.numbers[name] = len(self.arms)
        self.first_us.append(first_us)
        self.arms.append(arm)
        self.reached.append(False)
        self.switched.append(False)
        self.decisions[number] = []
        return number


class Watch:
    """What one guard has seen so far. ``since`` is when what it pauses was resumed last."""

    def __init__(self, watched: Watched, since: datetime | None) -> None:
        self.watched, self.since = watched, since
        self.after = ExposedPlace(to_microseconds(since), -1) if since else None
        self.late_after: LatePlace | None = None
        self.counts: Mapping[str, Counted] = {}
        self.breach: tuple[str, Counted] | None = None
        guard = watched.guard
        self._kind = OutcomeKind[guard.outcome.upper()]
        self._within_us, self._horizon_us = guard.within // MICROSECOND, guard.horizon // MICROSECOND
        self._wait_us = guard.reported_within // MICROSECOND
        self._boundary = Boundary.of(guard, ALPHA / max(1, len(watched.arms)))
        self._persons = _Persons()
        self._judged = self._counted = 0

    def take(self, row: Exposed, exposures: Exposures) -> None:
        """A decision, in order of time."""
        exposure = exposures.get(self.watched.exposed_as)
        if exposure is None or not row.person:
            return
        at_us, persons = row.place.decided_us, self._persons
        number = persons.numbers.get(row.person)
        if number is None:
            if not self._admits(at_us):
                return
            number = persons.add(row.person, exposure.arm, at_us)
        if number >= self._judged and at_us - persons.first_us[number] < self._within_us:
            persons.switched[number] |= persons.arms[number] != exposure.arm
            persons.decisions[number].append(row.decision_id)

    def _admits(self, at_us: int) -> bool:
        first_us = self._persons.first_us
        return not first_us or (at_us <= first_us[0] + self._horizon_us and len(first_us) < PERSONS_MAX)

    def needs_more(self) -> bool:
        """Returns whether decisions after the last one that was read can be of those who are watched."""
        first_us = self._persons.first_us
        if not first_us or self.after is None:
            return True
        last_us = first_us[0] + self._horizon_us if len(first_us) < PERSONS_MAX else first_us[-1]
        return self.after.decided_us <= last_us + self._within_us

    def judge(self, log: ExperimentLog, now_us: int, read_us: int) -> None:
        """Asks after those whose time is over; decisions have been read that were made before ``read_us``."""
        over_us = min(now_us - self._wait_us, read_us) - self._within_us
        while ended := self._ended(over_us):
            of = self._persons.decisions
            decisions = {decision: number for number in ended for decision in of[number]}
            for deed in log.became_of(decisions):
                number = decisions[deed.of]
                self._persons.reached[number] |= self._is_goal(deed, number)
            for number in ended:
                del of[number]
            self._judged = ended.stop

    def _ended(self, over_us: int) -> range:
        """Returns the next whose time is over."""
        last, first_us = self._judged, self._persons.first_us
        while last < min(len(first_us), self._judged + ROWS_AT_ONCE) and first_us[last] <= over_us:
            last += 1
        return range(self._judged, last)

    def correct(self, deed: DeedRow, row: Exposed, exposures: Exposures) -> None:
        """Takes a late report in, and the decision that it is of. Who is asked after later is left alone."""
        number = self._persons.numbers.get(row.person)
        if number is None or number >= self._judged or self.watched.exposed_as not in exposures:
            return
        since_us = row.place.decided_us - self._persons.first_us[number]
        is_news = not self._persons.reached[number] and not self._persons.switched[number]
        if is_news and 0 <= since_us < self._within_us and self._is_goal(deed, number):
            self._persons.reached[number] = True
            self._counted, self.counts, self.breach = 0, {}, None

    def _is_goal(self, deed: DeedRow, number: int) -> bool:
        return (
            deed.kind is self._kind
            and deed.name in self.watched.actions
            and 0 <= deed.at_us - self._persons.first_us[number] < self._within_us
        )

    def count(self) -> None:
        """Counts those who were asked after, one after the other; the first breach is what stays.

        After a correction from the first one on: with all there can be a tenth of a second.
        """
        persons, arms = self._persons, self.watched.arms
        counts = {arm: list(counted) for arm, counted in self.counts.items()}
        for number in range(self._counted, self._judged):
            if persons.switched[number]:
                continue
            arm = persons.arms[number]
            counted = counts.setdefault(arm, [0, 0])
            counted[0] += persons.reached[number]
            counted[1] += 1
            if not self.breach and (not arms or arm in arms) and self._boundary.is_crossed(*counted):
                self.breach = arm, Counted(*counted)
        self._counted = self._judged
        self.counts = {arm: Counted(*counted) for arm, counted in counts.items()}

    @property
    def words(self) -> str:
        """Why the guard is breached."""
        assert self.breach
        arm, counted = self.breach
        return breach_words(self.watched.guard, *counted, arm if self.watched.arms else "")


def look(log: ExperimentLog, watches: Collection[Watch], now: datetime, rows_max: int | None = None) -> None:
    """Reads on for each of the watches, and lets it judge. Raises ``StoreDown``.

    With ``rows_max`` what is left of the decisions then is for the next look.
    """
    now_us, settled_us = to_microseconds(now), to_microseconds(now - COMMITTED)
    by_place: dict[ExposedPlace | None, list[Watch]] = {}
    for watch in watches:
        # What is reported by now is seen when persons are asked after.
        watch.late_after = watch.late_after or LatePlace(settled_us, b"")
        by_place.setdefault(watch.after, []).append(watch)
    for after, group in by_place.items():
        read_us = _read_on(log, after, group, settled_us, rows_max)
        for watch in group:
            watch.judge(log, now_us, read_us)
    _correct(log, watches, settled_us)
    for watch in watches:
        watch.count()


def _read_on(
    log: ExperimentLog,
    after: ExposedPlace | None,
    group: Sequence[Watch],
    settled_us: int,
    rows_max: int | None,
) -> int:
    """Lets watches that are at one place take decisions; up to which instant they have them all."""
    if not any(watch.needs_more() for watch in group):
        return settled_us
    rows = 0
    for page in _settled(pages_of(log, after), settled_us):
        for row in page:
            exposures = exposures_in(row.arms)
            for watch in group:
                watch.take(row, exposures)
        for watch in group:
            watch.after = page[-1].place
        rows += len(page)
        if not any(watch.needs_more() for watch in group):
            break
        if rows_max is not None and rows >= rows_max:
            return page[-1].place.decided_us
    return settled_us


def _settled(pages: Iterable[Sequence[Exposed]], last_us: int) -> Iterator[Sequence[Exposed]]:
    for page in pages:
        settled = [row for row in page if row.place.decided_us <= last_us]
        if settled:
            yield settled
        if len(settled) < len(page):
            return


def _correct(log: ExperimentLog, watches: Collection[Watch], last_us: int) -> None:
    """Reads on in what was reported late. Who has it already takes no harm."""
    after = min((watch.late_after for watch in watches if watch.late_after), default=None)
    while after and (page := log.reported_late(after, last_us, ROWS_AT_ONCE)):
        exposed = {row.decision_id: row for row in log.exposed_of({report.deed.of for report in page})}
        exposures = {row.decision_id: exposures_in(row.arms) for row in exposed.values()}
        for deed in (report.deed for report in page if report.deed.of in exposed):
            for watch in watches:
                watch.correct(deed, exposed[deed.of], exposures[deed.of])
        after = page[-1].place
        for watch in watches:
            watch.late_after = after


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

    def check(self, rows_max: int | None = ROWS_MAX) -> None:
        """Looks at every guard once; see ``look``. Raises ``StoreDown`` and ``CallError``."""
        paused = self._pauses.names()
        running = [
            watched
            for watched in self._guarded()
            if not paused.intersection((watched.pauses, watched.action))
        ]
        self._watches = {watched: self._watch(watched) for watched in running}
        look(self._store, self._watches.values(), self._now(), rows_max)
        for watch in self._watches.values():
            if watch.breach:
                self._operators.pause(watch.watched.pauses, GUARD, watch.words)

    def check_at(self, at: datetime) -> None:
        """Looks once a minute of simulated time, before what happens at that instant; never raises."""
        with self._looking:
            is_due = self._looked is None or not self._looked <= at < self._looked + LOOK
            if is_due and self._guarded():
                self._looked = at
                with suppress(StoreDown, CallError):
                    self.check(rows_max=None)

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
