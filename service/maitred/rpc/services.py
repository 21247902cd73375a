"""What each method does with the bytes of a call: convert, ask the engine, convert.

A method takes the message, its deadline on ``time.monotonic``'s clock and the caller's trace,
gives the bytes of the answer, and raises ``CallError``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from maitred.core.trace import TraceContext
from maitred.engine.api import Claimer, Decider, Operator, Privacy
from maitred.v1 import privacy_pb2

from .convert.claims import (
    claim_call,
    claim_response,
    outcomes_call,
    outcomes_response,
    redeem_call,
    redeem_response,
    release_call,
    release_response,
)
from .convert.decisions import decide_call, decide_response, get_decision_call, get_decision_response
from .convert.privacy import (
    consent_response,
    customer_of,
    erase_response,
    export_response,
    record_consent_call,
    record_consent_response,
)
from .convert.rulesets import (
    limits_call,
    limits_response,
    pause_call,
    pause_response,
    resume_call,
    resume_response,
)

Method: TypeAlias = Callable[[bytes, float | None, TraceContext | None], bytes]
Methods: TypeAlias = Mapping[str, Method]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """What is served beside decisions; the methods of what is ``None`` are ``UNIMPLEMENTED``.

    ``now`` is when a statement without a time was made.
    """

    claimer: Claimer | None = None
    operator: Operator | None = None
    privacy: Privacy | None = None
    now: Callable[[], datetime] = _utc_now


DECISIONS_ONLY = Services()


def decision_methods(decider: Decider, *, simulated_time: bool) -> Methods:
    """The unary methods of ``DecisionService`` that decide."""

    def decide(data: bytes, deadline: float | None, trace: TraceContext | None) -> bytes:
        call = decide_call(data, simulated_time=simulated_time, deadline=deadline, trace=trace)
        return decide_response(decider.decide(call))

    def get_decision(data: bytes, _deadline: float | None, _trace: TraceContext | None) -> bytes:
        return get_decision_response(decider.get_decision(*get_decision_call(data)))

    return {"Decide": decide, "GetDecision": get_decision}


def claim_methods(claimer: Claimer, *, simulated_time: bool) -> Methods:
    """The methods of ``DecisionService`` that move proposals on."""

    def claim(data: bytes, deadline: float | None, trace: TraceContext | None) -> bytes:
        call = claim_call(data, simulated_time=simulated_time, deadline=deadline)
        return claim_response(claimer.claim(call._replace(trace=trace) if trace else call))

    def redeem(data: bytes, deadline: float | None, trace: TraceContext | None) -> bytes:
        call = redeem_call(data, simulated_time=simulated_time, deadline=deadline)
        claimer.redeem(call._replace(trace=trace) if trace else call)
        return redeem_response()

    def release(data: bytes, deadline: float | None, trace: TraceContext | None) -> bytes:
        call = release_call(data, simulated_time=simulated_time, deadline=deadline)
        claimer.release(call._replace(trace=trace) if trace else call)
        return release_response()

    def record_outcomes(data: bytes, deadline: float | None, _trace: TraceContext | None) -> bytes:
        return outcomes_response(claimer.record_outcomes(outcomes_call(data, deadline=deadline)))

    return {"Claim": claim, "Redeem": redeem, "Release": release, "RecordOutcomes": record_outcomes}


def ruleset_methods(operator: Operator) -> Methods:
    """``RulesetService``."""

    def pause(data: bytes, _deadline: float | None, _trace: TraceContext | None) -> bytes:
        return pause_response(operator.pause(*pause_call(data)))

    def resume(data: bytes, _deadline: float | None, _trace: TraceContext | None) -> bytes:
        return resume_response(operator.resume(resume_call(data)))

    def limits(data: bytes, _deadline: float | None, _trace: TraceContext | None) -> bytes:
        return limits_response(operator.limits(limits_call(data)))

    return {"PauseAction": pause, "ResumeAction": resume, "GetLimits": limits}


def consent_methods(privacy: Privacy, now: Callable[[], datetime], *, simulated_time: bool) -> Methods:
    """The methods of ``PrivacyService`` that tills and apps call."""

    def record_consent(data: bytes, deadline: float | None, _trace: TraceContext | None) -> bytes:
        call = record_consent_call(data, now=now(), simulated_time=simulated_time, deadline=deadline)
        privacy.record_consent(call)
        return record_consent_response()

    def get_consent(data: bytes, _deadline: float | None, _trace: TraceContext | None) -> bytes:
        return consent_response(privacy.consent(customer_of(privacy_pb2.GetConsentRequest, data)))

    return {"RecordConsent": record_consent, "GetConsent": get_consent}


def rights_methods(privacy: Privacy) -> Methods:
    """The methods of ``PrivacyService`` that privacy officers call."""

    def export(data: bytes, _deadline: float | None, _trace: TraceContext | None) -> bytes:
        return export_response(privacy.export(customer_of(privacy_pb2.ExportCustomerRequest, data)))

    def erase(data: bytes, _deadline: float | None, _trace: TraceContext | None) -> bytes:
        return erase_response(privacy.erase(customer_of(privacy_pb2.EraseCustomerRequest, data)))

    return {"ExportCustomer": export, "EraseCustomer": erase}
