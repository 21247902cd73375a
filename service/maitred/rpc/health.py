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
_Told = tuple[str, bytes]
"""Service watched and the status last told."""


class Health:
    """Answers ``Check`` and ``Watch`` for the services named."""

    def __init__(self, ready: Callable[[], bool], services: tuple[str, ...]) -> None:
        self._ready, self._services = ready, frozenset(services)
        self._watchers: dict[_Send, _Told] = {}
        self._lock = threading.Lock()
        self._draining = self._closed = False
        self._wake = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="maitred-health", daemon=True)

    def start(self) -> None:
        """Begins to tell watchers of changes."""
        self._poller.start()

    def check(self, data: bytes, context: grpc.ServicerContext) -> bytes:
        """Returns ``grpc.health.v1.Health/Check``."""
        service = _service(data, context)
        if service not in self._services:
            context.abort(grpc.StatusCode.NOT_FOUND, messages.UNKNOWN_SERVICE)
        return self._status(service)

    def watch(self, data: bytes, context: grpc.ServicerContext, send: _Send) -> None:
        """``grpc.health.v1.Health/Watch``; returns at once, the watcher stays."""
        service = _service(data, context)
        status = self._status(service)
        send(status)
        with self._lock:
            closed = self._closed
            if not closed and context.add_callback(lambda: self._forget(send)):
                self._watchers[send] = (service, status)
        if closed:
            send(None)

    def drain(self) -> None:
        """Not serving from now on; watchers are told at once."""
        self._draining = True
        self._wake.set()

    def close(self) -> None:
        """Ends every watch and the polling."""
        with self._lock:
            self._draining = self._closed = True
        self._wake.set()
        if self._poller.is_alive():
            self._poller.join()
        for send in list(self._watchers):
            send(None)

    def _status(self, service: str) -> bytes:
        if service not in self._services:
            return _bytes(_Status.SERVICE_UNKNOWN)
        serving = not self._draining and self._ready()
        return _bytes(_Status.SERVING if serving else _Status.NOT_SERVING)

    def _forget(self, send: _Send) -> None:
        with self._lock:
            self._watchers.pop(send, None)

    def _poll(self) -> None:
        """The one place that tells of changes, so that they arrive in order."""
        while not self._closed:
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()
            for send, status in self._changed():
                send(status)

    def _changed(self) -> list[tuple[_Send, bytes]]:
        with self._lock:
            now = {send: (service, self._status(service)) for send, (service, _) in self._watchers.items()}
            changed = [(send, status[1]) for send, status in now.items() if status != self._watchers[send]]
            self._watchers.update(now)
        return changed


def _service(data: bytes, context: grpc.ServicerContext) -> str:
    try:
        return str(health_pb2.HealthCheckRequest.FromString(data).service)
    except DecodeError:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, messages.MALFORMED_MESSAGE)


def _bytes(status: int) -> bytes:
    return bytes(_Status(status=status).SerializeToString())
