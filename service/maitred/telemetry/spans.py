"""Events to spans, after the fact: ids and times are the event's."""

from dataclasses import dataclass

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

from maitred.core.trace import TraceContext
from maitred.engine.observer import CallFailed, DecisionMade

from . import names

AttributeValue = str | bool | int | float | tuple[str, ...]
Attributes = dict[str, AttributeValue]

# The statuses that the gRPC conventions call errors of the server; the others are the caller's.
_SERVER_ERRORS = frozenset(
    {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sends: the same for all spans and records of a process."""

    resource: Resource
    scope: InstrumentationScope


@dataclass(frozen=True, slots=True)
class Place:
    """A span's place in its trace; ``context`` carries it for whoever correlates."""

    span: SpanContext
    parent: SpanContext | None
    context: Context

    @property
    def sampled(self) -> bool:
        """Whether the span is recorded and exported."""
        return self.span.trace_flags.sampled


def place(
    name: str, trace_id: str, span_id: str, caller: TraceContext | None, sampler: Sampler | None
) -> Place:
    """Where a span of these ids stands. Sampled as the sampler says of the caller's context.

    Without a sampler no span is exported; the ids still correlate.
    """
    parent = _remote(caller) if caller else None
    context = set_span_in_context(NonRecordingSpan(parent), Context()) if parent else Context()
    trace = int(trace_id, 16)
    flags, state = TraceFlags.DEFAULT, parent.trace_state if parent else None
    if sampler:
        result = sampler.should_sample(context, trace, name, SpanKind.SERVER)
        sampled = result.decision is Decision.RECORD_AND_SAMPLE
        flags = TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT
        state = result.trace_state
    span = SpanContext(
        trace, int(span_id, 16), is_remote=False, trace_flags=TraceFlags(flags), trace_state=state
    )
    return Place(span, parent, set_span_in_context(NonRecordingSpan(span), Context()))


def _remote(caller: TraceContext) -> SpanContext:
    return SpanContext(
        int(caller.trace_id, 16),
        int(caller.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED if caller.sampled else TraceFlags.DEFAULT),
        trace_state=TraceState.from_header([caller.state]) if caller.state else None,
    )


def decision_attributes(event: DecisionMade) -> Attributes:
    """What a decision's span says. No customer, no context."""
    attributes: Attributes = {
        names.SYSTEM: "grpc",
        names.METHOD: names.DECIDE,
        names.STATUS: "OK",
        names.DECISION_ID: event.decision_id,
        names.RULESET_HASH: event.ruleset,
        names.RULESET_VERSION: names.plain(event.ruleset_version),
        names.CHANNEL: names.plain(event.channel),
        names.LOCATION: names.plain(event.location_id),
        names.PROPOSALS: tuple(map(names.plain, event.proposals)),
        names.CANDIDATES: event.candidates,
        names.BATCH_SIZE: event.batch_size,
        names.REPLAYED: event.replayed,
        names.DRY_RUN: event.dry_run,
    }
    for reason, count in event.refusals.items():
        attributes[names.refusals(reason.name)] = count
    for step, seconds in event.step_seconds.items():
        attributes[names.step(step)] = seconds
    return attributes


def decision_span(event: DecisionMade, where: Place, origin: Origin) -> ReadableSpan:
    """The span of one decision.

    Built as a value: a tracer would take five times as long, only to give ids and times of its
    own that are then replaced.
    """
    return ReadableSpan(
        names.DECIDE,
        where.span,
        where.parent,
        origin.resource,
        decision_attributes(event),
        kind=SpanKind.SERVER,
        start_time=event.started_ns,
        end_time=event.ended_ns,
        instrumentation_scope=origin.scope,
    )


def status_of(event: CallFailed) -> str:
    """The status the caller saw; empty where it is not known."""
    return event.status or ("" if event.code else "INTERNAL")


def error_type(event: CallFailed) -> str:
    """The class of a failure: what the caller saw, or our own code where that is not known."""
    return status_of(event) or (event.code.name if event.code else "")


def failure_span(event: CallFailed, ended_ns: int, where: Place, origin: Origin) -> ReadableSpan:
    """The span of a call that was answered with an error."""
    method = names.method(event.method)
    status = status_of(event)
    attributes: Attributes = {
        names.SYSTEM: "grpc",
        names.METHOD: method,
        names.ERROR_TYPE: error_type(event),
    }
    if status:
        attributes[names.STATUS] = status
    if event.error_id:
        attributes[names.ERROR_ID] = event.error_id
    ours = event.code is None or status in _SERVER_ERRORS
    return ReadableSpan(
        method,
        where.span,
        where.parent,
        origin.resource,
        attributes,
        kind=SpanKind.SERVER,
        status=Status(StatusCode.ERROR) if ours else Status(),
        start_time=ended_ns - max(0, round(event.seconds * 1e9)),
        end_time=ended_ns,
        instrumentation_scope=origin.scope,
    )
