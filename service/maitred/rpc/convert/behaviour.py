"""``RecordEvents``."""

from collections.abc import Iterable

from maitred.engine.calls import EventAnswer, EventCall, EventsCall
from maitred.v1 import decision_pb2 as pb

from .fields import PLAIN, Arrival, check_count, moment, parsed, simulated

EVENTS_MOST = 1000
"""Promised in the API."""


def events_call(data: bytes, arrival: Arrival = PLAIN) -> EventsCall:
    """The call a serialized ``RecordEventsRequest`` makes; what is wrong with one event is its result.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    request = parsed(pb.RecordEventsRequest, data)
    check_count("events", len(request.events), EVENTS_MOST, required=True)
    events = tuple(_event(f"events[{number}]", each) for number, each in enumerate(request.events))
    return EventsCall(events, arrival.deadline, simulated(request, arrival))


def events_response(answers: Iterable[EventAnswer]) -> bytes:
    """A serialized ``RecordEventsResponse``."""
    results = [
        {"event_id": event_id, "recorded": recorded, "detail": detail}
        for event_id, recorded, detail in answers
    ]
    return pb.RecordEventsResponse(results=results).SerializeToString()


def _event(place: str, event: pb.Event) -> EventCall:
    return EventCall(
        event.event_id,
        event.customer_id,
        event.kind,
        moment(f"{place}.at", event.at) if event.HasField("at") else None,
        event.fields_json,
        event.session_id,
        event.withdraws,
    )
