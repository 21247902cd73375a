"""Settings to the parts of the SDK that send. Imported only where something is exported."""

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from typing import TypeVar

from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Meter
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import (
    ConsoleLogRecordExporter,
    LogRecordExporter,
    LogRecordExportResult,
)
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import (
    ConsoleMetricExporter,
    MetricExporter,
    MetricReader,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    Sampler,
    TraceIdRatioBased,
)
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from maitred.engine.log import Log

from . import messages
from .exports import SERVICE, Export, Settings, Signal, Sink
from .outbox import Courier
from .spans import Origin

# The release of the conventions that the names of `names` are written after.
SCHEMA_URL = "https://opentelemetry.io/schemas/1.44.0"

Made = TypeVar("Made")


def origin(settings: Settings, instance_id: str) -> Origin:
    """Who sends: the resource by the variables, the scope by the installed package."""
    release = version(SERVICE)
    attributes = {"service.version": release, **dict(settings.resource)}
    if instance_id:
        attributes.setdefault("service.instance.id", instance_id)
    return Origin(Resource.create(attributes), InstrumentationScope(SERVICE, release, SCHEMA_URL))


def sampler(settings: Settings) -> Sampler:
    """The standard sampler of that name."""
    root: Sampler = ALWAYS_OFF if settings.sampler.endswith("always_off") else ALWAYS_ON
    if settings.sampler.endswith("traceidratio"):
        root = TraceIdRatioBased(settings.sampler_ratio)
    return ParentBased(root) if settings.sampler.startswith("parentbased_") else root


def span_exporters(settings: Settings, log: Log) -> list[SpanExporter]:
    """The exporters of traces."""
    return list(_all(settings, Signal.TRACES, _span_exporter, log))


def record_exporters(settings: Settings, log: Log) -> list[LogRecordExporter]:
    """The exporters of logs."""
    return list(_all(settings, Signal.LOGS, _record_exporter, log))


def metric_readers(settings: Settings, log: Log) -> list[MetricReader]:
    """What collects and exports metrics, at the interval of ``OTEL_METRIC_EXPORT_INTERVAL``."""
    return list(_all(settings, Signal.METRICS, _metric_reader, log))


def _all(settings: Settings, signal: Signal, make: Callable[[Export], Made], log: Log) -> Iterator[Made]:
    """Makes what is asked for. What cannot be made is logged: telemetry never stops the service."""
    for export in settings.exports:
        if export.signal is signal:
            try:
                yield make(export)
            except Exception as error:  # noqa: BLE001 (the SDK raises what it likes on a bad variable)
                why = messages.exporter_refused(signal.value.lower(), str(error))
                log.warning("telemetry_setting_ignored", message=why)


def _span_exporter(export: Export) -> SpanExporter:
    if export.sink is Sink.CONSOLE:
        return ConsoleSpanExporter(out=sys.stdout)
    return OTLPSpanExporter(endpoint=export.endpoint or None)


def _record_exporter(export: Export) -> LogRecordExporter:
    if export.sink is Sink.CONSOLE:
        return ConsoleLogRecordExporter(out=sys.stdout)
    return OTLPLogExporter(endpoint=export.endpoint or None)


def _metric_reader(export: Export) -> MetricReader:
    exporter: MetricExporter = (
        ConsoleMetricExporter(out=sys.stdout)
        if export.sink is Sink.CONSOLE
        else OTLPMetricExporter(endpoint=export.endpoint or None)
    )
    return PeriodicExportingMetricReader(exporter)


def span_courier(exporter: SpanExporter) -> Courier[ReadableSpan]:
    """Sends spans."""

    def send(spans: Sequence[ReadableSpan]) -> bool:
        return exporter.export(spans) is SpanExportResult.SUCCESS

    return Courier(send, exporter.shutdown)


def record_courier(exporter: LogRecordExporter) -> Courier[ReadableLogRecord]:
    """Sends log records."""

    def send(records: Sequence[ReadableLogRecord]) -> bool:
        return exporter.export(records) is LogRecordExportResult.SUCCESS

    return Courier(send, exporter.shutdown)


def meters(readers: Sequence[MetricReader], sender: Origin) -> MeterProvider:
    """Keeps the state of all metrics. No exemplars: there is no current span to point to."""
    return MeterProvider(readers, sender.resource, AlwaysOffExemplarFilter(), shutdown_on_exit=False)


def meter(provider: MeterProvider, sender: Origin) -> Meter:
    """Makes the instruments of this package."""
    return provider.get_meter(sender.scope.name, sender.scope.version, sender.scope.schema_url)
