"""Which behaviour answers which method, and on whose threads."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import grpc
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from maitred.engine.api import Decider

from .arrivals import Arrivals, Behaviour
from .health import Health
from .names import DECISION_SERVICE, PRIVACY_SERVICE, RULESET_SERVICE, full_name
from .servicer import Servicer
from .services import (
    Method,
    Methods,
    Services,
    claim_methods,
    consent_methods,
    decision_methods,
    rights_methods,
    ruleset_methods,
)
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


def call_methods(decider: Decider, services: Services, *, simulated_time: bool) -> Methods:
    """What tills and apps call, by full name."""
    found = _named(DECISION_SERVICE, decision_methods(decider, simulated_time=simulated_time))
    if services.claimer is not None:
        found |= _named(DECISION_SERVICE, claim_methods(services.claimer, simulated_time=simulated_time))
    if services.privacy is not None:
        methods = consent_methods(services.privacy, services.now, simulated_time=simulated_time)
        found |= _named(PRIVACY_SERVICE, methods)
    return found


def office_methods(services: Services) -> Methods:
    """What operators and privacy officers call, by full name."""
    found: dict[str, Method] = {}
    if services.operator is not None:
        found |= _named(RULESET_SERVICE, ruleset_methods(services.operator))
    if services.privacy is not None:
        found |= _named(PRIVACY_SERVICE, rights_methods(services.privacy))
    return found


def service_names(services: Services) -> tuple[str, ...]:
    """The services there are, by full name."""
    beside = {RULESET_SERVICE: services.operator, PRIVACY_SERVICE: services.privacy}
    return DECISION_SERVICE, *(name for name, served in beside.items() if served is not None)


def call_handlers(methods: Methods, servicer: Servicer, arrivals: Arrivals) -> Handlers:
    """Unary methods on the common pool. Bytes in and out: no serializers."""
    return {
        f"/{name}": _unary(_behaviour(name, method, servicer, arrivals)) for name, method in methods.items()
    }


def office_handlers(methods: Methods, servicer: Servicer, arrivals: Arrivals, pools: Pools) -> Handlers:
    """Unary methods that neither hold up decisions nor wait behind them."""
    return {
        f"/{name}": _unary(On(pools.office, _behaviour(name, method, servicer, arrivals)))
        for name, method in methods.items()
    }


def stream_handlers(methods: Methods, servicer: Servicer, streams: Streams, pools: Pools) -> Handlers:
    """``DecideStream``."""
    decide, name = methods[full_name(DECISION_SERVICE, "Decide")], full_name(DECISION_SERVICE, "DecideStream")
    behaviour = servicer.stream(name, decide, streams)
    return {f"/{name}": grpc.stream_stream_rpc_method_handler(On(pools.streams, behaviour))}


def _named(service: str, methods: Methods) -> dict[str, Method]:
    return {full_name(service, name): method for name, method in methods.items()}


def _behaviour(name: str, method: Method, servicer: Servicer, arrivals: Arrivals) -> Behaviour:
    return arrivals.one_message(name, servicer.unary(name, method))


def _unary(behaviour: Behaviour) -> Handler:
    return grpc.stream_unary_rpc_method_handler(behaviour)


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


def reflection_handlers(names: tuple[str, ...], pools: Pools) -> Handlers:
    """``grpc.reflection.v1alpha``, for every service there is."""
    servicer = reflection.ReflectionServicer((*names, HEALTH_SERVICE, reflection.SERVICE_NAME))
    return {
        f"/{reflection.SERVICE_NAME}/ServerReflectionInfo": grpc.stream_stream_rpc_method_handler(
            On(pools.reflection, servicer.ServerReflectionInfo),
            reflection_pb2.ServerReflectionRequest.FromString,
            reflection_pb2.ServerReflectionResponse.SerializeToString,
        )
    }
