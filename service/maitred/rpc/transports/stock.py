"""What gRPC's own server answers: streams, health, reflection; every call where there is no loop."""

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from maitred.engine.errors import CallError, Code
from maitred.engine.ports.observer import Observer
from maitred.rpc import messages
from maitred.rpc.failures import failed
from maitred.rpc.health import Health
from maitred.rpc.methods import DECIDE, DECIDE_STREAM, SERVICES, Runs, Services, running
from maitred.rpc.streams import STREAMS_MAX, Streams
from maitred.selftest import relying_on

from .admission import AdmissionHandler, Handler, Handlers, Lane, On, Pool
from .arrivals import Arrivals
from .places import Places
from .servicer import Servicer, refuse

HEALTH_SERVICE: str = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

CALL_THREADS = 64
"""Decisions at once, and so the largest batch: more brings no further throughput on two cores."""
WAITING_CALLS_MAX = 512
"""About 0.1 s of work at some 4,500 calls a second: who waits longer at a till has given up."""
DESK_THREADS = 8
"""Operators and privacy officers are few, and what they ask takes longer than a decision."""
WAITING_DESK_CALLS_MAX = 64
"""As many people as will ever look at one server at once."""
SPARE_STREAM_THREADS = 4
"""Beyond the streams that may be open, to refuse the next ones at once."""
HEALTH_THREADS = 8
"""Checks are short, but a client may be slow with its message."""
REFLECTION_THREADS = 8
"""Each client that looks around holds one."""


class Stock:
    """The handlers and threads of one server; with ``calls`` also those of every method of the table.

    ``places`` are those of a connection. ``threads`` bounds the decisions at once, ``max_waiting_calls``
    those that wait for a thread before calls are refused.
    """

    def __init__(
        self,
        services: Services,
        observer: Observer,
        *,
        calls: bool,
        places: Places,
        threads: int = CALL_THREADS,
        max_waiting_calls: int = WAITING_CALLS_MAX,
    ) -> None:
        self.health, self.streams = Health(services.decider.ready, ("", *SERVICES)), Streams()
        self._observer, self._places = observer, places
        self._arrivals = Arrivals(observer, places)
        self._pools: list[ThreadPoolExecutor] = []
        self.pool = self._pool(threads if calls else 1, "maitred-call")
        servicer = Servicer(services, observer)
        served, lanes = self._stream_handlers(servicer), []
        if calls:
            desk = self._pool(DESK_THREADS, "maitred-desk")
            bounds = {
                Runs.LOOP: (self.pool, max_waiting_calls),
                Runs.DESK: (desk, WAITING_DESK_CALLS_MAX),
            }
            for runs, (pool, max_waiting) in bounds.items():
                served |= self._unary_handlers(runs, servicer, pool)
                lanes.append(Lane([method.full_name for method in running(runs)], pool, max_waiting))
        around = {**self._health_handlers(), **self._reflection_handlers()}
        self.admission = AdmissionHandler(served, around, lanes, observer)

    def start(self) -> None:
        """Begins to watch: for changes of health, and for calls without a message."""
        self.health.start()
        self._arrivals.start()

    def close(self) -> None:
        """Ends the threads once they are idle; does not wait for them."""
        self._arrivals.close()
        self.streams.close()
        self.admission.close()
        for pool in self._pools:
            pool.shutdown(wait=False)

    def _pool(self, threads: int, name: str) -> Pool:
        pool = Pool(threads, name)
        self._pools.append(pool)
        return pool

    def _unary_handlers(self, runs: Runs, servicer: Servicer, pool: Pool) -> Handlers:
        """Bytes in and out: no serializers."""
        handlers: dict[str, Handler] = {}
        for method in running(runs):
            behaviour = self._arrivals.one_message(method.full_name, servicer.unary(method))
            handlers[f"/{method.full_name}"] = grpc.stream_unary_rpc_method_handler(On(pool, behaviour))
        return handlers

    def _stream_handlers(self, servicer: Servicer) -> Handlers:
        pool = self._pool(STREAMS_MAX + SPARE_STREAM_THREADS, "maitred-streams")
        behaviour = self._staying(DECIDE_STREAM, servicer.stream(DECIDE_STREAM, DECIDE, self.streams))
        return {f"/{DECIDE_STREAM}": grpc.stream_stream_rpc_method_handler(On(pool, behaviour))}

    def _health_handlers(self) -> Handlers:
        """``grpc.health.v1.Health``."""
        pool = self._pool(HEALTH_THREADS, "maitred-health")
        check = self._arrivals.one_message(f"{HEALTH_SERVICE}/Check", self.health.check)
        watching = self._staying(f"{HEALTH_SERVICE}/Watch", self.health.watch)
        watch = self._arrivals.one_message(f"{HEALTH_SERVICE}/Watch", watching)
        return {
            f"/{HEALTH_SERVICE}/Check": grpc.stream_unary_rpc_method_handler(On(pool, check)),
            f"/{HEALTH_SERVICE}/Watch": grpc.stream_stream_rpc_method_handler(
                On(pool, watch, non_blocking=True)
            ),
        }

    def _reflection_handlers(self) -> Handlers:
        """``grpc.reflection.v1alpha``, for every service."""
        pool = self._pool(REFLECTION_THREADS, "maitred-reflection")
        servicer = reflection.ReflectionServicer((*SERVICES, HEALTH_SERVICE, reflection.SERVICE_NAME))
        name = f"{reflection.SERVICE_NAME}/ServerReflectionInfo"
        return {
            f"/{name}": grpc.stream_stream_rpc_method_handler(
                On(pool, self._staying(name, servicer.ServerReflectionInfo)),
                reflection_pb2.ServerReflectionRequest.FromString,
                reflection_pb2.ServerReflectionResponse.SerializeToString,
            )
        }

    def _staying(self, name: str, behaviour: Any) -> Any:
        """The behaviour of a stream that stays open, which takes one of the places of its connection."""
        places = self._places

        def behave(requests: Any, context: grpc.ServicerContext, *more: Any) -> Any:
            peer = context.peer()
            if not places.stay(peer):
                error = CallError(Code.OVERLOADED, messages.too_many_staying(places.staying_max))
                refuse(context, failed(self._observer, name, error, 0.0, None))
            if not context.add_callback(lambda: places.leave(peer)):
                places.leave(peer)
            return behaviour(requests, context, *more)

        return behave


SELF_TEST_SECONDS = 10.0
SELF_TEST_THREADS = "maitred-selftest-own"


def self_test() -> None:
    """Calls a server on a socket that no other process can know. Raises ``Unfit``."""
    common, own = Pool(1, "maitred-selftest"), Pool(1, SELF_TEST_THREADS)
    address = f"unix-abstract:{secrets.token_hex(16)}"
    with relying_on("grpcio", "threads of its own for each handler (`experimental_thread_pool`)"):
        server = grpc.server(common)
        handler: Handler = grpc.unary_unary_rpc_method_handler(On(own, _thread_name))
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("SelfTest", {"Call": handler})])
        server.add_insecure_port(address)
        server.start()
        try:
            with grpc.insecure_channel(address) as channel:
                call: Any = channel.unary_unary("/SelfTest/Call")
                thread = call(b"", timeout=SELF_TEST_SECONDS).decode()
        finally:
            server.stop(SELF_TEST_SECONDS).wait()
            for pool in common, own:
                pool.shutdown()
        if not thread.startswith(SELF_TEST_THREADS):
            raise ValueError(f"it ran on {thread}")


def _thread_name(_request: bytes, _context: Any) -> bytes:
    return threading.current_thread().name.encode()
