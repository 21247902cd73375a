"""Actions that operators have stopped: known to every process within a second."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from .errors import CallError, Code
from .nearest import did_you_mean
from .ports import Pause, Store, StoreConflict, StoreDown
from .rulesets import Rulesets


class Pauses:
    """What is paused as last looked at. ``names`` is read by every decision and never blocks."""

    def __init__(self, store: Store, rulesets: Rulesets, now: Callable[[], datetime]) -> None:
        self._store, self._rulesets, self._now = store, rulesets, now
        self._names: frozenset[str] = frozenset()

    def names(self) -> frozenset[str]:
        """Names of the actions that are stopped."""
        return self._names

    def refresh(self) -> None:
        """Looks again. Raises ``StoreDown``; what was known before stays."""
        self._names = frozenset(pause.action for pause in self._store.pauses())

    def pause(self, action: str, by: str, cause: str) -> datetime:
        """See ``api.Operator.pause``."""
        self._check_known(action)
        with _calls():
            now = self._now()
            self._store.pause(Pause(action, now, by, cause))
            since = {pause.action: pause.paused_at for pause in self._store.pauses()}
            self._names = frozenset(since)
        return since.get(action, now)

    def resume(self, action: str) -> bool:
        """See ``api.Operator.resume``."""
        with _calls():
            was_paused = self._store.resume(action)
            self.refresh()
        if not was_paused:
            # One that the rules do not name any more may still be paused; a slip of the pen is not.
            self._check_known(action)
        return was_paused

    def _check_known(self, action: str) -> None:
        policy = self._rulesets.active
        if policy is not None and action not in policy.by_name:
            near = did_you_mean(action, policy.by_name)
            raise CallError(Code.NOT_FOUND, f"no such action{near}")


@contextmanager
def _calls() -> Iterator[None]:
    """The store's failures as those of a call."""
    try:
        yield
    except StoreDown as down:
        raise CallError(Code.STORE_DOWN, "the database does not answer, try again") from down
    except StoreConflict as conflict:
        raise CallError(Code.RETRY, "lost against another call, try again") from conflict
