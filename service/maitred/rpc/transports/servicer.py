"""How gRPC's own server answers a call: its deadline, its trace, and every failure through one table."""

import time
from collections.abc import Callable, Iterator
from typing import NoReturn, TypeAlias

import grpc

from maitred.core.trace import TraceContext
from maitred.engine.errors import CallError, Code
from maitred.engine.ports.observer import Observer
from maitred.rpc import messages
from maitred.rpc.convert.fields import Arrival
from maitred.rpc.failures import DEADLINE_MAX_SECONDS, failed, trace_of
from maitred.rpc.methods import Method, Services
from maitred.rpc.status import CallStatus
from maitred.rpc.streams import Streams

Unary: TypeAlias = Callable[[bytes, grpc.ServicerContext], bytes]
Streaming: TypeAlias = Callable[[Iterator[bytes], grpc.ServicerContext], Iterator[bytes]]


class Servicer:
    """Makes methods into the behaviours gRPC asks for."""

    def __init__(self, services: Services, observer: Observer) -> None:
        self._services, self._observer = services, observer

    def unary(self, method: Method) -> Unary:
        """One message, one answer."""
        services, observer, fail, name = self._services, self._observer, self._fail, method.full_name

        def behave(data: bytes, context: grpc.ServicerContext) -> bytes:
            started, trace = time.monotonic(), None
            try:
                if observer.tracing:
                    trace = trace_of(context.invocation_metadata())
                return method.answer(services, data, services.arrival(_deadline(context, started), trace))
            except Exception as error:  # noqa: BLE001 -- gRPC would send its text to the caller
                fail(context, name, error, started, trace)

        return behave

    def stream(self, name: str, method: Method, streams: Streams) -> Streaming:
        """Many messages, an answer to each; all share the stream's deadline. ``name`` is the full one."""
        services, observer, fail = self._services, self._observer, self._fail

        def behave(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            started, trace = time.monotonic(), None
            try:
                if observer.tracing:
                    trace = trace_of(context.invocation_metadata())
                arrival = services.arrival(_deadline(context, started), trace)
                yield from streams.run(requests, lambda data: _in_time(method, services, data, arrival))
            except Exception as error:  # noqa: BLE001 -- gRPC would send its text to the caller
                fail(context, name, error, started, trace)

        return behave

    def _fail(
        self,
        context: grpc.ServicerContext,
        name: str,
        error: Exception,
        started: float,
        trace: TraceContext | None,
    ) -> NoReturn:
        refuse(context, failed(self._observer, name, error, time.monotonic() - started, trace))


def refuse(context: grpc.ServicerContext, status: CallStatus) -> NoReturn:
    """Ends the call with the status."""
    context.set_trailing_metadata(status.trailers)
    context.abort(status.code, status.message)


def _in_time(method: Method, services: Services, data: bytes, arrival: Arrival) -> bytes:
    if arrival.deadline is not None and time.monotonic() >= arrival.deadline:
        raise CallError(Code.EXPIRED, messages.DEADLINE_PASSED)
    return method.answer(services, data, arrival)


def _deadline(context: grpc.ServicerContext, now: float) -> float | None:
    """The caller's deadline on the monotonic clock; raises where it has passed."""
    remaining = context.time_remaining()
    if remaining <= 0:
        raise CallError(Code.EXPIRED, messages.DEADLINE_PASSED)
    return now + remaining if remaining < DEADLINE_MAX_SECONDS else None
