"""A real OTLP receiver over gRPC, and values to send to it."""

import os
import threading
from concurrent import futures
from dataclasses import replace
from types import MappingProxyType

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from maitred.core.rules.reasons import Reason
from maitred.core.trace import TraceContext
from maitred.engine.ports.observer import ClaimMoved, ClaimResult, DecisionMade


class Receiver:
    """Keeps what arrives. While ``hold`` is cleared, it answers nobody."""

    def __init__(self):
        self.requests = {"spans": [], "metrics": [], "logs": []}
        self.hold = threading.Event()
        self.hold.set()
        self.metadata = []
        self._server = grpc.server(futures.ThreadPoolExecutor(8))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(
            self._servicer("spans", trace_service_pb2.ExportTraceServiceResponse), self._server
        )
        metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(
            self._servicer("metrics", metrics_service_pb2.ExportMetricsServiceResponse), self._server
        )
        logs_service_pb2_grpc.add_LogsServiceServicer_to_server(
            self._servicer("logs", logs_service_pb2.ExportLogsServiceResponse), self._server
        )
        self.endpoint = f"http://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def _servicer(self, kind, response):
        receiver = self

        class Servicer:
            def Export(self, request, context):  # noqa: N802
                receiver.hold.wait(30)
                receiver.requests[kind].append(request)
                receiver.metadata.append(dict(context.invocation_metadata()))
                return response()

        return Servicer()

    def stop(self):
        self.hold.set()
        self._server.stop(None).wait(5)

    @property
    def spans(self):
        return [
            span
            for request in self.requests["spans"]
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def records(self):
        return [
            record
            for request in self.requests["logs"]
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    @property
    def metrics(self):
        """The last state of each metric, by name."""
        return {
            metric.name: metric
            for request in self.requests["metrics"]
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.stop()


class Lines:
    """A ``Log`` that keeps what it is told."""

    def __init__(self):
        self.said = []

    def __getattr__(self, level):
        def say(event, /, **fields):
            self.said.append((level, event, fields))

        return say

    def of(self, event):
        return [(level, fields) for level, name, fields in self.said if name == event]


@pytest.fixture
def log():
    return Lines()


@pytest.fixture
def decision():
    """Makes decisions; what is not said is that of a usual one."""
    usual = DecisionMade(
        decision_id="0123456789abcdef0123456789abcdef",
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        span_id="00f067aa0ba902b7",
        parent=TraceContext(
            "4bf92f3577b34da6a3ce929d0e0e4736", "b7ad6b7169203331", sampled=True, state="vendor=one,rojo=2"
        ),
        ruleset="ab" * 32,
        ruleset_version="2026-11",
        channel="pos",
        location_id="store-7",
        proposals=("free-pizza", "half-price-wednesday"),
        refusals=MappingProxyType({Reason.NOT_ELIGIBLE: 3, Reason.NOT_LIVE: 2}),
        candidates=4,
        replayed=False,
        dry_run=False,
        batch_size=5,
        started_ns=1_700_000_000_000_000_000,
        ended_ns=1_700_000_000_002_500_000,
        step_seconds=MappingProxyType({"match": 0.0001, "wait": 0.0004, "commit": 0.002}),
    )
    return lambda **changes: replace(usual, **changes)


@pytest.fixture
def claim():
    """Makes claims that moved; what is not said is that of a usual one."""
    usual = ClaimMoved(
        method="Claim",
        result=ClaimResult.GRANTED,
        action="free-pizza",
        decision_id="0123456789abcdef0123456789abcdef",
        reason=None,
        limit="",
        replayed=False,
        trace=TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "b7ad6b7169203331", sampled=True),
        batch_size=3,
        started_ns=1_700_000_000_000_000_000,
        ended_ns=1_700_000_000_002_500_000,
        commit_seconds=0.002,
    )
    return lambda **changes: replace(usual, **changes)


@pytest.fixture
def denied(claim):
    """A claim that was denied."""
    return claim(result=ClaimResult.DENIED, reason=Reason.CAPACITY_EXHAUSTED, limit="store-ovens")


@pytest.fixture
def attributes():
    """The attributes of anything that came over OTLP, as a dict."""

    def read(value):
        kind = value.WhichOneof("value")
        if kind == "array_value":
            return [read(each) for each in value.array_value.values]
        return getattr(value, kind)

    return lambda thing: {pair.key: read(pair.value) for pair in thing.attributes}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    """The exporters read the process's own environment, which must not reach into the tests."""
    for name in [name for name in os.environ if name.startswith(("OTEL_", "MAITRED_"))]:
        monkeypatch.delenv(name)
