"""Events to spans, after the fact: ids and times are the event's."""

from dataclasses import dataclass
from functools import lru_cache

from opentelemetry.context import Context
from opentelemetry.proto.trace.v1.trace_pb2 import Span, SpanFlags, Status
from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context

from maitred.core.trace import TraceContext
from maitred.engine.ports.observer import CallFailed, ClaimMoved, DecisionMade

from . import names
from .wire import Attributes, attach

# The statuses that the gRPC conventions call errors of the server; the others are the caller's.
_SERVER_ERRORS = frozenset(
    {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
)
# Channels times rulesets in force, with room to spare; each a few hundred bytes.
USUAL_MAX = 256
_FLAGS = SpanFlags.SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK
_FLAGS_CALLED = _FLAGS | SpanFlags.SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK


@dataclass(frozen=True, slots=True)
class Place:
    """A span's place in its trace. ``sampled`` spans are exported."""

    trace_id: bytes
    span_id: bytes
    caller: TraceContext | None
    sampled: bool


def place(
    name: str, trace_id: str, span_id: str, caller: TraceContext | None, sampler: Sampler | None
) -> Place:
    """Where a span of these ids stands; sampled as the sampler says of the caller's context.

    Raises ``ValueError`` where an id is not hexadecimal.
    """
    sampled = sampler is not None and _sampled(name, trace_id, caller, sampler)
    return Place(bytes.fromhex(trace_id), bytes.fromhex(span_id), caller, sampled)


def _sampled(name: str, trace_id: str, caller: TraceContext | None, sampler: Sampler) -> bool:
    context = Context()
    if caller:
        flags = TraceFlags(TraceFlags.SAMPLED if caller.sampled else TraceFlags.DEFAULT)
        span = SpanContext(
            int(caller.trace_id, 16), int(caller.span_id, 16), is_remote=True, trace_flags=flags
        )
        context = set_span_in_context(NonRecordingSpan(span), context)
    result = sampler.should_sample(context, int(trace_id, 16), name, SpanKind.SERVER)
    return result.decision is Decision.RECORD_AND_SAMPLE


def decision_span(event: DecisionMade, where: Place) -> Span:
    """Returns the span of one decision. No customer, no context."""
    span = _span(names.DECIDE, event.started_ns, event.ended_ns, where)
    span.MergeFromString(
        _usual(event.ruleset, event.ruleset_version, event.channel, event.replayed, event.dry_run)
    )
    attributes: Attributes = {
        names.DECISION_ID: event.decision_id,
        names.LOCATION: names.plain(event.location_id),
        names.PROPOSALS: tuple(map(names.plain, event.proposals)),
        names.CANDIDATES: event.candidates,
        names.BATCH_SIZE: event.batch_size,
    }
    for reason, count in event.refusals.items():
        attributes[names.refusals(reason.name)] = count
    for step, seconds in event.step_seconds.items():
        attributes[names.step(step)] = seconds
    attach(span, attributes)
    return span


def claim_span(event: ClaimMoved, where: Place) -> Span:
    """Returns the span of a Claim, Redeem or Release.

    No customer, no cause, no claim id: who has one can redeem.
    """
    span = _span(names.of_claims(event.method), event.started_ns, event.ended_ns, where)
    attributes: Attributes = {
        names.SYSTEM: "grpc",
        names.METHOD: span.name,
        names.STATUS: "OK",
        names.DECISION_ID: event.decision_id,
        names.BATCH_SIZE: event.batch_size,
        names.COMMIT_SECONDS: event.commit_seconds,
        **claim_attributes(event),
    }
    attach(span, attributes)
    return span


def claim_attributes(event: ClaimMoved) -> Attributes:
    """Returns what span and event of a claim both say."""
    attributes: Attributes = {
        names.ACTION: names.plain(event.action),
        names.RESULT: event.result.value,
        names.REPLAYED: event.replayed,
    }
    if event.reason:
        attributes |= {names.REASON: event.reason.name, names.LIMIT: names.plain(event.limit)}
    return attributes


@lru_cache(USUAL_MAX)
def _usual(ruleset: str, version: str, channel: str, replayed: bool, dry_run: bool) -> bytes:  # noqa: FBT001 (as in the event)
    """Returns the attributes that many decisions share, encoded once: half of them all."""
    span = Span()
    attributes: Attributes = {
        names.SYSTEM: "grpc",
        names.METHOD: names.DECIDE,
        names.STATUS: "OK",
        names.RULESET_HASH: ruleset,
        names.RULESET_VERSION: names.plain(version),
        names.CHANNEL: names.channel(channel),
        names.REPLAYED: replayed,
        names.DRY_RUN: dry_run,
    }
    attach(span, attributes)
    return span.SerializeToString()


def status_of(event: CallFailed) -> str:
    """Returns the status the caller saw; empty where it is not known."""
    return event.status or ("" if event.code else "INTERNAL")


def error_type(event: CallFailed) -> str:
    """Returns the class of a failure: what the caller saw, or our own code where that is not known."""
    return status_of(event) or (event.code.name if event.code else "")


def failure_span(event: CallFailed, ended_ns: int, where: Place) -> Span:
    """Returns the span of a call that was answered with an error."""
    started_ns = ended_ns - max(0, round(event.seconds * 1e9))
    span = _span(names.method(event.method), started_ns, ended_ns, where)
    status = status_of(event)
    if event.code is None or status in _SERVER_ERRORS:
        span.status.code = Status.STATUS_CODE_ERROR
    attributes: Attributes = {
        names.SYSTEM: "grpc",
        names.METHOD: span.name,
        names.ERROR_TYPE: error_type(event),
    }
    if status:
        attributes[names.STATUS] = status
    if event.error_id:
        attributes[names.ERROR_ID] = event.error_id
    attach(span, attributes)
    return span


def _span(name: str, started_ns: int, ended_ns: int, where: Place) -> Span:
    caller = where.caller
    return Span(
        name=name,
        kind=Span.SPAN_KIND_SERVER,
        trace_id=where.trace_id,
        span_id=where.span_id,
        parent_span_id=bytes.fromhex(caller.span_id) if caller else b"",
        trace_state=caller.state if caller else "",
        flags=(_FLAGS_CALLED if caller else _FLAGS) | TraceFlags.SAMPLED,
        start_time_unix_nano=started_ns,
        end_time_unix_nano=ended_ns,
    )
