"""What operators and guards have stopped: known to every process within a second.

A pause is of an action by its name, of an experiment as ``experiment/NAME``, which then has nobody in an arm,
or of the steps of a rollout as ``rollout/ACTION``, which then raise nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from maitred.core.rules.experiments import experiment_name
from maitred.core.values.nearest import did_you_mean
from maitred.engine.calls import LimitsCall, LimitView
from maitred.engine.deciding.committer import Clock, Committer
from maitred.engine.deciding.rulesets import Rulesets
from maitred.engine.deciding.tickets import MoveTicket
from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.messages import STORE_SILENT
from maitred.engine.ports.observer import Observer, PauseChanged
from maitred.engine.ports.store import Pause, PauseStore, store_calls

from .limits import LimitReport


class Pauses:
    """What is paused as last looked at. ``names`` and ``since`` are read by decisions and never block."""

    def __init__(self, store: PauseStore, rulesets: Rulesets, now: Callable[[], datetime]) -> None:
        self._store, self._rulesets, self._now = store, rulesets, now
        self._since: Mapping[str, datetime] = {}
        self._names: frozenset[str] = frozenset()

    def names(self) -> frozenset[str]:
        """Names of what is stopped."""
        return self._names

    def since(self) -> Mapping[str, datetime]:
        """Since when it is stopped, by name."""
        return self._since

    def refresh(self) -> None:
        """Looks again. Raises ``StoreDown``; what was known before stays."""
        since = {pause.action: pause.paused_at for pause in self._store.pauses()}
        self._since, self._names = since, frozenset(since)

    def pause(self, action: str, by: str, cause: str) -> tuple[datetime, bool]:
        """Returns since when it is paused, as ``api.Operator.pause``, and whether it was not before."""
        self._check_known(action)
        with store_calls(STORE_SILENT):
            now = self._now()
            is_changed = self._store.pause(Pause(action, now, by, cause))
            self.refresh()
        return self._since.get(action, now), is_changed

    def resume(self, action: str) -> bool:
        """See ``api.Operator.resume``."""
        with store_calls(STORE_SILENT):
            was_paused = self._store.resume(action, self._now())
            self.refresh()
        if not was_paused:
            # One that the rules do not name any more may still be paused; a slip of the pen is not.
            self._check_known(action)
        return was_paused

    def _check_known(self, action: str) -> None:
        policy = self._rulesets.active
        if policy is None or action in policy.by_name:
            return
        others = {experiment_name(experiment.name) for experiment in policy.ruleset.experiments}
        others |= {rollout.held_as for rollout in policy.ramps}
        if action not in others:
            near = did_you_mean(action, {*policy.by_name, *others})
            raise CallError(Code.NOT_FOUND, f"no such action{near}", Cause.UNKNOWN_ACTION)


GUARD = "guard"
"""Who pauses where a guard does."""


class Operators:
    """Implements ``api.Operator``."""

    def __init__(
        self, pauses: Pauses, standings: LimitReport, committer: Committer, clock: Clock, observer: Observer
    ) -> None:
        self._pauses, self._standings, self._committer = pauses, standings, committer
        self._clock, self._observer = clock, observer

    def pause(self, action: str, by: str, cause: str) -> datetime:
        """See ``api.Operator.pause``."""
        since, is_changed = self._pauses.pause(action, by, cause)
        if is_changed:
            self._observer.observe(PauseChanged(action, paused=True, by_guard=by == GUARD))
        return since

    def resume(self, action: str) -> bool:
        """See ``api.Operator.resume``."""
        was_paused = self._pauses.resume(action)
        if was_paused:
            self._observer.observe(PauseChanged(action, paused=False))
        return was_paused

    def limits(self, call: LimitsCall) -> Sequence[LimitView]:
        """See ``api.Operator.limits``. What is due by then has gone back before it is looked at."""
        call = call._replace(at=self._clock.simulated(call.at))
        self._committer.commit(MoveTicket(plan=lambda: (), at=call.at))
        return self._standings.limits(call)
