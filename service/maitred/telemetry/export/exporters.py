"""Settings to what sends. Imported only where something is exported."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeVar

from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Meter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import (
    ConsoleMetricExporter,
    MetricExporter,
    MetricReader,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    Sampler,
    TraceIdRatioBased,
)

from maitred.engine.ports.log import Log
from maitred.selftest import relying_on
from maitred.telemetry.signals import wire
from maitred.telemetry.signals.names import SERVICE

from .export_settings import Export, ExportSettings, Signal, Sink
from .outbox import Courier

with relying_on("opentelemetry-exporter-otlp-proto-grpc", "the exporter of log records"):
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
with relying_on("opentelemetry-sdk", "the results of exporting log records"):
    from opentelemetry.sdk._logs.export import LogRecordExportResult

# The release of the conventions that the names of `names` are written after.
SCHEMA_URL = "https://opentelemetry.io/schemas/1.44.0"

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the same for everything of a process."""

    resource: Resource
    release: str


def origin(settings: ExportSettings, instance_id: str) -> Sender:
    """Returns the resource by the variables, the release by the installed package."""
    release = version(SERVICE)
    attributes = {"service.version": release, **dict(settings.resource)}
    if instance_id:
        attributes.setdefault("service.instance.id", instance_id)
    return Sender(Resource.create(attributes), release)


def sampler(settings: ExportSettings) -> Sampler:
    """Returns the standard sampler of that name."""
    root: Sampler = ALWAYS_OFF if settings.sampler.endswith("always_off") else ALWAYS_ON
    if settings.sampler.endswith("traceidratio"):
        root = TraceIdRatioBased(settings.sampler_ratio)
    return ParentBased(root) if settings.sampler.startswith("parentbased_") else root


class _Spans(OTLPSpanExporter):
    """The SDK's way to a receiver (connection, headers, retries), for spans that are encoded already."""

    def __init__(self, sender: Sender, endpoint: str | None) -> None:
        super().__init__(endpoint=endpoint)
        self._resource = wire.resource(sender.resource.attributes)
        self._scope = wire.scope(SERVICE, sender.release)

    def _translate_data(self, data: Sequence[Any]) -> ExportTraceServiceRequest:
        scoped = ScopeSpans(scope=self._scope, spans=data, schema_url=SCHEMA_URL)
        return ExportTraceServiceRequest(
            resource_spans=[ResourceSpans(resource=self._resource, scope_spans=[scoped])]
        )


class _Records(OTLPLogExporter):
    """The same for log records."""

    def __init__(self, sender: Sender, endpoint: str | None) -> None:
        super().__init__(endpoint=endpoint)
        self._resource = wire.resource(sender.resource.attributes)
        self._scope = wire.scope(SERVICE, sender.release)

    def _translate_data(self, data: Sequence[Any]) -> ExportLogsServiceRequest:
        scoped = ScopeLogs(scope=self._scope, log_records=data, schema_url=SCHEMA_URL)
        return ExportLogsServiceRequest(
            resource_logs=[ResourceLogs(resource=self._resource, scope_logs=[scoped])]
        )


def span_couriers(settings: ExportSettings, sender: Sender, log: Log) -> list[Courier[Span]]:
    """Returns what sends traces."""

    def make(export: Export) -> Courier[Span]:
        if export.sink is Sink.CONSOLE:
            return Courier(_print, _stop_printing)
        exporter = _Spans(sender, export.endpoint or None)
        return Courier(
            lambda spans: exporter.export(spans) is SpanExportResult.SUCCESS,
            exporter.shutdown,
        )

    return list(_all(settings, Signal.TRACES, make, log))


def record_couriers(settings: ExportSettings, sender: Sender, log: Log) -> list[Courier[LogRecord]]:
    """Returns what sends log records."""

    def make(export: Export) -> Courier[LogRecord]:
        if export.sink is Sink.CONSOLE:
            return Courier(_print, _stop_printing)
        exporter = _Records(sender, export.endpoint or None)
        return Courier(
            lambda records: exporter.export(records) is LogRecordExportResult.SUCCESS,
            exporter.shutdown,
        )

    return list(_all(settings, Signal.LOGS, make, log))


def meters(settings: ExportSettings, sender: Sender, log: Log) -> MeterProvider | None:
    """Returns what keeps and exports metrics, at the interval of ``OTEL_METRIC_EXPORT_INTERVAL``."""

    def make(export: Export) -> MetricReader:
        exporter: MetricExporter = (
            ConsoleMetricExporter(out=sys.stdout)
            if export.sink is Sink.CONSOLE
            else OTLPMetricExporter(endpoint=export.endpoint or None)
        )
        return PeriodicExportingMetricReader(exporter)

    readers = list(_all(settings, Signal.METRICS, make, log))
    if not readers:
        return None
    # No exemplars: there is no current span for them to point to.
    return MeterProvider(readers, sender.resource, AlwaysOffExemplarFilter(), shutdown_on_exit=False)


def meter(provider: MeterProvider, sender: Sender) -> Meter:
    """Makes the instruments of this package."""
    return provider.get_meter(SERVICE, sender.release, SCHEMA_URL)


def _all(
    settings: ExportSettings, signal: Signal, make: Callable[[Export], Made], log: Log
) -> Iterator[Made]:
    """Makes what is asked for. What cannot be made is logged: telemetry never stops the service."""
    for export in settings.exports:
        if export.signal is signal:
            try:
                yield make(export)
            except Exception as error:  # noqa: BLE001 (the SDK raises what it likes on a bad variable)
                why = f"{error}; check the OTEL_EXPORTER_OTLP_* variables"
                message = f"{signal.value.lower()} are not exported: {why}"
                log.warning("telemetry_setting_ignored", message=message)


def _print(items: Sequence[object]) -> bool:
    sys.stdout.write("\n".join(map(str, items)))
    sys.stdout.flush()
    return True


def _stop_printing() -> None:
    """Printing ends by itself."""
