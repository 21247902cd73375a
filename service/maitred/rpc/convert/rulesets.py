"""``PauseAction``, ``ResumeAction`` and ``GetLimits``."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from maitred.core.limits.limits import LimitKind
from maitred.engine.calls import LimitsCall, LimitView
from maitred.rpc import messages
from maitred.v1 import ruleset_pb2 as pb

from .fields import ID_MAX_BYTES, PLAIN, Arrival, check_text, id_of, malformed, parsed, simulated, timestamp

CAUSE_MAX_BYTES = 1024
"""A few sentences, for who reads the record later."""
SUBJECTS_MAX = 1000
"""Of one limit: a chain with more locations asks by location."""

KIND_NUMBERS: Mapping[LimitKind, int] = {
    LimitKind.FREQUENCY_CAP: pb.FREQUENCY_CAP,
    LimitKind.CAPACITY: pb.CAPACITY,
    LimitKind.PACE: pb.PACE,
}


class PauseCall(NamedTuple):
    """Which action to stop, who stops it and why."""

    action: str
    by: str
    cause: str


def pause_call(data: bytes, _arrival: Arrival = PLAIN) -> PauseCall:
    """Returns the call a serialized ``PauseActionRequest`` makes.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    request = parsed(pb.PauseActionRequest, data)
    action = id_of("action", request.action, required=True)
    check_text("by", request.by, ID_MAX_BYTES)
    check_text("cause", request.cause, CAUSE_MAX_BYTES)
    return PauseCall(action, request.by, request.cause)


def pause_response(paused_at: datetime) -> bytes:
    """Returns a serialized ``PauseActionResponse``."""
    return pb.PauseActionResponse(paused_at=timestamp(paused_at)).SerializeToString()


def resume_call(data: bytes, _arrival: Arrival = PLAIN) -> str:
    """Returns the action a serialized ``ResumeActionRequest`` names.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    return id_of("action", parsed(pb.ResumeActionRequest, data).action, required=True)


def resume_response(was_paused: bool) -> bytes:  # noqa: FBT001 -- all there is to the response
    """Returns a serialized ``ResumeActionResponse``."""
    return pb.ResumeActionResponse(was_paused=was_paused).SerializeToString()


def limits_call(data: bytes, arrival: Arrival = PLAIN) -> LimitsCall:
    """Returns the call a serialized ``GetLimitsRequest`` makes.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    request = parsed(pb.GetLimitsRequest, data)
    limit, action = id_of("limit", request.limit), id_of("action", request.action)
    location_id = id_of("location_id", request.location_id)
    if request.most_subjects > SUBJECTS_MAX:
        malformed(messages.too_large("most_subjects", SUBJECTS_MAX))
    call = LimitsCall(limit, action, location_id, at=simulated(request, arrival))
    return call._replace(max_subjects=request.most_subjects) if request.most_subjects else call


def limits_response(limits: Iterable[LimitView]) -> bytes:
    """Returns a serialized ``GetLimitsResponse``."""
    return pb.GetLimitsResponse(limits=[_limit(limit) for limit in limits]).SerializeToString()


def _limit(limit: LimitView) -> Mapping[str, Any]:
    return {
        "name": limit.name,
        "kind": KIND_NUMBERS[limit.kind],
        "subject": limit.subject,
        "window": limit.window,
        "counts": limit.counts,
        "used": limit.used,
        "held": limit.held,
        "maximum": limit.maximum,
        "resets_at": None if limit.resets_at is None else timestamp(limit.resets_at),
        "exhausted_at": None if limit.exhausted_at is None else timestamp(limit.exhausted_at),
        "actions": limit.actions,
        "also": limit.also,
    }
