"""Every unary call that is served: one row each, from the bytes of its message to those of its answer.

A call is added here, as a pair of functions in ``convert``, and in the engine. ``DecideStream`` runs the
row of ``Decide`` for each of its messages (``streams``); health and reflection are gRPC's own services.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, unique
from typing import Any, NamedTuple, Protocol, TypeVar

from maitred.core.trace import TraceContext
from maitred.engine.api import Analyst, Claimer, Decider, Desk, Operator, PrivacyCalls, Recorder
from maitred.engine.deciding.tickets import Steps, Ticket
from maitred.rpc.convert import behaviour, claims, decisions, privacy, results, rulesets
from maitred.rpc.convert.fields import Arrival
from maitred.v1 import decision_pb2, privacy_pb2, ruleset_pb2

DECISION_SERVICE: str = decision_pb2.DESCRIPTOR.services_by_name["DecisionService"].full_name
RULESET_SERVICE: str = ruleset_pb2.DESCRIPTOR.services_by_name["RulesetService"].full_name
PRIVACY_SERVICE: str = privacy_pb2.DESCRIPTOR.services_by_name["PrivacyService"].full_name


def full_name(service: str, method: str) -> str:
    """As telemetry has it for every call, answered or not: ``maitred.v1.DecisionService/Decide``."""
    return f"{service}/{method}"


@unique
class Runs(Enum):
    """Where a call is answered.

    ``LOOP`` is what tills and apps call many times a second and the committer commits; ``DESK`` is what
    people ask for, or what takes long: on a few threads of its own, so that neither holds up the other.
    """

    LOOP = "loop"
    DESK = "desk"


def _utc_now() -> datetime:
    return datetime.now(UTC)


_Answered = TypeVar("_Answered")


class Commits(Protocol):
    """Commits what calls need of the database: ``engine.deciding.committer.Committer``."""

    def complete(self, steps: Steps[_Answered]) -> _Answered:
        """Blocks until the call has gone through its steps; gives its answer or raises what it raises."""
        ...

    def settle(self, tickets: Sequence[Ticket], waiting: int) -> None:
        """Blocks until each ticket is done, or has its error; so many other calls are waiting."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What answers calls. ``now`` is when a statement without a time was made."""

    committer: Commits
    decider: Decider
    claimer: Claimer
    operator: Operator
    privacy: PrivacyCalls
    recorder: Recorder
    desk: Desk
    analyst: Analyst
    now: Callable[[], datetime] = _utc_now
    simulated_time: bool = False

    def arrival(self, deadline: float | None, trace: TraceContext | None) -> Arrival:
        """Returns what a call brings beside its message."""
        return Arrival(deadline, trace, self.simulated_time, self.now)


class Method(NamedTuple):
    """One call. ``parse`` and ``call`` raise ``CallError``; ``render`` gives the serialized answer.

    Where it runs on the loop, ``call`` gives its ``Steps``, else its answer. ``reads`` is whether the
    first of the steps reads the database, so that it must not hold up the receiving of other calls.
    """

    service: str
    name: str
    parse: Callable[[bytes, Arrival], Any]
    call: Callable[[Services, Any], Any]
    render: Callable[[Any], bytes]
    runs: Runs
    reads: bool = False

    @property
    def full_name(self) -> str:
        """As in ``names.full_name``."""
        return full_name(self.service, self.name)

    def answer(self, services: Services, data: bytes, arrival: Arrival) -> bytes:
        """Parses, asks the engine, renders; blocks until the answer is durable."""
        answer = self.call(services, self.parse(data, arrival))
        return self.render(services.committer.complete(answer) if self.runs is Runs.LOOP else answer)


METHODS: tuple[Method, ...] = (
    Method(
        DECISION_SERVICE,
        "Decide",
        decisions.decide_call,
        lambda services, call: services.decider.deciding(call),
        decisions.decide_response,
        Runs.LOOP,
    ),
    Method(
        DECISION_SERVICE,
        "Claim",
        claims.claim_call,
        lambda services, call: services.claimer.claiming(call),
        claims.claim_response,
        Runs.LOOP,
    ),
    Method(
        DECISION_SERVICE,
        "Redeem",
        claims.redeem_call,
        lambda services, call: services.claimer.redeeming(call),
        claims.redeem_response,
        Runs.LOOP,
        reads=True,
    ),
    Method(
        DECISION_SERVICE,
        "Release",
        claims.release_call,
        lambda services, call: services.claimer.releasing(call),
        claims.release_response,
        Runs.LOOP,
        reads=True,
    ),
    Method(
        DECISION_SERVICE,
        "RecordOutcomes",
        claims.outcomes_call,
        lambda services, call: services.claimer.recording(call),
        claims.outcomes_response,
        Runs.LOOP,
        reads=True,
    ),
    Method(
        DECISION_SERVICE,
        "ListClaims",
        claims.claims_call,
        lambda services, call: services.claimer.list_claims(call),
        claims.claims_response,
        Runs.DESK,
    ),
    Method(
        DECISION_SERVICE,
        "GetSession",
        behaviour.session_call,
        lambda services, call: services.desk.session(*call),
        behaviour.session_view,
        Runs.DESK,
    ),
    Method(
        DECISION_SERVICE,
        "GetCustomer",
        behaviour.customer_call,
        lambda services, call: services.desk.customer(*call),
        behaviour.customer_view,
        Runs.DESK,
    ),
    Method(
        DECISION_SERVICE,
        "RecordEvents",
        behaviour.events_call,
        lambda services, call: services.recorder.recording_events(call),
        behaviour.events_response,
        Runs.LOOP,
    ),
    Method(
        DECISION_SERVICE,
        "GetDecision",
        decisions.get_decision_call,
        lambda services, call: services.decider.get_decision(*call),
        decisions.get_decision_response,
        Runs.DESK,
    ),
    Method(
        RULESET_SERVICE,
        "PauseAction",
        rulesets.pause_call,
        lambda services, call: services.operator.pause(*call),
        rulesets.pause_response,
        Runs.DESK,
    ),
    Method(
        RULESET_SERVICE,
        "ResumeAction",
        rulesets.resume_call,
        lambda services, action: services.operator.resume(action),
        rulesets.resume_response,
        Runs.DESK,
    ),
    Method(
        RULESET_SERVICE,
        "GetLimits",
        rulesets.limits_call,
        lambda services, call: services.operator.limits(call),
        rulesets.limits_response,
        Runs.DESK,
    ),
    Method(
        RULESET_SERVICE,
        "GetResults",
        results.results_call,
        lambda services, call: services.analyst.results(call),
        results.results_response,
        Runs.DESK,
    ),
    Method(
        PRIVACY_SERVICE,
        "RecordConsent",
        privacy.record_consent_call,
        lambda services, call: services.privacy.recording_consent(call),
        privacy.record_consent_response,
        Runs.LOOP,
    ),
    Method(
        PRIVACY_SERVICE,
        "GetConsent",
        privacy.get_consent_call,
        lambda services, customer_id: services.privacy.consent(customer_id),
        privacy.consent_response,
        Runs.DESK,
    ),
    Method(
        PRIVACY_SERVICE,
        "ExportCustomer",
        privacy.export_call,
        lambda services, customer_id: services.privacy.export(customer_id),
        privacy.export_response,
        Runs.DESK,
    ),
    Method(
        PRIVACY_SERVICE,
        "EraseCustomer",
        privacy.erase_call,
        lambda services, customer_id: services.privacy.erase(customer_id),
        privacy.erase_response,
        Runs.DESK,
    ),
)

SERVICES: tuple[str, ...] = tuple(dict.fromkeys(method.service for method in METHODS))
"""The services there are, by full name."""

DECIDE = METHODS[0]
DECIDE_STREAM = full_name(DECISION_SERVICE, "DecideStream")


def running(where: Runs) -> Iterable[Method]:
    """Returns the calls that are answered there."""
    return [method for method in METHODS if method.runs is where]
