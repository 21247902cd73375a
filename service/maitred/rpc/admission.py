"""Who is let in: called on gRPC's serving thread for every call, before any thread is given to it."""

import time
from collections.abc import Iterator
from functools import partial
from typing import NoReturn

import grpc

from maitred.engine.errors import Code
from maitred.engine.observer import CallFailed, Observer

from . import messages
from .methods import Handler, Handlers, On, Pools
from .names import METHODS, full_name
from .servicer import refuse
from .status import STATUS_OF

CALL_THREADS = 64
"""Decisions at once, and so the largest batch: more brings no further throughput on two cores."""
WAITING_CALLS_MOST = 512
"""About 0.1 s of work at some 4,500 calls a second: who waits longer at a till has given up."""

_SHED = ("Decide", "GetDecision")
"""Streams have their own threads and their own bound."""


class Admission(grpc.GenericRpcHandler):
    """Finds the handler of a method, or one that refuses: too many calls wait, or the server stops."""

    def __init__(self, handlers: Handlers, pools: Pools, observer: Observer, waiting_most: int) -> None:
        self._handlers, self._workers, self._waiting_most = handlers, pools.calls, waiting_most
        self._refusals = _Refusals(observer)
        self._when_full = self._refusals.handlers(_SHED, Code.OVERLOADED, messages.OVERLOADED, pools)
        self._when_stopping = self._refusals.handlers(METHODS, Code.STOPPING, messages.STOPPING, pools)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        """The handler; ``None`` where there is no such method."""
        method = handler_call_details.method
        if self._workers.waiting >= self._waiting_most and method in self._when_full:
            return self._when_full[method]
        return self._handlers.get(method)

    def stop(self) -> None:
        """Refuses every decision from now on; what was let in goes on."""
        self._when_full = self._when_stopping
        self._handlers = {**self._handlers, **self._when_stopping}

    def wait_until_quiet(self, quiet_seconds: float, most_seconds: float) -> None:
        """Returns once no call has been refused for ``quiet_seconds``, or after ``most_seconds``."""
        end, seen = time.monotonic() + most_seconds, -1
        while seen != self._refusals.count and time.monotonic() < end:
            seen = self._refusals.count
            time.sleep(quiet_seconds)


class _Refusals:
    """Answers calls with one failure, and counts them."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.count = 0

    def handlers(self, methods: tuple[str, ...], code: Code, message: str, pools: Pools) -> Handlers:
        """Any method may be answered as a stream: so the refusal need not wait for the message."""
        return {
            f"/{full_name(method)}": grpc.stream_unary_rpc_method_handler(
                On(pools.refusals, partial(self._refuse, method, code, message))
            )
            for method in methods
        }

    def _refuse(
        self, method: str, code: Code, message: str, _requests: Iterator[bytes], context: grpc.ServicerContext
    ) -> NoReturn:
        self.count += 1
        self._observer.observe(CallFailed(full_name(method), code, 0.0, status=STATUS_OF[code].name))
        refuse(context, code, message)
