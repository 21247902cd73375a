"""Events to log records for OTLP. The process log is another thing: see ``process_log``."""

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber
from opentelemetry.trace import TraceFlags

from maitred.engine.ports.observer import (
    CallFailed,
    ClaimMoved,
    DecisionMade,
    PauseChanged,
    RulesetLoaded,
    RulesetRefused,
)

from . import names
from .spans import Place, claim_attributes, error_type
from .wire import Attributes, attach

# A ruleset can have thousands of faults; the first ones and their number say enough.
FAULTS_MAX = 20

_INFO, _WARN, _ERROR = "INFO", "WARN", "ERROR"
_NUMBERS = {
    _INFO: SeverityNumber.SEVERITY_NUMBER_INFO,
    _WARN: SeverityNumber.SEVERITY_NUMBER_WARN,
    _ERROR: SeverityNumber.SEVERITY_NUMBER_ERROR,
}


def evaluation(event: DecisionMade, where: Place) -> LogRecord:
    """Returns the ``feature_flag.evaluation`` event of one decision: the top proposal is its key."""
    attributes: Attributes = {
        names.FLAG_KEY: names.plain(event.proposals[0]) if event.proposals else names.NO_ACTION,
        names.FLAG_VARIANT: names.PROPOSED if event.proposals else names.NOTHING,
        names.FLAG_REASON: _result_reason(event),
        names.FLAG_VERSION: event.ruleset,
        names.FLAG_SET: names.plain(event.ruleset_version),
        names.FLAG_PROVIDER: "maitred",
        names.DECISION_ID: event.decision_id,
        names.CHANNEL: names.channel(event.channel),
        names.PROPOSALS: tuple(map(names.plain, event.proposals)),
        names.DRY_RUN: event.dry_run,
    }
    return _record(names.EVALUATION_EVENT, event.ended_ns, attributes, where=where)


def _result_reason(event: DecisionMade) -> str:
    if event.replayed:
        return "cached"
    return "targeting_match" if event.proposals else "default"


def call_failed(event: CallFailed, ended_ns: int, where: Place) -> LogRecord:
    """Returns a failed call; without the exception, whose text can hold anything."""
    attributes: Attributes = {
        names.METHOD: names.method(event.method),
        names.ERROR_TYPE: error_type(event),
        names.CODE: event.code.name if event.code else "INTERNAL",
        names.ERROR_ID: event.error_id,
    }
    severity = _WARN if event.code else _ERROR
    return _record(names.CALL_FAILED_EVENT, ended_ns, attributes, severity, where)


def claim(event: ClaimMoved, where: Place) -> LogRecord:
    """Returns a claim that was answered, redeemed or released."""
    attributes = {names.DECISION_ID: event.decision_id, **claim_attributes(event)}
    return _record(names.CLAIM_EVENT, event.ended_ns, attributes, where=where)


def pause_changed(event: PauseChanged, at_ns: int) -> LogRecord:
    """An action was stopped or goes on. Which operator and why stands in the database."""
    attributes: Attributes = {names.ACTION: names.plain(event.action), names.PAUSED: event.paused}
    if event.paused:
        attributes[names.PAUSED_BY] = "guard" if event.by_guard else "operator"
    return _record(names.PAUSE_EVENT, at_ns, attributes, _WARN if event.paused else _INFO)


def ruleset_loaded(event: RulesetLoaded) -> LogRecord:
    """Returns a ruleset went into force."""
    attributes: Attributes = {
        names.RULESET_HASH: event.hash,
        names.RULESET_VERSION: names.plain(event.version),
        names.RULESET_COMMIT: names.plain(event.commit),
        names.RULESET_ACTIONS: event.actions,
    }
    return _record(names.LOADED_EVENT, round(event.at.timestamp() * 1e9), attributes)


def ruleset_refused(event: RulesetRefused, at_ns: int) -> LogRecord:
    """Returns a ruleset did not load."""
    attributes: Attributes = {
        names.RULESET_SOURCE: names.plain(event.source),
        names.RULESET_HASH: event.in_force,
        names.RULESET_FAULT_COUNT: len(event.faults),
        names.RULESET_FAULTS: tuple(map(names.plain, event.faults[:FAULTS_MAX])),
    }
    return _record(names.REFUSED_EVENT, at_ns, attributes, _ERROR)


def _record(
    name: str, at_ns: int, attributes: Attributes, severity: str = _INFO, where: Place | None = None
) -> LogRecord:
    record = LogRecord(
        event_name=name,
        time_unix_nano=at_ns,
        observed_time_unix_nano=at_ns,
        severity_number=_NUMBERS[severity],
        severity_text=severity,
    )
    if where:
        record.trace_id, record.span_id = where.trace_id, where.span_id
        record.flags = TraceFlags.SAMPLED if where.sampled else TraceFlags.DEFAULT
    attach(record, attributes)
    return record
