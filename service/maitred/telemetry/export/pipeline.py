"""From one event to what is exported of it: a span, a log record, metrics."""

import contextlib
import time
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Sampler
from opentelemetry.trace import format_span_id, format_trace_id

from maitred.core.trace import TraceContext
from maitred.engine.ports.log import Log
from maitred.engine.ports.observer import (
    CallFailed,
    ClaimMoved,
    DecisionMade,
    Event,
    PauseChanged,
    RulesetLoaded,
    RulesetRefused,
)
from maitred.telemetry.signals import log_records, names, spans
from maitred.telemetry.signals.metrics import Metrics
from maitred.telemetry.signals.spans import Place

from . import exporters
from .export_settings import ExportSettings
from .outbox import Losses, Outbox


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Where each signal goes; empty or ``None`` where it goes nowhere. For one thread."""

    sampler: Sampler
    spans: tuple[Outbox[Span], ...] = ()
    records: tuple[Outbox[LogRecord], ...] = ()
    meters: MeterProvider | None = None
    metrics: Metrics | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is exported after all."""
        return not (self.spans or self.records or self.metrics)

    def take(self, event: Event, at_ns: int) -> None:
        """Makes of an event, seen at ``at_ns`` (Unix time), what is exported of it."""
        if self.metrics:
            self.metrics.record(event)
        if not (self.spans or self.records):
            return
        if isinstance(event, DecisionMade):
            self._decision(event)
        elif isinstance(event, ClaimMoved):
            self._claim(event)
        elif isinstance(event, CallFailed):
            self._failure(event, at_ns)
        elif isinstance(event, PauseChanged):
            self._tell(log_records.pause_changed(event, at_ns))
        elif isinstance(event, RulesetLoaded):
            self._tell(log_records.ruleset_loaded(event))
        elif isinstance(event, RulesetRefused):
            self._tell(log_records.ruleset_refused(event, at_ns))

    def _decision(self, event: DecisionMade) -> None:
        where = spans.place(names.DECIDE, event.trace_id, event.span_id, event.parent, self._sampler())
        if where.sampled:
            for outbox in self.spans:
                outbox.put(spans.decision_span(event, where))
        if self.records:
            self._tell(log_records.evaluation(event, where))

    def _claim(self, event: ClaimMoved) -> None:
        where = self._new_place(names.of_claims(event.method), event.trace)
        if where.sampled:
            for outbox in self.spans:
                outbox.put(spans.claim_span(event, where))
        if self.records:
            self._tell(log_records.claim(event, where))

    def _failure(self, event: CallFailed, ended_ns: int) -> None:
        where = self._new_place(names.method(event.method), event.trace)
        if where.sampled:
            for outbox in self.spans:
                outbox.put(spans.failure_span(event, ended_ns, where))
        self._tell(log_records.call_failed(event, ended_ns, where))

    def _new_place(self, name: str, caller: TraceContext | None) -> Place:
        """Returns a span of which nobody was told the id."""
        new = RandomIdGenerator()
        trace_id = caller.trace_id if caller else format_trace_id(new.generate_trace_id())
        return spans.place(name, trace_id, format_span_id(new.generate_span_id()), caller, self._sampler())

    def _sampler(self) -> Sampler | None:
        return self.sampler if self.spans else None

    def _tell(self, record: LogRecord) -> None:
        for outbox in self.records:
            outbox.put(record)

    def close_outboxes(self, until: float) -> None:
        """Sends what waits until ``until`` on the monotonic clock; the rest is lost and counted."""
        outboxes: list[Outbox[Any]] = [*self.spans, *self.records]
        for outbox in outboxes:
            outbox.close_soon()
        for outbox in outboxes:
            outbox.close(until)

    def close_metrics(self, until: float) -> None:
        """Collects and sends metrics for the last time."""
        if self.meters:
            # It raises where a reader ran out of time: nothing is left to be done about it.
            with contextlib.suppress(Exception):
                self.meters.shutdown(max(0.0, until - time.monotonic()) * 1000)


def make_pipeline(settings: ExportSettings, log: Log, instance_id: str, losses: Losses) -> Pipeline:
    """Makes the exporters with their threads; what cannot be made is logged and left out."""
    origin = exporters.origin(settings, instance_id)
    meters = exporters.meters(settings, origin, log)
    return Pipeline(
        exporters.sampler(settings),
        tuple(
            Outbox(names.SPANS, settings.spans, courier, losses)
            for courier in exporters.span_couriers(settings, origin, log)
        ),
        tuple(
            Outbox(names.LOGS, settings.logs, courier, losses)
            for courier in exporters.record_couriers(settings, origin, log)
        ),
        meters,
        Metrics(exporters.meter(meters, origin)) if meters else None,
    )
