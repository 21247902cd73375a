"""``grpc.health.v1``: serving where the engine is ready and nobody is draining.

The servicer of grpcio-health-checking sends to watchers while it holds the lock that
gRPC's one serving thread takes when a watcher leaves: the two can wait for each other for
ever. Here nothing is sent under a lock.
"""

import threading
from collections.abc import Callable

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2

from . import messages

POLL_SECONDS = 0.25
"""How late a watcher learns of a change. ``Check`` is never late."""

_Status = health_pb2.HealthCheckResponse
_Send = Callable[[bytes | None], None]


class Health:
    """Answers ``Check`` and ``Watch`` for the services named."""

    def __init__(self, ready: Callable[[], bool], services: tuple[str, ...]) -> None:
        self._ready, self._services = ready, frozenset(services)
        self._watchers: dict[_Send, bytes] = {}
        self._lock = threading.Lock()
        self._draining, self._closed = threading.Event(), threading.Event()
        self._poller = threading.Thread(target=self._poll, name="maitred-health", daemon=True)
        self._poller.start()

    def check(self, data: bytes, context: grpc.ServicerContext) -> bytes:
        """``grpc.health.v1.Health/Check``."""
        if _service(data, context) not in self._services:
            context.abort(grpc.StatusCode.NOT_FOUND, messages.UNKNOWN_SERVICE)
        return self._status()

    def watch(self, data: bytes, context: grpc.ServicerContext, send: _Send) -> None:
        """``grpc.health.v1.Health/Watch``; returns at once, the watcher stays."""
        if _service(data, context) not in self._services:
            send(_bytes(_Status.SERVICE_UNKNOWN))
            return
        status = self._status()
        send(status)
        with self._lock:
            if context.add_callback(lambda: self._forget(send)):
                self._watchers[send] = status

    def drain(self) -> None:
        """Not serving from now on; watchers are told before this returns."""
        self._draining.set()
        self._tell()

    def close(self) -> None:
        """Ends every watch and the polling."""
        self._draining.set()
        self._closed.set()
        self._poller.join()
        for send in list(self._watchers):
            send(None)

    def _status(self) -> bytes:
        serving = not self._draining.is_set() and self._ready()
        return _bytes(_Status.SERVING if serving else _Status.NOT_SERVING)

    def _forget(self, send: _Send) -> None:
        with self._lock:
            self._watchers.pop(send, None)

    def _poll(self) -> None:
        while not self._closed.wait(POLL_SECONDS):
            self._tell()

    def _tell(self) -> None:
        status = self._status()
        with self._lock:
            late = [send for send, told in self._watchers.items() if told != status]
            self._watchers.update(dict.fromkeys(late, status))
        for send in late:
            send(status)


def _service(data: bytes, context: grpc.ServicerContext) -> str:
    try:
        return str(health_pb2.HealthCheckRequest.FromString(data).service)
    except DecodeError:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, messages.MALFORMED_MESSAGE)
        raise


def _bytes(status: int) -> bytes:
    return bytes(_Status(status=status).SerializeToString())
