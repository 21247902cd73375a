"""``DecisionService``: convert, call, convert; every failure through one table."""

import secrets
import time
from collections.abc import Iterator
from typing import NoReturn

import grpc

from maitred.core.trace import TraceContext, parse_traceparent
from maitred.engine.api import Decider
from maitred.engine.calls import Answer
from maitred.engine.errors import CallError, Code
from maitred.engine.observer import CallFailed, Observer

from . import messages
from .convert import decide_call, decide_response, get_decision_call, get_decision_response
from .names import full_name
from .status import STATUS_OF, trailer_of
from .streams import Streams

DEADLINE_MOST_SECONDS = 365 * 24 * 3600.0
"""gRPC says "no deadline" as an instant far away; beyond a year it is none."""
ERROR_ID_BYTES = 8
"""Enough to find one line in a year of logs."""


class Servicer:
    """The behaviours behind the service's methods: bytes in, bytes out."""

    def __init__(
        self, decider: Decider, observer: Observer, streams: Streams, *, simulated_time: bool
    ) -> None:
        self._decider, self._observer, self._streams = decider, observer, streams
        self._simulated_time = simulated_time

    def decide(self, data: bytes, context: grpc.ServicerContext) -> bytes:
        """``maitred.v1.DecisionService/Decide``."""
        started, trace = time.monotonic(), None
        try:
            if self._observer.tracing:
                trace = _trace(context)
            deadline = _deadline(context, started)
            call = decide_call(data, simulated_time=self._simulated_time, deadline=deadline, trace=trace)
            return decide_response(self._decider.decide(call))
        except Exception as error:  # noqa: BLE001 -- gRPC would send its text to the caller
            self._fail(context, "Decide", error, started, trace)

    def decide_stream(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        """``maitred.v1.DecisionService/DecideStream``; all share the deadline of the stream."""
        started, trace = time.monotonic(), None
        try:
            if self._observer.tracing:
                trace = _trace(context)
            deadline = _deadline(context, started)
            yield from self._streams.run(
                requests, lambda data: decide_response(self._answer(data, deadline, trace))
            )
        except Exception as error:  # noqa: BLE001 -- gRPC would send its text to the caller
            self._fail(context, "DecideStream", error, started, trace)

    def get_decision(self, data: bytes, context: grpc.ServicerContext) -> bytes:
        """``maitred.v1.DecisionService/GetDecision``."""
        started = time.monotonic()
        try:
            _deadline(context, started)
            return get_decision_response(self._decider.get_decision(*get_decision_call(data)))
        except Exception as error:  # noqa: BLE001 -- gRPC would send its text to the caller
            self._fail(context, "GetDecision", error, started, None)

    def _answer(self, data: bytes, deadline: float | None, trace: TraceContext | None) -> Answer:
        if deadline is not None and time.monotonic() >= deadline:
            raise CallError(Code.EXPIRED, messages.DEADLINE_PASSED)
        call = decide_call(data, simulated_time=self._simulated_time, deadline=deadline, trace=trace)
        return self._decider.decide(call)

    def _fail(
        self,
        context: grpc.ServicerContext,
        method: str,
        error: Exception,
        started: float,
        trace: TraceContext | None,
    ) -> NoReturn:
        seconds, name = time.monotonic() - started, full_name(method)
        if isinstance(error, CallError):
            status = STATUS_OF[error.code].name
            self._observer.observe(CallFailed(name, error.code, seconds, trace=trace, status=status))
            refuse(context, error.code, error.message)
        error_id = secrets.token_hex(ERROR_ID_BYTES)
        internal = grpc.StatusCode.INTERNAL
        self._observer.observe(CallFailed(name, None, seconds, error_id, trace, internal.name, error))
        context.abort(internal, messages.internal(error_id))


def refuse(context: grpc.ServicerContext, code: Code, message: str) -> NoReturn:
    """Ends the call with the status of the code."""
    context.set_trailing_metadata(trailer_of(code))
    context.abort(STATUS_OF[code], message)


def _deadline(context: grpc.ServicerContext, now: float) -> float | None:
    """The caller's deadline on the monotonic clock; raises where it has passed."""
    remaining = context.time_remaining()
    if remaining <= 0:
        raise CallError(Code.EXPIRED, messages.DEADLINE_PASSED)
    return now + remaining if remaining < DEADLINE_MOST_SECONDS else None


def _trace(context: grpc.ServicerContext) -> TraceContext | None:
    parent, state = "", ""
    for key, value in context.invocation_metadata() or ():
        if key == "traceparent" and isinstance(value, str):
            parent = value
        elif key == "tracestate" and isinstance(value, str):
            state = f"{state},{value}" if state else value
    return parse_traceparent(parent, state) if parent else None
