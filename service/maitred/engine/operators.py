"""What operators see and stop."""

from collections.abc import Sequence
from datetime import datetime

from .calls import LimitsCall, LimitView
from .pauses import Pauses
from .standings import Standings


class Operators:
    """Implements ``api.Operator``."""

    def __init__(self, pauses: Pauses, standings: Standings) -> None:
        self._pauses, self._standings = pauses, standings

    def pause(self, action: str, by: str, cause: str) -> datetime:
        """See ``api.Operator.pause``."""
        return self._pauses.pause(action, by, cause)

    def resume(self, action: str) -> bool:
        """See ``api.Operator.resume``."""
        return self._pauses.resume(action)

    def limits(self, call: LimitsCall) -> Sequence[LimitView]:
        """See ``api.Operator.limits``."""
        return self._standings.limits(call)
