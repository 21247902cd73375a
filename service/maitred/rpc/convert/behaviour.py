"""``RecordEvents``, ``GetSession`` and ``GetCustomer``."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from maitred.core.values.texts import composed
from maitred.engine.calls import (
    CustomerView,
    EventAnswer,
    EventCall,
    EventsCall,
    ReportedOutcome,
    SessionStep,
    SessionView,
)
from maitred.engine.errors import CallError
from maitred.v1 import decision_pb2 as pb

from .decisions import open_claim_fields, proposals_fields
from .fields import PLAIN, Arrival, check_count, id_of, moment, parsed, simulated, timestamp

EVENTS_MAX = 1000
"""Promised in the API."""


def events_call(data: bytes, arrival: Arrival = PLAIN) -> EventsCall:
    """The call a serialized ``RecordEventsRequest`` makes; what is wrong with one event is its result.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    request = parsed(pb.RecordEventsRequest, data)
    check_count("events", len(request.events), EVENTS_MAX, required=True)
    faults: dict[int, str] = {}
    events = tuple(_event(place, event, faults) for place, event in enumerate(request.events))
    return EventsCall(events, arrival.deadline, simulated(request, arrival), faults)


def events_response(answers: Iterable[EventAnswer]) -> bytes:
    """Returns a serialized ``RecordEventsResponse``."""
    results = [
        {"event_id": event_id, "recorded": recorded, "detail": detail}
        for event_id, recorded, detail in answers
    ]
    return pb.RecordEventsResponse(results=results).SerializeToString()


def session_call(data: bytes, arrival: Arrival = PLAIN) -> tuple[str, datetime | None]:
    """Returns whose session a serialized ``GetSessionRequest`` asks for, and as of when.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    request = parsed(pb.GetSessionRequest, data)
    session_id = id_of("session_id", request.session_id, required=True)
    return session_id, simulated(request, arrival)


def session_view(view: SessionView) -> bytes:
    """Returns a serialized ``SessionView``."""
    return pb.SessionView(
        session_id=view.session_id,
        steps=[pb.SessionStep(**_step(step)) for step in view.steps],
        rejected=view.rejected,
        open_claims=[pb.OpenClaim(**open_claim_fields(claim)) for claim in view.open_claims],
    ).SerializeToString()


def customer_call(data: bytes, arrival: Arrival = PLAIN) -> tuple[str, datetime | None]:
    """Returns which customer a serialized ``GetCustomerRequest`` asks for, and as of when.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    request = parsed(pb.GetCustomerRequest, data)
    customer_id = id_of("customer_id", request.customer_id, required=True)
    return customer_id, simulated(request, arrival)


def customer_view(view: CustomerView) -> bytes:
    """Returns a serialized ``CustomerView``."""
    return pb.CustomerView(
        customer_id=view.customer_id,
        open_claims=[pb.OpenClaim(**open_claim_fields(claim)) for claim in view.open_claims],
        last_decisions=[pb.SessionStep(**_step(step)) for step in view.last_decisions],
        rejections=[pb.ReportedOutcome(**_outcome(outcome)) for outcome in view.rejections],
        events=[pb.Event(**_event_fields(event)) for event in view.events],
    ).SerializeToString()


def _step(step: SessionStep) -> dict[str, Any]:
    return {
        "decision_id": step.decision_id,
        "decided_at": timestamp(step.decided_at),
        "channel": step.channel,
        "location_id": step.location_id,
        "proposals": proposals_fields(step.proposals, ()),
        "outcomes": list(map(_outcome, step.outcomes)),
    }


def _outcome(outcome: ReportedOutcome) -> dict[str, Any]:
    return {"action": outcome.action, "kind": outcome.kind.value, "at": timestamp(outcome.at)}


def _event_fields(event: EventCall) -> dict[str, Any]:
    fields = event._asdict()
    fields["at"] = timestamp(event.at) if event.at else None
    return fields


def _event(place: int, event: pb.Event, faults: dict[int, str]) -> EventCall:
    """Returns the event; where it cannot have happened then, that is among the ``faults``."""
    at = None
    try:
        at = moment("at", event.at) if event.HasField("at") else None
    except CallError as error:
        faults[place] = error.message
    return EventCall(
        composed(event.event_id),
        composed(event.customer_id),
        event.kind,
        at,
        event.fields_json,
        composed(event.session_id),
        composed(event.withdraws),
    )
