"""``GetResults``."""

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.engine.operating.results import (
    POLICY_LINES_MAX,
    WITHIN,
    ArmCounts,
    Comparison,
    Estimate,
    Interval,
    PolicyLine,
    PolicyValue,
    Results,
    ResultsCall,
    names_segments,
)
from maitred.rpc import messages
from maitred.v1 import ruleset_pb2 as pb

from .fields import PLAIN, Arrival, check_count, id_of, malformed, member, parsed, simulated

WITHIN_MAX = timedelta(days=10_000)
"""Longer than any log, and far from the ends of Python's calendar."""


def results_call(data: bytes, arrival: Arrival = PLAIN) -> ResultsCall:
    """Returns the call a serialized ``GetResultsRequest`` makes.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    request = parsed(pb.GetResultsRequest, data)
    outcome = OutcomeKind.ACCEPTED
    if request.outcome:
        outcome = member(OutcomeKind, "outcome", request.outcome)
    return ResultsCall(
        id_of("experiment", request.experiment, required=True),
        id_of("event", request.event) or outcome,
        _within(request),
        id_of("action", request.action),
        id_of("control", request.control),
        id_of("by", request.by),
        simulated(request, arrival),
        arrival.deadline,
        _policy(request),
    )


def _policy(request: pb.GetResultsRequest) -> tuple[PolicyLine, ...]:
    check_count("policy", len(request.policy), POLICY_LINES_MAX)
    lines = tuple(_line(f"policy[{number}]", share) for number, share in enumerate(request.policy))
    if not request.by and names_segments(lines):
        malformed(messages.POLICY_WITHOUT_SEGMENTS)
    return lines


def _line(place: str, share: pb.PolicyShare) -> PolicyLine:
    segment = id_of(f"{place}.segment", share.segment, required=True)
    arm = id_of(f"{place}.arm", share.arm, required=True)
    # Of NaN as well.
    if not 0 <= share.probability <= 1:
        malformed(messages.no_probability(f"{place}.probability"))
    # As it is written: 0.1 is a tenth, which no double is.
    return PolicyLine(f"`{place}`", segment, arm, Fraction(repr(share.probability)))


def _within(request: pb.GetResultsRequest) -> timedelta:
    if not request.HasField("within"):
        return WITHIN
    seconds, nanos = request.within.seconds, request.within.nanos
    if not (0 <= nanos < 10**9 and 0 <= seconds <= WITHIN_MAX.total_seconds()):
        malformed(messages.within_out_of_range(WITHIN_MAX.days))
    within = timedelta(seconds=seconds, microseconds=nanos // 1000)
    if not timedelta(0) < within <= WITHIN_MAX:
        malformed(messages.within_out_of_range(WITHIN_MAX.days))
    return within


def results_response(results: Results) -> bytes:
    """Returns a serialized ``GetResultsResponse``."""
    return pb.GetResultsResponse(
        experiment=results.experiment,
        goal=results.goal,
        control=results.control,
        arms=map(_arm, results.arms),
        comparisons=_comparisons(results.comparisons),
        mismatch=results.mismatch,
        is_mismatched=results.is_mismatched,
        early=results.early,
        switched=results.switched,
        segments=[
            pb.SegmentResult(segment=segment, comparisons=_comparisons(comparisons))
            for segment, comparisons in results.segments.items()
        ],
        policy=_policy_value(results.policy),
    ).SerializeToString()


def _arm(arm: ArmCounts) -> pb.ArmResult:
    return pb.ArmResult(
        name=arm.name,
        persons=arm.persons,
        decisions=arm.decisions,
        reached=arm.reached,
        rate=arm.rate,
        outcomes=arm.outcomes,
        refused=arm.refused,
    )


def _policy_value(value: PolicyValue | None) -> Any:
    return value and pb.PolicyValue(
        decisions=value.decisions,
        effective=value.effective,
        heaviest=value.heaviest,
        logged=_estimate(value.logged),
        inverse_propensity=_estimate(value.inverse_propensity),
        self_normalized=_estimate(value.self_normalized),
        doubly_robust=_estimate(value.doubly_robust),
        difference=_estimate(value.difference),
        always=_interval(value.always),
    )


def _estimate(estimate: Estimate) -> pb.Estimate:
    return pb.Estimate(value=estimate.value, interval=_interval(estimate.interval))


def _comparisons(comparisons: Sequence[Comparison]) -> list[pb.ArmComparison]:
    return [
        pb.ArmComparison(
            arm=comparison.arm,
            difference=comparison.difference,
            fixed=_interval(comparison.fixed),
            p_value=comparison.p_value,
            always=_interval(comparison.always),
            adjusted=_adjusted(comparison),
        )
        for comparison in comparisons
    ]


def _adjusted(comparison: Comparison) -> Any:
    adjusted = comparison.adjusted
    return adjusted and pb.AdjustedDifference(
        difference=adjusted.difference,
        interval=_interval(adjusted.interval),
        variance_saved=adjusted.variance_saved,
    )


def _interval(interval: Interval) -> pb.Interval:
    return pb.Interval(lower=interval.lower, upper=interval.upper)
