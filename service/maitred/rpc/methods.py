"""Which behaviour answers which method, and on whose threads."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import grpc
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from .arrivals import Arrivals
from .health import Health
from .names import DECISION_SERVICE, full_name
from .servicer import Servicer
from .streams import STREAMS_MOST
from .workers import Workers

HEALTH_SERVICE: str = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

SPARE_STREAM_THREADS = 4
"""Beyond the streams that may be open, to refuse the next ones at once."""
REFUSAL_THREADS = 2
"""Refusals are short and must not wait behind decisions."""
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
    health: Workers
    reflection: ThreadPoolExecutor
    refusals: ThreadPoolExecutor

    @classmethod
    def of(cls, call_threads: int) -> Self:
        """Pools with so many threads for decisions."""
        return cls(
            Workers(call_threads, "maitred-call"),
            Workers(STREAMS_MOST + SPARE_STREAM_THREADS, "maitred-streams"),
            Workers(HEALTH_THREADS, "maitred-health"),
            ThreadPoolExecutor(REFLECTION_THREADS, "maitred-reflection"),
            ThreadPoolExecutor(REFUSAL_THREADS, "maitred-refusals"),
        )

    def close(self) -> None:
        """Ends the threads once they are idle; does not wait for them."""
        for pool in (self.calls, self.streams, self.health, self.reflection, self.refusals):
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


def decision_handlers(servicer: Servicer, pools: Pools, arrivals: Arrivals) -> Handlers:
    """``DecisionService``; unary calls on the common pool. Bytes in and out: no serializers."""
    unary = {"Decide": servicer.decide, "GetDecision": servicer.get_decision}
    return {
        f"/{full_name(method)}": grpc.stream_unary_rpc_method_handler(
            arrivals.one_message(full_name(method), behaviour)
        )
        for method, behaviour in unary.items()
    } | {
        f"/{DECISION_SERVICE}/DecideStream": grpc.stream_stream_rpc_method_handler(
            On(pools.streams, servicer.decide_stream)
        ),
    }


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
    """``grpc.reflection.v1alpha``, for every service there is."""
    servicer = reflection.ReflectionServicer((DECISION_SERVICE, HEALTH_SERVICE, reflection.SERVICE_NAME))
    return {
        f"/{reflection.SERVICE_NAME}/ServerReflectionInfo": grpc.stream_stream_rpc_method_handler(
            On(pools.reflection, servicer.ServerReflectionInfo),
            reflection_pb2.ServerReflectionRequest.FromString,
            reflection_pb2.ServerReflectionResponse.SerializeToString,
        )
    }
