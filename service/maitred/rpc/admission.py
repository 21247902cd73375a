"""Who is let in: called on gRPC's serving thread for every call, before any thread is given to it."""

from collections.abc import Iterator
from typing import NoReturn

import grpc

from maitred.engine.errors import Code
from maitred.engine.observer import CallFailed, Observer

from . import messages
from .methods import DECISION_SERVICE, Handler, Handlers, On, Pools
from .servicer import refuse

CALL_THREADS = 64
"""Decisions at once, and so the largest batch: more brings no further throughput on two cores."""
WAITING_CALLS_MOST = 512
"""About 0.1 s of work at some 4,500 calls a second: who waits longer at a till has given up."""


class Admission(grpc.GenericRpcHandler):
    """Finds the handler of a method, or the one that refuses when too many calls wait."""

    def __init__(self, handlers: Handlers, pools: Pools, observer: Observer, waiting_most: int) -> None:
        self._handlers, self._workers, self._waiting_most = handlers, pools.calls, waiting_most
        # Any method may be answered as a stream: so the refusal need not wait for the message.
        self._refusals: Handlers = {
            f"/{DECISION_SERVICE}/{method}": grpc.stream_unary_rpc_method_handler(
                On(pools.refusals, _Refusal(method, observer))
            )
            for method in ("Decide", "GetDecision")
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        """The handler; ``None`` where there is no such method."""
        method = handler_call_details.method
        if self._workers.waiting >= self._waiting_most and method in self._refusals:
            return self._refusals[method]
        return self._handlers.get(method)


class _Refusal:
    """Answers a call that is one too many."""

    def __init__(self, method: str, observer: Observer) -> None:
        self._method, self._observer = method, observer

    def __call__(self, _requests: Iterator[bytes], context: grpc.ServicerContext) -> NoReturn:
        self._observer.observe(CallFailed(self._method, Code.OVERLOADED, 0.0))
        refuse(context, Code.OVERLOADED, messages.OVERLOADED)
