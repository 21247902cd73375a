"""From the decision log to persons: who was in which arm since when, and what came of it.

The unit is a person, whatever channel they come by and however often. What they did counts from their first
exposure for as long as ``within`` says, and they are compared once that time is over: else who came
yesterday would count as one who did nothing. Who was seen in two arms (another salt, other weights) is in
neither.

Of a learner the unit is a decision: each draws anew whether it explores.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, takewhile

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.learning.learners import is_learner
from maitred.core.privacy.purposes import ConsentState
from maitred.core.rules.experiments import exposures_in, is_compared
from maitred.core.values.instants import MICROSECOND, to_microseconds
from maitred.engine.ports.evidence import DeedRow, ExperimentLog, Exposed, ExposedPlace

ROWS_AT_ONCE = 5_000
"""Decisions that are read with one statement: some megabytes."""
_REFUSED = frozenset({ConsentState.DENIED, ConsentState.OBJECTED})
Segment = Callable[[bytes], str]
"""What a person belongs to, by the id of the first decision that they were exposed with."""


@dataclass(frozen=True, slots=True)
class ResultsQuery:
    """What is asked of the log.

    ``goal`` is a kind of outcome, or the kind of an event. What a customer did before counts for as long as
    ``history`` before their first exposure; with none, nothing is read of that, nor of events. With
    ``by_decision`` every decision is a person of its own.
    """

    experiment: str
    goal: OutcomeKind | str
    now: datetime
    within: timedelta = timedelta(days=7)
    history: timedelta = timedelta(days=28)
    action: str = ""
    by_decision: bool = False


@dataclass(slots=True)
class Participant:
    """One person in one arm. ``reached`` is whether the goal was, ``before`` how often it was before."""

    arm: str
    first_us: int
    customer: bytes
    decisions: int = 0
    segment: str = ""
    refused: Counter[str] = field(default_factory=Counter)
    outcomes: set[OutcomeKind] = field(default_factory=set)
    reached: bool = False
    before: int = 0
    switched: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """Those whose time is over, in order of first exposure.

    ``early`` is how many are not yet compared, ``switched`` how many were seen in two arms. ``rulesets`` are
    the hashes of those that decided, the last one last.
    """

    people: Sequence[Participant]
    early: int
    switched: int
    rulesets: Sequence[str]


def names_in(log: ExperimentLog) -> Sequence[str]:
    """Returns every experiment, holdout and learner that somebody was exposed to."""
    names = {name for row in rows_of(log) for name in exposures_in(row.arms)}
    return sorted(name for name in names if is_compared(name) or is_learner(name))


def gather(log: ExperimentLog, question: ResultsQuery, segment: Segment | None = None) -> Gathered:
    """Everybody who was exposed to an experiment or a holdout by then. Raises ``StoreDown``."""
    gathering = _Gathering(question, segment)
    page: list[Exposed] = []
    now_us = to_microseconds(question.now)
    for row in takewhile(lambda row: row.place.decided_us <= now_us, rows_of(log)):
        if gathering.take(row):
            page.append(row)
        if len(page) == ROWS_AT_ONCE:
            gathering.attribute(page, log.became_of([row.decision_id for row in page]))
            page = []
    gathering.attribute(page, log.became_of([row.decision_id for row in page]))
    if question.history:
        gathering.remember(log)
    return gathering.done()


def without_refusals(log: ExperimentLog, gathered: Gathered, purpose: str) -> Gathered:
    """Leaves out who has refused the purpose since: they are compared no more. Raises ``StoreDown``."""
    if not purpose:
        return gathered
    known = sorted({person.customer for person in gathered.people if person.customer})
    refusing = {
        customer
        for start in range(0, len(known), ROWS_AT_ONCE)
        for customer, statements in log.stated(known[start : start + ROWS_AT_ONCE]).items()
        if is_refused(statements, purpose)
    }
    return replace(gathered, people=[person for person in gathered.people if person.customer not in refusing])


def is_refused(statements: Mapping[str, ConsentState], purpose: str) -> bool:
    """Returns whether a customer who has stated this has refused the purpose."""
    return statements.get(purpose) in _REFUSED


def rows_of(log: ExperimentLog) -> Iterator[Exposed]:
    """Returns every exposed decision in order of time. Raises ``StoreDown``."""
    return chain.from_iterable(pages_of(log))


def pages_of(log: ExperimentLog, after: ExposedPlace | None = None) -> Iterator[Sequence[Exposed]]:
    """Yields the same page by page, from that place on; no page is empty. Raises ``StoreDown``."""
    while page := log.exposed(after, ROWS_AT_ONCE):
        yield page
        after = page[-1].place


class _Gathering:
    """One pass over the log."""

    def __init__(self, question: ResultsQuery, segment: Segment | None) -> None:
        self._question, self._segment = question, segment
        self._within_us = question.within // MICROSECOND
        self._history_us = question.history // MICROSECOND
        self._people: dict[bytes, Participant] = {}
        self._rulesets: dict[str, None] = {}

    def take(self, row: Exposed) -> bool:
        """Returns whether the decision was exposed to the experiment."""
        exposure = exposures_in(row.arms).get(self._question.experiment)
        whose = self._whose(row)
        if exposure is None or not whose:
            return False
        person = self._people.get(whose)
        if person is None:
            segment = self._segment(row.decision_id) if self._segment else ""
            person = Participant(exposure.arm, row.place.decided_us, row.customer, segment=segment)
            self._people[whose] = person
        person.switched |= person.arm != exposure.arm
        person.decisions += 1
        if exposure.refused:
            person.refused[exposure.refused] += 1
        self._rulesets.pop(row.ruleset, None)
        self._rulesets[row.ruleset] = None
        return True

    def _whose(self, row: Exposed) -> bytes:
        """Returns what the decision is counted with; empty for nobody."""
        return row.decision_id if self._question.by_decision else row.person

    def attribute(self, page: Sequence[Exposed], deeds: Sequence[DeedRow]) -> None:
        """Gives what became of decisions to who they were made for."""
        owners = {row.decision_id: self._people[self._whose(row)] for row in page}
        for deed in deeds:
            person = owners[deed.of]
            if not self._counts(person, deed) or self._question.action not in ("", deed.name):
                continue
            assert deed.kind
            person.outcomes.add(deed.kind)
            person.reached |= deed.kind is self._question.goal

    def remember(self, log: ExperimentLog) -> None:
        """Reads what customers did before, and the events that they are judged by."""
        customers = {person.customer: person for person in self._people.values() if person.customer}
        known = list(customers)
        for start in range(0, len(known), ROWS_AT_ONCE):
            for deed in log.deeds_of(known[start : start + ROWS_AT_ONCE]):
                person, goal = customers[deed.of], self._question.goal
                if goal not in (deed.kind, deed.name if deed.kind is None else None):
                    continue
                if self._counts(person, deed):
                    person.reached |= deed.kind is None
                elif -self._history_us <= deed.at_us - person.first_us < 0:
                    person.before += 1

    def _counts(self, person: Participant, deed: DeedRow) -> bool:
        return 0 <= deed.at_us - person.first_us < self._within_us

    def done(self) -> Gathered:
        """Returns those whose time is over."""
        last_us = to_microseconds(self._question.now) - self._within_us
        stayed = [person for person in self._people.values() if not person.switched]
        people = sorted(
            (person for person in stayed if person.first_us <= last_us), key=lambda person: person.first_us
        )
        return Gathered(
            people, len(stayed) - len(people), len(self._people) - len(stayed), tuple(self._rulesets)
        )
