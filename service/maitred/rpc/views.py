"""The server's answers as the engine's types."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.deciding.decisions import Proposal, Refusal
from maitred.core.limits.limits import LimitKind
from maitred.core.privacy.purposes import Basis, Consent, ConsentState, Use
from maitred.core.rules.ruleset import ActionType
from maitred.core.rules.treatments import Treatment
from maitred.core.values.instants import EPOCH
from maitred.core.values.reasons import Reason
from maitred.engine.calls import (
    Answer,
    ClaimAnswer,
    ClaimsPage,
    ClaimState,
    ConsentView,
    CustomerView,
    Erased,
    EventAnswer,
    EventCall,
    LimitView,
    OpenClaim,
    OutcomeAnswer,
    RecordView,
    ReportedOutcome,
    SessionStep,
    SessionView,
)
from maitred.engine.operating.results import (
    Adjusted,
    ArmCounts,
    Comparison,
    Estimate,
    Interval,
    PolicyValue,
    Results,
)
from maitred.rpc.convert.rulesets import KIND_NUMBERS
from maitred.v1 import decision_pb2 as pb
from maitred.v1 import privacy_pb2, ruleset_pb2

_KINDS: Mapping[int, LimitKind] = {number: kind for kind, number in KIND_NUMBERS.items()}


def answer(response: pb.DecideResponse) -> Answer:
    """Returns what a Decide answered with."""
    return Answer(
        decision_id=response.decision_id,
        ruleset=response.ruleset,
        proposals=tuple(_proposal(proposal) for proposal in response.proposals),
        decided_at=moment(response.decided_at),
        refusals=tuple(_refusal(refusal) for refusal in response.refusals),
        why=tuple(tuple(proposal.why) for proposal in response.proposals),
        degraded=response.degraded,
        trace_id=response.trace_id,
        unused=tuple(response.unused),
        open_claims=tuple(map(_open_claim, response.open_claims)),
    )


def record(response: pb.GetDecisionResponse) -> RecordView:
    """Returns the record of a decision."""
    message = response.record
    return RecordView(
        answer=answer(response.decision),
        request_id=message.request_id,
        customer_id=message.customer_id,
        channel=message.channel,
        location_id=message.location_id,
        max_actions=message.max_actions,
        facts_json=message.facts_json,
        situations=tuple(message.situations),
        ruleset_version=message.ruleset_version,
        ruleset_commit=message.ruleset_commit,
        purposes=tuple(message.purposes),
        uses=tuple(Use(use.attribute, use.purpose, Basis(use.basis)) for use in message.data_used),
        exposures=dict(message.exposures),
    )


def claim(response: pb.ClaimResponse) -> ClaimAnswer:
    """Returns what came of a claim."""
    return ClaimAnswer(
        granted=response.status == pb.CLAIM_GRANTED,
        claim_id=response.claim_id,
        expires_at=_moment_of(response, "expires_at"),
        reason=Reason(response.reason) if response.reason else None,
        detail=response.detail,
        alternatives=tuple(_proposal(proposal) for proposal in response.alternatives),
        treatment=_treatment(response.treatment) if response.HasField("treatment") else None,
        existing=response.existing,
    )


def claims(response: pb.ListClaimsResponse) -> ClaimsPage:
    """Returns a page of claims."""
    return ClaimsPage(tuple(map(_open_claim, response.claims)), response.next_page_token)


def _open_claim(claim: pb.OpenClaim) -> OpenClaim:
    return OpenClaim(
        claim.claim_id,
        claim.action,
        _treatment(claim.treatment),
        _moment_of(claim, "expires_at"),
        claim.location_id,
        ClaimState(claim.state) if claim.state else None,
    )


def outcomes(response: pb.RecordOutcomesResponse) -> tuple[OutcomeAnswer, ...]:
    """Returns which outcomes were taken up."""
    return tuple(
        OutcomeAnswer(result.outcome_id, result.recorded, result.detail) for result in response.results
    )


def events(response: pb.RecordEventsResponse) -> tuple[EventAnswer, ...]:
    """Returns which events are recorded."""
    return tuple(EventAnswer(result.event_id, result.recorded, result.detail) for result in response.results)


def session(response: pb.SessionView) -> SessionView:
    """Where a session is."""
    return SessionView(
        response.session_id,
        tuple(map(_step, response.steps)),
        tuple(response.rejected),
        tuple(map(_open_claim, response.open_claims)),
    )


def customer(response: pb.CustomerView) -> CustomerView:
    """Where a customer is."""
    return CustomerView(
        response.customer_id,
        tuple(map(_open_claim, response.open_claims)),
        tuple(map(_step, response.last_decisions)),
        tuple(map(_reported, response.rejections)),
        tuple(map(_event, response.events)),
    )


def _step(step: pb.SessionStep) -> SessionStep:
    return SessionStep(
        step.decision_id,
        moment(step.decided_at),
        step.channel,
        step.location_id,
        tuple(map(_proposal, step.proposals)),
        tuple(map(_reported, step.outcomes)),
    )


def _reported(outcome: pb.ReportedOutcome) -> ReportedOutcome:
    return ReportedOutcome(outcome.action, OutcomeKind(outcome.kind), moment(outcome.at))


def _event(event: pb.Event) -> EventCall:
    return EventCall(
        event.event_id, event.customer_id, event.kind, moment(event.at), event.fields_json, event.session_id
    )


def limits(response: ruleset_pb2.GetLimitsResponse) -> tuple[LimitView, ...]:
    """Limits as they stand."""
    return tuple(_limit(status) for status in response.limits)


def results(response: ruleset_pb2.GetResultsResponse) -> Results:
    """Returns what an experiment has shown."""
    return Results(
        response.experiment,
        response.goal,
        response.control,
        [
            ArmCounts(
                arm.name, arm.persons, arm.decisions, arm.reached, dict(arm.outcomes), dict(arm.refused)
            )
            for arm in response.arms
        ],
        _comparisons(response.comparisons),
        response.mismatch,
        response.early,
        response.switched,
        {segment.segment: _comparisons(segment.comparisons) for segment in response.segments},
        _policy_value(response.policy) if response.HasField("policy") else None,
    )


def _policy_value(value: ruleset_pb2.PolicyValue) -> PolicyValue:
    return PolicyValue(
        value.decisions,
        value.effective,
        value.heaviest,
        _estimate(value.logged),
        _estimate(value.inverse_propensity),
        _estimate(value.self_normalized),
        _estimate(value.doubly_robust),
        _estimate(value.difference),
        _interval(value.always),
    )


def _estimate(estimate: ruleset_pb2.Estimate) -> Estimate:
    return Estimate(estimate.value, _interval(estimate.interval))


def consent(response: privacy_pb2.GetConsentResponse) -> ConsentView:
    """Returns what is known of a customer's consent."""
    return ConsentView(
        tuple(_consent(statement) for statement in response.current),
        tuple(_consent(statement) for statement in response.history),
    )


def erased(response: privacy_pb2.EraseCustomerResponse) -> Erased:
    """Returns what was erased."""
    return Erased(dict(response.erased), moment(response.erased_at))


def moment(timestamp: Timestamp) -> datetime:
    """Returns the instant, aware."""
    return EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)


def _comparisons(comparisons: Iterable[ruleset_pb2.ArmComparison]) -> list[Comparison]:
    return [
        Comparison(
            comparison.arm,
            comparison.difference,
            _interval(comparison.fixed),
            comparison.p_value,
            _interval(comparison.always),
            _adjusted(comparison.adjusted) if comparison.HasField("adjusted") else None,
        )
        for comparison in comparisons
    ]


def _adjusted(adjusted: ruleset_pb2.AdjustedDifference) -> Adjusted:
    return Adjusted(adjusted.difference, _interval(adjusted.interval), adjusted.variance_saved)


def _interval(interval: ruleset_pb2.Interval) -> Interval:
    return Interval(interval.lower, interval.upper)


def _proposal(proposal: pb.Proposal) -> Proposal:
    return Proposal(
        proposal.action,
        proposal.rank,
        proposal.score,
        ActionType(proposal.type),
        _treatment(proposal.treatment),
        proposal.substitute_for,
        _moment_of(proposal, "hold_expires_at"),
        claim_id=proposal.claim_id,
    )


def _treatment(treatment: pb.Treatment) -> Treatment[str]:
    return Treatment.read(lambda name: getattr(treatment, name))


def _refusal(refusal: pb.Refusal) -> Refusal:
    return Refusal(refusal.action, Reason(refusal.reason), refusal.rule, refusal.detail)


def _limit(status: ruleset_pb2.LimitStatus) -> LimitView:
    return LimitView(
        name=status.name,
        kind=_KINDS[status.kind],
        subject=status.subject,
        window=status.window,
        counts=status.counts,
        used=status.used,
        held=status.held,
        maximum=status.maximum if status.HasField("maximum") else None,
        resets_at=_moment_of(status, "resets_at"),
        exhausted_at=_moment_of(status, "exhausted_at"),
        actions=tuple(status.actions),
        also=tuple(status.also),
    )


def _consent(statement: privacy_pb2.ConsentRecord) -> Consent:
    return Consent(
        statement.purpose,
        ConsentState(statement.state),
        statement.source,
        moment(statement.at),
        statement.text_version,
    )


def _moment_of(message: Message, field: str) -> datetime | None:
    return moment(getattr(message, field)) if message.HasField(field) else None
