"""Events of a harness."""

import json
from itertools import count

import pytest
from tests.rules import document

from maitred.engine.calls import EventCall, EventsCall

VISIT = document("Event", "visit", {"fields": "{page: string, clicks: int}", "retention": "400d"})


@pytest.fixture
def happen():
    """Records events of a harness: each with an id of its own unless one is given."""
    ids = count(1)

    def record(at, /, *events, **fields):
        call = EventsCall(tuple(event(f"e-{next(ids)}", **happened) for happened in events or (fields,)))
        return at.engine.recorder.record_events(call)

    return record


def event(
    fresh, customer="ann", kind="visit", *, event_id="", at=None, session="", withdraws="", raw=None, **fields
):
    """One event as it is sent; what is not named is a field of it."""
    data = json.dumps(fields).encode() if raw is None else raw
    return EventCall(event_id or fresh, customer, kind, at, data, session, withdraws)
