"""From the decision log to parameters: what became of every proposal that learned scores had a part in.

A proposal teaches once its time is over: else what was shown an hour ago would count as refused. It is one
success or one failure of its action, however often it was shown. Whoever has refused the purpose of a learner
since, or was erased, is left out, as if they had never come: everything is counted anew each time.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.learning.learners import Beta, Learner, Parameters, is_learner, learner_name
from maitred.core.privacy.purposes import ConsentState
from maitred.core.rules.experiments import exposures_in, learned_by
from maitred.core.rules.ruleset import Ruleset
from maitred.core.values.instants import MICROSECOND, to_microseconds
from maitred.engine.ports.evidence import DeedRow, ExperimentLog, Exposed

from .gathering import is_refused, pages_of
from .parameters import parameters_of


class Seen(NamedTuple):
    """What became of the proposals of an action: so many ``successes`` of so many ``trials``."""

    trials: int
    successes: int


@dataclass(frozen=True, slots=True)
class LearnedFromLog:
    """What the log teaches: by learner, every action that is scored by it.

    ``decisions`` are those that had a part in it, ``early`` those whose time is not over, ``refused`` those
    of people who have refused the purpose since. ``unknown`` are learners that decisions were scored by and
    the rules do not have.
    """

    parameters: Parameters
    seen: Mapping[str, Mapping[str, Seen]]
    decisions: int
    early: int
    refused: int
    unknown: Sequence[str] = ()


def teach(
    log: ExperimentLog, ruleset: Ruleset, now: datetime, progress: Callable[[int], None] = lambda _: None
) -> LearnedFromLog:
    """Goes through the log once; ``progress`` is told the decisions so far. Raises ``StoreDown``."""
    teaching = _Teaching(log, ruleset, to_microseconds(now))
    count = 0
    for page in pages_of(log):
        teaching.take(page)
        count += len(page)
        progress(count)
    return teaching.done()


@dataclass(slots=True)
class _Lesson:
    """A learner, and what it has learned so far. ``actions`` are those that are scored by it."""

    learner: Learner
    actions: frozenset[str]
    outcome: OutcomeKind
    over: OutcomeKind
    within_us: int
    trials: Counter[str] = field(default_factory=Counter)
    successes: Counter[str] = field(default_factory=Counter)

    @property
    def exposure(self) -> str:
        return learner_name(self.learner.name)

    def take(self, row: Exposed, deeds: Iterable[DeedRow]) -> None:
        """What became of one decision whose time is over."""
        over, reached = set[str](), set[str]()
        for deed in deeds:
            if deed.kind is self.over:
                over.add(deed.name)
            elif deed.kind is self.outcome and 0 <= deed.at_us - row.place.decided_us < self.within_us:
                reached.add(deed.name)
        tried = over & self.actions
        self.trials.update(tried)
        self.successes.update(tried & reached)

    def beliefs(self) -> Mapping[str, Beta]:
        """Of the actions of which anything was learned."""
        prior = self.learner.prior
        return {
            action: Beta(
                prior.successes + self.successes[action],
                prior.failures + trials - self.successes[action],
            )
            for action, trials in sorted(self.trials.items())
        }

    def seen(self) -> Mapping[str, Seen]:
        return {action: Seen(self.trials[action], self.successes[action]) for action in sorted(self.actions)}


class _Teaching:
    """One pass over the log."""

    def __init__(self, log: ExperimentLog, ruleset: Ruleset, now_us: int) -> None:
        self._log, self._now_us = log, now_us
        self._decisions = self._early = self._refused = 0
        self._known = {learner_name(learner.name) for learner in ruleset.learners}
        self._unknown: set[str] = set()
        self._lessons = [
            _Lesson(
                learner,
                frozenset(action.name for action in ruleset.actions if learner.name in learned_by(action)),
                OutcomeKind[learner.outcome.upper()],
                OutcomeKind[learner.over.upper()],
                learner.within // MICROSECOND,
            )
            for learner in ruleset.learners
            if learner.enabled
        ]

    def take(self, page: Sequence[Exposed]) -> None:
        """Learns from these decisions."""
        exposed = [(row, exposures_in(row.arms)) for row in page]
        self._unknown |= {name for _, arms in exposed for name in arms if is_learner(name)} - self._known
        ours = [
            (row, [lesson for lesson in self._lessons if lesson.exposure in arms]) for row, arms in exposed
        ]
        ours = [(row, lessons) for row, lessons in ours if lessons]
        if not ours:
            return
        stated = self._log.stated({row.customer for row, _ in ours if row.customer})
        deeds: dict[bytes, list[DeedRow]] = {}
        for deed in self._log.became_of([row.decision_id for row, _ in ours]):
            deeds.setdefault(deed.of, []).append(deed)
        for row, lessons in ours:
            statements = stated.get(row.customer, {})
            for lesson in lessons:
                self._take_one(lesson, row, statements, deeds.get(row.decision_id, ()))

    def _take_one(
        self,
        lesson: _Lesson,
        row: Exposed,
        statements: Mapping[str, ConsentState],
        deeds: Iterable[DeedRow],
    ) -> None:
        if is_refused(statements, lesson.learner.purpose):
            self._refused += 1
        elif row.place.decided_us + lesson.within_us > self._now_us:
            self._early += 1
        else:
            self._decisions += 1
            lesson.take(row, deeds)

    def done(self) -> LearnedFromLog:
        """Returns what was learned."""
        parameters = parameters_of({lesson.learner.name: lesson.beliefs() for lesson in self._lessons})
        seen = {lesson.learner.name: lesson.seen() for lesson in self._lessons}
        unknown = sorted(name.removeprefix(learner_name("")) for name in self._unknown)
        return LearnedFromLog(parameters, seen, self._decisions, self._early, self._refused, unknown)
