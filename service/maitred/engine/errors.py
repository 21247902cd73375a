"""What can go wrong with a call, by stable code. The shell turns codes into statuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, unique

from maitred.engine.ports.store import StoreConflict, StoreDown


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


@contextmanager
def store_calls(down: str) -> Iterator[None]:
    """Failures of the store are those of the call: ``down`` says what cannot be done while it is down.

    Raises ``CallError``: store down, retry.
    """
    try:
        yield
    except StoreDown as failure:
        raise CallError(Code.STORE_DOWN, down) from failure
    except StoreConflict as failure:
        raise CallError(Code.RETRY, "lost against another call, try again") from failure
