"""Events to log records for OTLP. The process log is another thing: see ``narrate``."""

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import ReadableLogRecord

from maitred.engine.observer import CallFailed, DecisionMade, RulesetLoaded, RulesetRefused

from . import names
from .spans import Attributes, Origin, Place, error_type

# A ruleset can have thousands of faults; the first ones and their number say enough.
FAULTS_MAX = 20
_NO_TRACE = Context()


def evaluation(event: DecisionMade, where: Place, origin: Origin) -> ReadableLogRecord:
    """The ``feature_flag.evaluation`` event of one decision: the top proposal is its key."""
    attributes: Attributes = {
        names.FLAG_KEY: names.plain(event.proposals[0]) if event.proposals else names.NO_ACTION,
        names.FLAG_VARIANT: names.PROPOSED if event.proposals else names.NOTHING,
        names.FLAG_REASON: _result_reason(event),
        names.FLAG_VERSION: event.ruleset,
        names.FLAG_SET: names.plain(event.ruleset_version),
        names.FLAG_PROVIDER: "maitred",
        names.DECISION_ID: event.decision_id,
        names.CHANNEL: names.plain(event.channel),
        names.PROPOSALS: tuple(map(names.plain, event.proposals)),
        names.DRY_RUN: event.dry_run,
    }
    return _record(names.EVALUATION_EVENT, event.ended_ns, attributes, origin, context=where.context)


def _result_reason(event: DecisionMade) -> str:
    if event.replayed:
        return "cached"
    return "targeting_match" if event.proposals else "default"


def call_failed(event: CallFailed, ended_ns: int, where: Place, origin: Origin) -> ReadableLogRecord:
    """A failed call; without the exception, whose text can hold anything."""
    attributes: Attributes = {
        names.METHOD: names.method(event.method),
        names.ERROR_TYPE: error_type(event),
        names.CODE: event.code.name if event.code else "INTERNAL",
        names.ERROR_ID: event.error_id,
    }
    severity = SeverityNumber.WARN if event.code else SeverityNumber.ERROR
    return _record(
        names.CALL_FAILED_EVENT, ended_ns, attributes, origin, context=where.context, severity=severity
    )


def ruleset_loaded(event: RulesetLoaded, origin: Origin) -> ReadableLogRecord:
    """A ruleset went into force."""
    attributes: Attributes = {
        names.RULESET_HASH: event.hash,
        names.RULESET_VERSION: names.plain(event.version),
        names.RULESET_COMMIT: event.commit,
        names.RULESET_ACTIONS: event.actions,
    }
    at_ns = round(event.at.timestamp() * 1e9)
    return _record(names.LOADED_EVENT, at_ns, attributes, origin)


def ruleset_refused(event: RulesetRefused, at_ns: int, origin: Origin) -> ReadableLogRecord:
    """A ruleset did not load."""
    attributes: Attributes = {
        names.RULESET_SOURCE: names.plain(event.source),
        names.RULESET_HASH: event.in_force,
        names.RULESET_FAULT_COUNT: len(event.faults),
        names.RULESET_FAULTS: tuple(map(names.plain, event.faults[:FAULTS_MAX])),
    }
    return _record(names.REFUSED_EVENT, at_ns, attributes, origin, severity=SeverityNumber.ERROR)


def _record(
    name: str,
    at_ns: int,
    attributes: Attributes,
    origin: Origin,
    *,
    context: Context | None = None,
    severity: SeverityNumber = SeverityNumber.INFO,
) -> ReadableLogRecord:
    record = LogRecord(
        timestamp=at_ns,
        observed_timestamp=at_ns,
        context=context or _NO_TRACE,
        severity_number=severity,
        severity_text=severity.name,
        attributes=attributes,
        event_name=name,
    )
    return ReadableLogRecord(record, origin.resource, origin.scope)
