"""Calls on gRPC's own server that are open but whose message has not come, and how long they may stay so.

gRPC waits for the message of a unary call on a thread of the pool, for as long as the client likes: as
many clients as there are threads, each opening a call and sending nothing, would stop every decision. So
unary methods are served as client streams, which is the same on the wire: the behaviour starts at once,
is noted here and fetches its one message itself, and what waits too long is cancelled.

Age is counted in looks, not on the clock: while the process is stopped or too busy to take up messages
that are there, it does not look either, and no call ages. Those that leave the other calls of their
connection no place are cancelled sooner (``places``).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeAlias

import grpc

from maitred.engine.errors import CallError, Code
from maitred.engine.ports.observer import CallFailed, Observer
from maitred.rpc import messages
from maitred.rpc.status import status_of

from .places import LOOK_SECONDS, Crowds, Places
from .servicer import refuse

LOOKS_MAX = 40
"""Clients send the message with the opening of the call; a lost packet is sent again within a second."""

Behaviour: TypeAlias = Callable[..., Any]


class Arrivals:
    """The calls that wait for their message, and the thread that looks at them."""

    def __init__(self, observer: Observer, places: Places) -> None:
        self._observer = observer
        self._crowds: Crowds[grpc.ServicerContext] = Crowds(places, lambda context: context.peer())
        # Its methods are atomic, so that calls come and go without a lock.
        self._waiting: dict[grpc.ServicerContext, tuple[str, int]] = {}
        self._looks = 0
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
                waiting.pop(context, None)
            if data is None:
                # Not a failure to observe: gRPC may say the same of a call that was just cancelled.
                refuse(context, status_of(CallError(Code.MALFORMED, messages.NO_MESSAGE)))
            return behaviour(data, context, *more)

        return behave

    def look(self) -> None:
        """Cancels the calls that have waited too long; to be called every ``LOOK_SECONDS``."""
        self._looks += 1
        waiting = dict(self._waiting)
        crowding = set(self._crowds.look(waiting))
        for context, (method, since) in waiting.items():
            if self._looks - since <= LOOKS_MAX and context not in crowding:
                continue
            with suppress(KeyError):
                del self._waiting[context]
                # The client sees CANCELLED; the thread is let go a moment later.
                context.cancel()
                seconds = (self._looks - since) * LOOK_SECONDS
                self._observer.observe(
                    CallFailed(method, Code.EXPIRED, seconds, status=grpc.StatusCode.CANCELLED.name)
                )

    def _run(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            self.look()
