"""What operators see and stop."""

from collections.abc import Sequence
from datetime import datetime

from .calls import LimitsCall, LimitView
from .observer import Observer, PauseChanged
from .pauses import Pauses
from .standings import Standings


class Operators:
    """Implements ``api.Operator``."""

    def __init__(self, pauses: Pauses, standings: Standings, observer: Observer) -> None:
        self._pauses, self._standings, self._observer = pauses, standings, observer

    def pause(self, action: str, by: str, cause: str) -> datetime:
        """See ``api.Operator.pause``."""
        since = self._pauses.pause(action, by, cause)
        self._observer.observe(PauseChanged(action, paused=True))
        return since

    def resume(self, action: str) -> bool:
        """See ``api.Operator.resume``."""
        was_paused = self._pauses.resume(action)
        if was_paused:
            self._observer.observe(PauseChanged(action, paused=False))
        return was_paused

    def limits(self, call: LimitsCall) -> Sequence[LimitView]:
        """See ``api.Operator.limits``."""
        return self._standings.limits(call)
