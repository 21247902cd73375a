"""``GetResults``."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.engine.operating.results import WITHIN, ArmCounts, Comparison, Interval, Results, ResultsCall
from maitred.rpc import messages
from maitred.v1 import ruleset_pb2 as pb

from .fields import PLAIN, Arrival, id_of, malformed, member, parsed, simulated

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
    )


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
