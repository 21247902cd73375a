"""Which behaviour answers which method, and on whose threads."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import grpc
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from .health import Health
from .names import DECISION_SERVICE
from .servicer import Servicer
from .streams import STREAMS_MOST
from .workers import Workers

HEALTH_SERVICE: str = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

SPARE_STREAM_THREADS = 4
"""Beyond the streams that may be open, to refuse the next ones at once."""
SMALL_POOL_THREADS = 2
"""For what is short and must not wait behind decisions: health and refusals."""
REFLECTION_THREADS = 8
"""Each client that looks around holds one."""

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Handlers: TypeAlias = Mapping[str, Handler]


@dataclass(frozen=True, slots=True)
class Pools:
    """Threads by what they are for, so that nothing waits behind decisions but decisions."""

    calls: Workers
    streams: Workers
    health: ThreadPoolExecutor
    reflection: ThreadPoolExecutor
    refusals: ThreadPoolExecutor

    @classmethod
    def of(cls, call_threads: int) -> Self:
        """Pools with so many threads for decisions."""
        return cls(
            Workers(call_threads, "maitred-call"),
            Workers(STREAMS_MOST + SPARE_STREAM_THREADS, "maitred-streams"),
            ThreadPoolExecutor(SMALL_POOL_THREADS, "maitred-health"),
            ThreadPoolExecutor(REFLECTION_THREADS, "maitred-reflection"),
            ThreadPoolExecutor(SMALL_POOL_THREADS, "maitred-refusals"),
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


def decision_handlers(servicer: Servicer, pools: Pools) -> Handlers:
    """``DecisionService``; unary calls on the common pool. Bytes in and out: no serializers."""
    return {
        f"/{DECISION_SERVICE}/Decide": grpc.unary_unary_rpc_method_handler(servicer.decide),
        f"/{DECISION_SERVICE}/GetDecision": grpc.unary_unary_rpc_method_handler(servicer.get_decision),
        f"/{DECISION_SERVICE}/DecideStream": grpc.stream_stream_rpc_method_handler(
            On(pools.streams, servicer.decide_stream)
        ),
    }


def health_handlers(health: Health, pools: Pools) -> Handlers:
    """``grpc.health.v1.Health``."""
    return {
        f"/{HEALTH_SERVICE}/Check": grpc.unary_unary_rpc_method_handler(On(pools.health, health.check)),
        f"/{HEALTH_SERVICE}/Watch": grpc.unary_stream_rpc_method_handler(
            On(pools.health, health.watch, non_blocking=True)
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
