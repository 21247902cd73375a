"""What can go wrong with a call, by stable code. The shell turns codes into statuses."""

from enum import Enum, unique


@unique
class Code(Enum):
    """Every way a call can fail other than by a fault of ours."""

    MALFORMED = "malformed"
    NOT_FOUND = "not found"
    OTHER_CONTENT = "same id, other content"
    TOO_LATE = "too late"
    NO_RULESET = "no valid ruleset"
    OVERLOADED = "overloaded"
    EXPIRED = "deadline passed"
    STORE_DOWN = "store down"
    RETRY = "retry"
    STOPPING = "stopping"


class CallError(Exception):
    """A call that cannot be answered. ``message`` is meant for the caller's eyes."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message
