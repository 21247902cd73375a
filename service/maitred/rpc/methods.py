"""Every unary call that is served: one row each, from the bytes of its message to those of its answer.

A call is added here, as a pair of functions in ``convert``, and in the engine. ``DecideStream`` runs the
row of ``Decide`` for each of its messages (``streams``); health and reflection are gRPC's own services.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, unique
from typing import Any, NamedTuple

from maitred.core.trace import TraceContext
from maitred.engine.api import Claimer, Decider, Operator, Privacy, Recorder
from maitred.rpc.convert import behaviour, claims, decisions, privacy, rulesets
from maitred.rpc.convert.fields import Arrival

from .names import DECISION_SERVICE, PRIVACY_SERVICE, RULESET_SERVICE, full_name


@unique
class Runs(Enum):
    """Where a call is answered.

    ``LOOP`` is what tills and apps call many times a second and the committer commits; ``STOCK`` is
    what people ask for, or what takes long: on a few threads of its own, so that neither holds up the other.
    """

    LOOP = "loop"
    STOCK = "stock"


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """What answers calls. ``now`` is when a statement without a time was made."""

    decider: Decider
    claimer: Claimer
    operator: Operator
    privacy: Privacy
    recorder: Recorder
    now: Callable[[], datetime] = _utc_now
    simulated_time: bool = False

    def arrival(self, deadline: float | None, trace: TraceContext | None) -> Arrival:
        """What a call brings beside its message."""
        return Arrival(deadline, trace, self.simulated_time, self.now)


class Method(NamedTuple):
    """One call. ``parse`` and ``call`` raise ``CallError``; ``render`` gives the serialized answer."""

    service: str
    name: str
    parse: Callable[[bytes, Arrival], Any]
    call: Callable[[Services, Any], Any]
    render: Callable[[Any], bytes]
    runs: Runs

    @property
    def full_name(self) -> str:
        """As in ``names.full_name``."""
        return full_name(self.service, self.name)

    def answer(self, services: Services, data: bytes, arrival: Arrival) -> bytes:
        """Parses, asks the engine, renders."""
        return self.render(self.call(services, self.parse(data, arrival)))


METHODS: tuple[Method, ...] = (
    Method(
        DECISION_SERVICE,
        "Decide",
        decisions.decide_call,
        lambda services, call: services.decider.decide(call),
        decisions.decide_response,
        Runs.LOOP,
    ),
    Method(
        DECISION_SERVICE,
        "Claim",
        claims.claim_call,
        lambda services, call: services.claimer.claim(call),
        claims.claim_response,
        Runs.LOOP,
    ),
    Method(
        DECISION_SERVICE,
        "Redeem",
        claims.redeem_call,
        lambda services, call: services.claimer.redeem(call),
        claims.redeem_response,
        Runs.LOOP,
    ),
    Method(
        DECISION_SERVICE,
        "Release",
        claims.release_call,
        lambda services, call: services.claimer.release(call),
        claims.release_response,
        Runs.LOOP,
    ),
    Method(
        DECISION_SERVICE,
        "RecordOutcomes",
        claims.outcomes_call,
        lambda services, call: services.claimer.record_outcomes(call),
        claims.outcomes_response,
        Runs.LOOP,
    ),
    Method(
        DECISION_SERVICE,
        "RecordEvents",
        behaviour.events_call,
        lambda services, call: services.recorder.record_events(call),
        behaviour.events_response,
        Runs.LOOP,
    ),
    Method(
        DECISION_SERVICE,
        "GetDecision",
        decisions.get_decision_call,
        lambda services, call: services.decider.get_decision(*call),
        decisions.get_decision_response,
        Runs.STOCK,
    ),
    Method(
        RULESET_SERVICE,
        "PauseAction",
        rulesets.pause_call,
        lambda services, call: services.operator.pause(*call),
        rulesets.pause_response,
        Runs.STOCK,
    ),
    Method(
        RULESET_SERVICE,
        "ResumeAction",
        rulesets.resume_call,
        lambda services, action: services.operator.resume(action),
        rulesets.resume_response,
        Runs.STOCK,
    ),
    Method(
        RULESET_SERVICE,
        "GetLimits",
        rulesets.limits_call,
        lambda services, call: services.operator.limits(call),
        rulesets.limits_response,
        Runs.STOCK,
    ),
    Method(
        PRIVACY_SERVICE,
        "RecordConsent",
        privacy.record_consent_call,
        lambda services, call: services.privacy.record_consent(call),
        privacy.record_consent_response,
        Runs.LOOP,
    ),
    Method(
        PRIVACY_SERVICE,
        "GetConsent",
        privacy.get_consent_call,
        lambda services, customer_id: services.privacy.consent(customer_id),
        privacy.consent_response,
        Runs.STOCK,
    ),
    Method(
        PRIVACY_SERVICE,
        "ExportCustomer",
        privacy.export_call,
        lambda services, customer_id: services.privacy.export(customer_id),
        privacy.export_response,
        Runs.STOCK,
    ),
    Method(
        PRIVACY_SERVICE,
        "EraseCustomer",
        privacy.erase_call,
        lambda services, customer_id: services.privacy.erase(customer_id),
        privacy.erase_response,
        Runs.STOCK,
    ),
)

SERVICES: tuple[str, ...] = tuple(dict.fromkeys(method.service for method in METHODS))
"""The services there are, by full name."""

DECIDE = METHODS[0]
DECIDE_STREAM = full_name(DECISION_SERVICE, "DecideStream")


def running(where: Runs) -> Iterable[Method]:
    """The calls that are answered there."""
    return [method for method in METHODS if method.runs is where]
