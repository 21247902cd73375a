"""Who is let in: called on gRPC's serving thread for every call, before any thread is given to it."""

import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple, NoReturn

import grpc

from maitred.engine.errors import CallError, Code
from maitred.engine.ports.observer import CallFailed, Observer

from . import messages
from .servicer import refuse
from .status import Status, status_of
from .stock import Handler, Handlers, On, Pools
from .workers import Workers

CALL_THREADS = 64
"""Decisions at once, and so the largest batch: more brings no further throughput on two cores."""
WAITING_CALLS_MOST = 512
"""About 0.1 s of work at some 4,500 calls a second: who waits longer at a till has given up."""
WAITING_OFFICE_CALLS_MOST = 64
"""As many people as will ever look at one server at once."""


class Lane(NamedTuple):
    """Methods that share threads, by full name, and how many of their calls may wait for one."""

    methods: Iterable[str]
    workers: Workers
    waiting_most: int


class Admission(grpc.GenericRpcHandler):
    """Finds the handler of a method, or one that refuses: too many calls wait, or the server stops.

    ``served`` is what a server that stops refuses, ``around`` what it answers to the end. Methods
    without a lane have bounds of their own.
    """

    def __init__(
        self, served: Handlers, around: Handlers, lanes: Iterable[Lane], refusals: "Refusals"
    ) -> None:
        self._handlers, self._refusals = {**served, **around}, refusals
        self._lanes = {
            path: (workers, waiting_most, handler)
            for methods, workers, waiting_most in lanes
            for path, handler in refusals.handlers(methods, Code.OVERLOADED, messages.OVERLOADED).items()
        }
        names = [path.removeprefix("/") for path in served]
        self._when_stopping = refusals.handlers(names, Code.STOPPING, messages.STOPPING)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        """The handler; ``None`` where there is no such method."""
        method = handler_call_details.method
        lane = self._lanes.get(method)
        if lane is not None and lane[0].waiting >= lane[1]:
            return lane[2]
        return self._handlers.get(method)

    def stop(self) -> None:
        """Refuses every decision from now on; what was let in goes on."""
        self._handlers = {**self._handlers, **self._when_stopping}
        self._lanes = {}

    def wait_until_quiet(self, quiet_seconds: float, most_seconds: float) -> None:
        """Returns once no call has been refused for ``quiet_seconds``, or after ``most_seconds``."""
        end, seen = time.monotonic() + most_seconds, -1
        while seen != self._refusals.count and time.monotonic() < end:
            seen = self._refusals.count
            time.sleep(quiet_seconds)


class Refusals:
    """Answers calls with one failure, and counts them."""

    def __init__(self, observer: Observer, pools: Pools) -> None:
        self._observer, self._pool = observer, pools.refusals
        self.count = 0

    def handlers(self, methods: Iterable[str], code: Code, message: str) -> Handlers:
        """Any method may be answered as a stream: so the refusal need not wait for the message."""
        status = status_of(CallError(code, message))
        return {
            f"/{name}": grpc.stream_unary_rpc_method_handler(
                On(self._pool, partial(self._refuse, name, code, status))
            )
            for name in methods
        }

    def _refuse(
        self, name: str, code: Code, status: Status, _requests: Iterator[bytes], context: grpc.ServicerContext
    ) -> NoReturn:
        self.count += 1
        self._observer.observe(CallFailed(name, code, 0.0, status=status.code.name))
        refuse(context, status)
