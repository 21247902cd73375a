"""A real OTLP receiver over gRPC, and a log that keeps what it is told."""

import threading
from concurrent import futures
from typing import Any

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


class Receiver:
    """Keeps what arrives. While ``hold`` is cleared, it answers nobody."""

    def __init__(self):
        self.requests: dict[str, list[Any]] = {"spans": [], "metrics": [], "logs": []}
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
