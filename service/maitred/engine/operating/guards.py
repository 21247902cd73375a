"""Guards at work: rollouts that harm are paused, by whichever process sees it first."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from maitred.core.deciding.decisions import OutcomeKind
from maitred.core.rules.experiments import rollout_name
from maitred.core.rules.guards import breach_words, is_breached
from maitred.core.rules.ruleset import Action, Guard
from maitred.core.values.instants import MICROSECOND
from maitred.engine.ports.evidence import ExperimentLog
from maitred.engine.ports.store import PauseStore

from .gathering import ResultsQuery, gather
from .pauses import Operators, Pauses
from .rulesets import Rulesets

BY = "guard"
"""Who pauses where a guard does."""
_NO_HISTORY = timedelta(0)


class Evidence(ExperimentLog, PauseStore, Protocol):
    """What guards look at."""


class Guards:
    """Looks at what became of guarded rollouts. ``now`` gives aware UTC.

    A breach is a pause of the action: a row in the store that every process reads, that decisions have in
    their records, and that an operator ends. What came before the last resumption is not looked at again.
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

    def check(self) -> None:
        """Looks at every guard once. Raises ``StoreDown`` and ``CallError``."""
        policy, paused = self._rulesets.active, self._pauses.names()
        for action in policy.actions if policy else ():
            guard = action.rollout.guard if action.rollout else None
            if guard and action.name not in paused:
                self._check(action, guard)

    def _check(self, action: Action, guard: Guard) -> None:
        reached, persons = counts_of(self._store, action, guard, self._now())
        if is_breached(guard, reached, persons):
            self._operators.pause(action.name, BY, breach_words(guard, reached, persons))


def counts_of(store: Evidence, action: Action, guard: Guard, now: datetime) -> tuple[int, int]:
    """How many had the guard's outcome, and of how many persons who count by now. Raises ``StoreDown``."""
    question = ResultsQuery(
        rollout_name(action.name),
        OutcomeKind[guard.outcome.upper()],
        now,
        guard.within,
        history=_NO_HISTORY,
        action=action.name,
        since=store.resumed_at(action.name),
    )
    people = gather(store, question).people
    if not people:
        return 0, 0
    last_us = people[0].first_us + guard.horizon // MICROSECOND
    watched = [person for person in people if person.first_us <= last_us]
    return sum(person.reached for person in watched), len(watched)
