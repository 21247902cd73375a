"""Which handler answers which method, and on whose threads."""

import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import grpc
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from maitred.selftest import relying_on

from .arrivals import Arrivals
from .health import Health
from .methods import DECIDE, DECIDE_STREAM, SERVICES, Runs, running
from .servicer import Servicer
from .streams import STREAMS_MOST, Streams
from .workers import Workers

HEALTH_SERVICE: str = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

SPARE_STREAM_THREADS = 4
"""Beyond the streams that may be open, to refuse the next ones at once."""
REFUSAL_THREADS = 2
"""Refusals are short and must not wait behind decisions."""
OFFICE_THREADS = 8
"""Operators and privacy officers are few, and what they ask takes longer than a decision."""
HEALTH_THREADS = 8
"""As short, but a client may be slow with its message."""
REFLECTION_THREADS = 8
"""Each client that looks around holds one."""

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Handlers: TypeAlias = Mapping[str, Handler]


@dataclass(frozen=True, slots=True)
class Pools:
    """Threads by what they are for, so that nothing waits behind decisions but decisions."""

    calls: Workers
    streams: Workers
    office: Workers
    health: Workers
    reflection: ThreadPoolExecutor
    refusals: ThreadPoolExecutor

    @classmethod
    def of(cls, call_threads: int) -> Self:
        """Pools with so many threads for decisions."""
        return cls(
            Workers(call_threads, "maitred-call"),
            Workers(STREAMS_MOST + SPARE_STREAM_THREADS, "maitred-streams"),
            Workers(OFFICE_THREADS, "maitred-office"),
            Workers(HEALTH_THREADS, "maitred-health"),
            ThreadPoolExecutor(REFLECTION_THREADS, "maitred-reflection"),
            ThreadPoolExecutor(REFUSAL_THREADS, "maitred-refusals"),
        )

    def close(self) -> None:
        """Ends the threads once they are idle; does not wait for them."""
        pools = self.calls, self.streams, self.office, self.health, self.reflection, self.refusals
        for pool in pools:
            pool.shutdown(wait=False)


class On:
    """A behaviour that runs on its own pool.

    gRPC reads the attribute; should it cease to, the behaviour runs on the common pool.
    """

    def __init__(
        self, pool: ThreadPoolExecutor, behaviour: Callable[..., Any], *, non_blocking: bool = False
    ) -> None:
        self.experimental_thread_pool = pool
        self.experimental_non_blocking = non_blocking
        self._behaviour = behaviour

    def __call__(self, *args: Any) -> Any:  # noqa: D102 -- the class says it
        return self._behaviour(*args)


def unary_handlers(where: Runs, servicer: Servicer, arrivals: Arrivals, pools: Pools) -> Handlers:
    """The methods of the table that run there. Bytes in and out: no serializers."""
    found: dict[str, Handler] = {}
    for method in running(where):
        behaviour = arrivals.one_message(method.full_name, servicer.unary(method))
        if where is Runs.STOCK:
            behaviour = On(pools.office, behaviour)
        found[f"/{method.full_name}"] = grpc.stream_unary_rpc_method_handler(behaviour)
    return found


def stream_handlers(servicer: Servicer, streams: Streams, pools: Pools) -> Handlers:
    """``DecideStream``."""
    behaviour = servicer.stream(DECIDE_STREAM, DECIDE, streams)
    return {f"/{DECIDE_STREAM}": grpc.stream_stream_rpc_method_handler(On(pools.streams, behaviour))}


def health_handlers(health: Health, pools: Pools, arrivals: Arrivals) -> Handlers:
    """``grpc.health.v1.Health``."""
    check = arrivals.one_message(f"{HEALTH_SERVICE}/Check", health.check)
    watch = arrivals.one_message(f"{HEALTH_SERVICE}/Watch", health.watch)
    return {
        f"/{HEALTH_SERVICE}/Check": grpc.stream_unary_rpc_method_handler(On(pools.health, check)),
        f"/{HEALTH_SERVICE}/Watch": grpc.stream_stream_rpc_method_handler(
            On(pools.health, watch, non_blocking=True)
        ),
    }


def reflection_handlers(pools: Pools) -> Handlers:
    """``grpc.reflection.v1alpha``, for every service."""
    servicer = reflection.ReflectionServicer((*SERVICES, HEALTH_SERVICE, reflection.SERVICE_NAME))
    return {
        f"/{reflection.SERVICE_NAME}/ServerReflectionInfo": grpc.stream_stream_rpc_method_handler(
            On(pools.reflection, servicer.ServerReflectionInfo),
            reflection_pb2.ServerReflectionRequest.FromString,
            reflection_pb2.ServerReflectionResponse.SerializeToString,
        )
    }


SELF_TEST_SECONDS = 10.0
SELF_TEST_THREADS = "maitred-selftest-own"


def self_test() -> None:
    """Calls a server on a socket that no other process can know. Raises ``Unfit``."""
    common, own = Workers(1, "maitred-selftest"), Workers(1, SELF_TEST_THREADS)
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
            server.stop(None).wait()
            for pool in common, own:
                pool.shutdown()
        if not thread.startswith(SELF_TEST_THREADS):
            raise ValueError(f"it ran on {thread}")


def _thread_name(_request: bytes, _context: Any) -> bytes:
    return threading.current_thread().name.encode()
