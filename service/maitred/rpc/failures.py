"""What becomes of a call that fails, and the trace it came with: alike on every transport."""

import secrets
from collections.abc import Iterable

from maitred.core.trace import TraceContext, parse_traceparent
from maitred.engine.errors import CallError
from maitred.engine.ports.observer import CallFailed, Observer
from maitred.engine.ports.store import StoreConflict, StoreDown

from .status import CallStatus, internal, status_of

DEADLINE_MAX_SECONDS = 365 * 24 * 3600.0
"""gRPC says "no deadline" as an instant far away; beyond a year it is none."""
ERROR_ID_BYTES = 8
"""Enough to find one line in a year of logs."""


def failed(
    observer: Observer, method: str, error: Exception, seconds: float, trace: TraceContext | None
) -> CallStatus:
    """Tells the observer; gives what the caller is told. Of a fault of ours that is its id alone."""
    if isinstance(error, CallError):
        status = status_of(error)
        cause = error.__cause__
        detail = str(cause) if isinstance(cause, StoreDown | StoreConflict) else ""
        observer.observe(
            CallFailed(method, error.code, seconds, trace=trace, status=status.code.name, detail=detail)
        )
        _let_go(error)
        return status
    error_id = secrets.token_hex(ERROR_ID_BYTES)
    status = internal(error_id)
    observer.observe(CallFailed(method, None, seconds, error_id, trace, status.code.name, error))
    return status


def _let_go(error: BaseException | None) -> None:
    """Forgets the frames that a failure went through, once it has been told.

    They hold the call, and often the failure: the call would stay open until a collection, and take one of
    the few places that its connection has.
    """
    while error is not None and error.__traceback__ is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def trace_of(metadata: Iterable[tuple[str, str | bytes]] | None) -> TraceContext | None:
    """Returns the caller's trace, by the metadata of the call."""
    parent, state = "", ""
    for key, value in metadata or ():
        if key == "traceparent" and isinstance(value, str):
            parent = value
        elif key == "tracestate" and isinstance(value, str):
            state = f"{state},{value}" if state else value
    return parse_traceparent(parent, state) if parent else None
