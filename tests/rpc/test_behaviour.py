import pytest

from maitred.engine.calls import EventAnswer
from maitred.rpc.convert.behaviour import events_call, events_response
from maitred.rpc.convert.fields import Arrival
from maitred.v1 import decision_pb2 as pb


def test_events_arrive_as_they_were_sent_also_faulty_ones():
    full = pb.Event(
        event_id="e", customer_id="c", kind="visit", fields_json=b"{", session_id="s", withdraws="w"
    )
    full.at.FromJsonString("2026-12-01T12:00:00.000001Z")
    request = pb.RecordEventsRequest(events=[full, pb.Event()])
    request.at.FromJsonString("2026-12-02T12:00:00Z")
    call = events_call(request.SerializeToString(), Arrival(simulated_time=True))
    first, empty = call.events
    assert first[:3] == ("e", "c", "visit")
    assert first.at.isoformat() == "2026-12-01T12:00:00.000001+00:00"
    assert first[4:] == (b"{", "s", "w")
    assert empty == ("", "", "", None, b"", "", "")
    assert call.at.isoformat() == "2026-12-02T12:00:00+00:00"


def test_each_answer_is_a_result():
    answer = events_response([EventAnswer("e", True), EventAnswer("f", False, "why")])
    results = pb.RecordEventsResponse.FromString(answer).results
    assert [(result.event_id, result.recorded, result.detail) for result in results] == [
        ("e", True, ""),
        ("f", False, "why"),
    ]


@pytest.mark.parametrize("seconds", [-1, 10**11])
def test_an_event_at_no_instant_is_a_result_and_not_the_end_of_its_batch(seconds):
    sound, faulty = pb.Event(event_id="e-1"), pb.Event(event_id="e-2")
    faulty.at.seconds = seconds
    request = pb.RecordEventsRequest(events=[sound, faulty])
    call = events_call(request.SerializeToString())
    assert call.faults == {1: "`at` must lie in the years 1970 to 2199, with `nanos` from 0 to 999999999"}
    assert [event.event_id for event in call.events] == ["e-1", "e-2"]
