"""Calls that are open but whose message has not come yet, and how long they may stay so.

gRPC waits for the message of a unary call on a thread of the pool, for as long as the
client likes: as many clients as there are threads, each opening a call and sending
nothing, would stop every decision. So unary methods are served as client streams, which
is the same on the wire: the behaviour starts at once, is noted here and fetches its one
message itself, and what waits too long is cancelled.

Age is counted in looks, not on the clock: while the process is stopped or too busy to
take up messages that are there, it does not look either, and no call ages.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import grpc

from maitred.engine.errors import CallError, Code
from maitred.engine.ports.observer import CallFailed, Observer

from . import messages
from .servicer import refuse
from .status import status_of
from .workers import Workers

MESSAGE_MOST_SECONDS = 2.0
"""Clients send it with the opening of the call; a packet lost on the way is sent again within a second."""
CROWDED_MOST_SECONDS = 0.075
"""When calls wait for threads that wait for messages; several times what a message takes on a full server."""
LOOK_SECONDS = 0.025
"""Between looks: a fraction of ``CROWDED_MOST_SECONDS``, and still nothing for an idle process."""
LOOKS_MOST = round(MESSAGE_MOST_SECONDS / LOOK_SECONDS)
CROWDED_LOOKS_MOST = round(CROWDED_MOST_SECONDS / LOOK_SECONDS)

Behaviour: TypeAlias = Callable[..., Any]
_Waiting: TypeAlias = tuple[grpc.ServicerContext, tuple[str, int]]
"""The call, its method and the look it came before."""


class Arrivals:
    """The calls of one pool that wait for their message."""

    def __init__(self, pool: Workers, observer: Observer) -> None:
        self._pool, self._observer = pool, observer
        # Its methods are atomic, so that calls come and go without a lock.
        self._waiting: dict[grpc.ServicerContext, tuple[str, int]] = {}
        self._cancelled: set[grpc.ServicerContext] = set()
        self._looks = 0

    def one_message(self, method: str, behaviour: Behaviour) -> Behaviour:
        """The behaviour of a unary method as that of a client stream; it ignores all but the first message.

        A call that ends without a message is refused, one that is over raises ``grpc.RpcError``.
        """
        waiting = self._waiting

        def behave(requests: Iterator[bytes], context: grpc.ServicerContext, *more: Any) -> Any:
            waiting[context] = method, self._looks
            try:
                data = next(requests, None)
            finally:
                del waiting[context]
            if data is None:
                # Not a failure to observe: gRPC may say the same of a call that was just cancelled.
                refuse(context, status_of(CallError(Code.MALFORMED, messages.NO_MESSAGE)))
            return behaviour(data, context, *more)

        return behave

    def look(self) -> None:
        """Cancels the calls that have waited too long; to be called every ``LOOK_SECONDS``."""
        self._looks += 1
        for context, (method, since) in self._overdue(self._snapshot()):
            # The client sees CANCELLED; the thread is let go a moment later.
            context.cancel()
            self._cancelled.add(context)
            seconds = (self._looks - since) * LOOK_SECONDS
            self._observer.observe(
                CallFailed(method, Code.EXPIRED, seconds, status=grpc.StatusCode.CANCELLED.name)
            )

    def _snapshot(self) -> list[_Waiting]:
        try:
            waiting = list(self._waiting.items())
        except RuntimeError:  # changed meanwhile: the next look will do
            return []
        self._cancelled.intersection_update(context for context, _ in waiting)
        return [one for one in waiting if one[0] not in self._cancelled]

    def _overdue(self, waiting: list[_Waiting]) -> list[_Waiting]:
        late = self._older_than(CROWDED_LOOKS_MOST, waiting)
        crowded = self._pool.waiting and 2 * len(late) > self._pool.threads
        return late if crowded else self._older_than(LOOKS_MOST, late)

    def _older_than(self, looks: int, waiting: list[_Waiting]) -> list[_Waiting]:
        return [one for one in waiting if self._looks - one[1][1] > looks]


class Watch:
    """The one thread that looks."""

    def __init__(self, *arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="maitred-arrivals", daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            for arrivals in self._arrivals:
                arrivals.look()
