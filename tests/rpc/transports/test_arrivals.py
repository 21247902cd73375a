"""Clients that open a call and keep its message to themselves."""

import threading
import time
from dataclasses import dataclass, field

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from tests.recording import RecordingObserver
from tests.rpc.requests import decide_request
from tests.waiting import eventually

from maitred.engine.errors import Code
from maitred.engine.ports.observer import CallFailed
from maitred.rpc.transports.arrivals import LOOKS_MAX, Arrivals
from maitred.rpc.transports.places import LOOK_SECONDS, Places
from maitred.rpc.transports.stock import CALL_THREADS, HEALTH_THREADS
from maitred.settings import DEFAULT_STREAMS
from maitred.v1 import decision_pb2 as pb

DECIDE = "/maitred.v1.DecisionService/Decide"
GET = "/maitred.v1.DecisionService/GetDecision"
CHECK, WATCH = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"
CANCELLED, INVALID = grpc.StatusCode.CANCELLED, grpc.StatusCode.INVALID_ARGUMENT
FEW = 8
"""Calls of a connection that soon has no place left."""
PATIENCE_SECONDS = 2.0
IN_TIME_SECONDS = PATIENCE_SECONDS + 3.0
"""With room for a slow machine."""
ENDS = {
    "loop": grpc.StatusCode.DEADLINE_EXCEEDED,
    "overlap": grpc.StatusCode.DEADLINE_EXCEEDED,
    "stock": CANCELLED,
}
"""How a call ends whose message has not come: grpcio's own threads can only be let go by a cancellation."""


@pytest.fixture
def stall():
    """Opens calls whose message never comes."""
    over = threading.Event()

    def never():
        over.wait(30)
        return
        yield

    def open_one(running, method=DECIDE):
        return running.channel.stream_unary(method).future(never(), timeout=30)

    yield open_one
    over.set()


def waiting(running):
    loop = running.server._loop
    return len(loop._silent if loop else running.server._stock._arrivals._waiting)


# Stalled calls


@pytest.mark.parametrize("method", [DECIDE, GET])
def test_more_stalled_calls_than_threads_do_not_stop_decisions(running, stall, method, transport):
    stalled = [stall(running, method) for _ in range(CALL_THREADS + 6)]
    eventually(lambda: waiting(running) > HEALTH_THREADS // 2)
    assert running.stub.Decide(decide_request("r"), timeout=IN_TIME_SECONDS).decision_id == "d-r"
    eventually(lambda: all(call.done() for call in stalled), 5 * IN_TIME_SECONDS)
    eventually(lambda: waiting(running) == 0)
    if transport != "stock":
        assert {call.code() for call in stalled} == {ENDS[transport]}
        failed = running.observer.events
        assert len(failed) == len(stalled)
        assert {(one.method, one.code) for one in failed} == {(method[1:], Code.EXPIRED)}
        assert all(0 < one.seconds < IN_TIME_SECONDS for one in failed)


@pytest.mark.parametrize("transport", ["loop", "overlap"], indirect=True)
def test_stalled_calls_hold_no_thread(serve, stall):
    running = serve()
    stalled = [stall(running) for _ in range(200)]
    eventually(lambda: waiting(running) == 200)
    for number in range(20):
        assert running.stub.Decide(decide_request(str(number)), timeout=5).decision_id == f"d-{number}"
    assert not any(call.done() for call in stalled)


def test_stalled_calls_leave_the_others_of_their_connection_places(serve, stall, transport):
    """More of them than places: crowd after crowd is ended, and the decision behind them is answered."""
    running = serve(streams_per_connection=FEW)
    stalled = [stall(running) for _ in range(40)]
    assert running.stub.Decide(decide_request("r"), timeout=60).decision_id == "d-r"
    ended = [call for call in stalled if call.done()]
    assert len(ended) >= 40 - FEW
    assert {call.code() for call in ended} == {ENDS[transport]}


def test_one_stalled_call_is_given_its_time(running, stall, transport):
    started = time.monotonic()
    stalled = stall(running)
    assert stalled.code() is ENDS[transport]
    assert PATIENCE_SECONDS <= time.monotonic() - started + LOOK_SECONDS < IN_TIME_SECONDS


def test_stalled_health_calls_do_not_stop_health(running, stall):
    stalled = [stall(running, method) for method in (CHECK, WATCH) for _ in range(HEALTH_THREADS)]
    asked = health_pb2.HealthCheckRequest()
    assert HealthStub(running.channel).Check(asked, timeout=IN_TIME_SECONDS).status == 1
    watched = HealthStub(running.channel).Watch(asked, timeout=10)
    assert next(watched).status == 1
    eventually(lambda: all(call.done() for call in stalled), 2 * IN_TIME_SECONDS)


def test_a_stalled_call_that_its_client_gives_up_is_no_failure_of_ours(running, stall):
    stalled = stall(running)
    eventually(lambda: waiting(running))
    stalled.cancel()
    eventually(lambda: not waiting(running))
    assert running.stub.Decide(decide_request("r"), timeout=5).decision_id == "d-r"
    assert not running.observer.events


def test_the_deadline_of_a_stalled_call_ends_it(running):
    over = threading.Event()

    def never():
        over.wait(30)
        yield b""

    with pytest.raises(grpc.RpcError) as caught:
        running.channel.stream_unary(DECIDE)(never(), timeout=0.2)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    eventually(lambda: not waiting(running))
    over.set()


def test_stalled_calls_do_not_hold_up_the_drain(serve, stall):
    running = serve()
    stalled = [stall(running) for _ in range(CALL_THREADS + 6)]
    eventually(lambda: waiting(running) > CALL_THREADS // 2)
    started = time.monotonic()
    assert running.server.drain(20.0) is True
    assert time.monotonic() - started < 2 * IN_TIME_SECONDS
    assert {call.code() for call in stalled} <= {*ENDS.values(), grpc.StatusCode.UNAVAILABLE}


# One message, no message, two messages


def test_a_message_that_comes_late_but_in_time_is_answered(running):
    def late():
        time.sleep(0.4)
        yield decide_request("r").SerializeToString()

    data = running.channel.stream_unary(DECIDE)(late(), timeout=5)
    assert pb.DecideResponse.FromString(data).decision_id == "d-r"


@pytest.mark.parametrize("method", [DECIDE, GET, CHECK])
def test_a_call_without_a_message_is_an_invalid_argument(running, status_of, method):
    error = status_of(lambda: running.channel.stream_unary(method)(iter([]), timeout=5))
    assert (error.code(), "exactly one" in error.details()) == (INVALID, True)
    assert not running.engine.calls


def test_a_watch_without_a_message_is_an_invalid_argument(running, status_of):
    watch = running.channel.stream_stream(WATCH)
    assert status_of(lambda: next(watch(iter([]), timeout=5))).code() is INVALID


def test_a_second_message_is_ignored(running):
    both = [decide_request(name).SerializeToString() for name in ("first", "second")]
    data = running.channel.stream_unary(DECIDE)(iter(both), timeout=5)
    assert pb.DecideResponse.FromString(data).decision_id == "d-first"
    assert [call.request_id for call in running.engine.calls] == ["first"]


# The rule of grpcio's own threads


@dataclass(eq=False)
class FakeContext:
    """A call that waits on a thread until it is cancelled or its message comes."""

    over: threading.Event = field(default_factory=threading.Event)
    cancels: int = 0

    def cancel(self):
        self.cancels += 1

    def __next__(self):
        assert self.over.wait(20)
        return b""


def test_age_is_counted_in_looks_and_not_on_the_clock():
    observer, call = RecordingObserver(), FakeContext()
    arrivals = Arrivals(observer, Places(DEFAULT_STREAMS))
    behave = arrivals.one_message("m", lambda _data, _context: None)
    thread = threading.Thread(target=behave, args=(call, call), daemon=True)
    thread.start()
    eventually(lambda: arrivals._waiting)
    for _ in range(LOOKS_MAX):
        arrivals.look()
    cancels = [call.cancels]
    for _ in range(3):
        arrivals.look()
    assert [*cancels, call.cancels] == [0, 1]
    call.over.set()
    thread.join(5)
    seconds = (LOOKS_MAX + 1) * LOOK_SECONDS
    assert observer.events == [CallFailed("m", Code.EXPIRED, seconds, status="CANCELLED")]
