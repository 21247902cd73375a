"""Many requests of one stream at once, answered in their order.

One thread reads the stream, shared threads work, gRPC's own thread for the call sends.
A request holds one of the stream's places from when it is read until its answer has been
handed to the transport: a client that does not read its answers stops being read.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue

import grpc

from maitred.engine.errors import CallError, Code

from . import messages

STREAMS_MAX = 32
"""Each holds two threads for as long as it is open."""
IN_FLIGHT_MAX = 16
"""Requests of one stream at once: a stream fills a quarter of a batch, never all of it."""
STREAM_WORKERS = 32
"""Two streams at full speed; more share."""

_Pending = Future[bytes] | CallError | None


class Streams:
    """Runs the streams of one server."""

    def __init__(self, max_streams: int = STREAMS_MAX) -> None:
        self._places = threading.BoundedSemaphore(max_streams)
        self._workers = ThreadPoolExecutor(STREAM_WORKERS, "maitred-stream")
        self._open: set[_Stream] = set()
        self._stopping = False

    def run(self, requests: Iterator[bytes], answer: Callable[[bytes], bytes]) -> Iterator[bytes]:
        """Yields ``answer(request)`` for each request, in order.

        The first failure is raised in its place; requests behind it that have not begun are
        dropped.

        Raises:
            CallError: too many streams are open, or the server stops.
        """
        if not self._places.acquire(blocking=False):
            raise CallError(Code.OVERLOADED, messages.TOO_MANY_STREAMS)
        stream = _Stream(requests, answer, self._workers)
        try:
            self._open.add(stream)
            if self._stopping:
                stream.stop()
            yield from stream.answers()
        finally:
            self._open.discard(stream)
            self._places.release()

    def stop(self) -> None:
        """Ends every stream behind the answers in flight, with ``Code.STOPPING``."""
        self._stopping = True
        for stream in list(self._open):
            stream.stop()

    def close(self) -> None:
        """Ends the threads."""
        self._workers.shutdown(wait=False, cancel_futures=True)


class _Stream:
    """One open stream."""

    def __init__(
        self, requests: Iterator[bytes], answer: Callable[[bytes], bytes], workers: ThreadPoolExecutor
    ) -> None:
        self._requests, self._answer, self._workers = requests, answer, workers
        self._pending: SimpleQueue[_Pending] = SimpleQueue()
        self._places = threading.Semaphore(IN_FLIGHT_MAX)
        self._ended = False

    def answers(self) -> Iterator[bytes]:
        threading.Thread(target=self._read, name="maitred-stream-reader", daemon=True).start()
        try:
            while (pending := self._pending.get()) is not None:
                if isinstance(pending, CallError):
                    raise pending
                yield _result(pending)
                # Resumed: the transport has taken the answer.
                self._places.release()
        finally:
            # A failure holds this frame: were it held by the frame as well, the call stayed open until a
            # collection, and took one of the few places of its connection.
            pending = None
            self._end()

    def stop(self) -> None:
        self._ended = True
        self._pending.put(CallError(Code.STOPPING, messages.STOPPING))

    def _end(self) -> None:
        self._ended = True
        self._places.release()
        while not self._pending.empty():
            pending = self._pending.get()
            if isinstance(pending, Future):
                pending.cancel()

    def _read(self) -> None:
        # The iterator raises once the call is over: cancelled, aborted or its connection lost.
        with suppress(grpc.RpcError, RuntimeError):
            while self._places.acquire() and not self._ended:
                request = next(self._requests, None)
                if request is None or self._ended:
                    break
                self._pending.put(self._workers.submit(self._answer, request))
        self._pending.put(None)


def _result(pending: Future[bytes]) -> bytes:
    try:
        return pending.result()
    except CancelledError:
        raise CallError(Code.STOPPING, messages.STOPPING) from None
    finally:
        del pending
