"""Who is let in to gRPC's own server: asked on its polling thread, before any thread is given to a call."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, NoReturn, TypeAlias

import grpc

from maitred.engine.errors import CallError, Code
from maitred.engine.ports.observer import CallFailed, Observer
from maitred.rpc import messages
from maitred.rpc.status import status_of

from .servicer import refuse

REFUSAL_THREADS = 2
"""Refusals are short and must not wait behind decisions."""

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Handlers: TypeAlias = dict[str, Handler]


class Pool(ThreadPoolExecutor):
    """Threads, and how many calls wait for one."""

    @property
    def waiting(self) -> int:
        """Calls that no thread has taken up yet."""
        return self._work_queue.qsize()


class On:
    """A behaviour that runs on its own pool.

    gRPC reads the attribute; should it cease to, the behaviour runs on the common pool.
    """

    def __init__(self, pool: ThreadPoolExecutor, behaviour: Any, *, non_blocking: bool = False) -> None:
        self.experimental_thread_pool = pool
        self.experimental_non_blocking = non_blocking
        self._behaviour = behaviour

    def __call__(self, *args: Any) -> Any:  # noqa: D102 -- the class says it
        return self._behaviour(*args)


class Lane(NamedTuple):
    """Methods that share threads, by full name, and how many of their calls may wait for one."""

    methods: Iterable[str]
    pool: Pool
    max_waiting: int


class AdmissionHandler(grpc.GenericRpcHandler):
    """Finds the handler of a method, or one that refuses: too many calls wait, or the server stops.

    ``served`` is what a server that stops refuses, ``around`` what it answers to the end. Methods
    without a lane have bounds of their own.
    """

    def __init__(self, served: Handlers, around: Handlers, lanes: Iterable[Lane], observer: Observer) -> None:
        self._observer = observer
        self._pool = ThreadPoolExecutor(REFUSAL_THREADS, "maitred-refusals")
        self._handlers = {**served, **around}
        self._lanes = {
            path: (lane.pool, lane.max_waiting, handler)
            for lane in lanes
            for path, handler in self._refusing(lane.methods, Code.OVERLOADED, messages.OVERLOADED).items()
        }
        names = [path.removeprefix("/") for path in served]
        self._when_stopping = self._refusing(names, Code.STOPPING, messages.STOPPING)
        self.rejected = 0

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

    def close(self) -> None:
        """Ends the threads."""
        self._pool.shutdown(wait=False)

    def _refusing(self, methods: Iterable[str], code: Code, message: str) -> Handlers:
        """Any method may be answered as a stream: so the refusal need not wait for the message."""
        error = CallError(code, message)
        return {
            f"/{name}": grpc.stream_unary_rpc_method_handler(
                On(self._pool, partial(self._refuse, name, error))
            )
            for name in methods
        }

    def _refuse(
        self, name: str, error: CallError, _requests: Iterator[bytes], context: grpc.ServicerContext
    ) -> NoReturn:
        self.rejected += 1
        status = status_of(error)
        self._observer.observe(CallFailed(name, error.code, 0.0, status=status.code.name))
        refuse(context, status)


def wait_until_quiet(rejected: Callable[[], int | None], quiet_seconds: float, max_seconds: float) -> None:
    """Returns once no more calls were rejected for ``quiet_seconds``, or after ``max_seconds``.

    ``rejected`` gives how many have been; ``None`` while it cannot be told whether there are more.
    """
    end, seen = time.monotonic() + max_seconds, -1
    while time.monotonic() < end:
        now = rejected()
        if now is not None and now == seen:
            return
        seen = -1 if now is None else now
        time.sleep(quiet_seconds)
