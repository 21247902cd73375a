"""Clients that open a call and keep its message to themselves."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

from maitred.engine.errors import Code
from maitred.engine.ports.observer import CallFailed
from maitred.rpc.admission import CALL_THREADS
from maitred.rpc.arrivals import CROWDED_LOOKS_MOST, LOOK_SECONDS, LOOKS_MOST, MESSAGE_MOST_SECONDS, Arrivals
from maitred.rpc.stock import HEALTH_THREADS
from maitred.rpc.workers import Workers
from maitred.v1 import decision_pb2 as pb

DECIDE = "/maitred.v1.DecisionService/Decide"
GET = "/maitred.v1.DecisionService/GetDecision"
CHECK, WATCH = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"
CANCELLED, INVALID = grpc.StatusCode.CANCELLED, grpc.StatusCode.INVALID_ARGUMENT
IN_TIME_SECONDS = MESSAGE_MOST_SECONDS + 2.0
"""With room for a slow machine."""


def request(name="r"):
    return pb.DecideRequest(request_id=name, customer_id="c", channel="pos")


def eventually(holds, seconds=5.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


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
    return len(running.server._watch._arrivals[0]._waiting)


# Stalled calls


def test_more_stalled_calls_than_threads_do_not_stop_decisions(running, stall):
    stalled = [stall(running) for _ in range(CALL_THREADS + 6)]
    eventually(lambda: waiting(running) > CALL_THREADS // 2)
    assert running.stub.Decide(request(), timeout=2).decision_id == "d-r"
    eventually(lambda: all(call.done() for call in stalled), IN_TIME_SECONDS)
    assert {call.code() for call in stalled} == {CANCELLED}
    eventually(lambda: waiting(running) == 0)
    failed = running.observer.events
    assert len(failed) == len(stalled)
    assert {(one.method, one.code, one.status) for one in failed} == {(DECIDE[1:], Code.EXPIRED, "CANCELLED")}
    assert all(0 < one.seconds < IN_TIME_SECONDS for one in failed)


def test_one_stalled_call_is_given_its_time(running, stall):
    started = time.monotonic()
    stalled = stall(running)
    assert stalled.code() is CANCELLED
    assert MESSAGE_MOST_SECONDS <= time.monotonic() - started + LOOK_SECONDS < IN_TIME_SECONDS


def test_a_steady_attack_leaves_room_for_decisions(serve, stall):
    running, ending = serve(threads=16), threading.Event()

    def attack():
        stalled = []
        while not ending.wait(0.005):
            stalled = [call for call in stalled if not call.done()]
            stalled += [stall(running) for _ in range(100 - len(stalled))]

    attacker = threading.Thread(target=attack)
    attacker.start()
    try:
        eventually(lambda: running.server._pools.calls.waiting)
        for number in range(5):
            assert running.stub.Decide(request(str(number)), timeout=4).decision_id == f"d-{number}"
    finally:
        ending.set()
        attacker.join()


def test_stalled_health_calls_do_not_stop_health(running, stall):
    stalled = [stall(running, method) for method in (CHECK, WATCH) for _ in range(HEALTH_THREADS)]
    asked = health_pb2.HealthCheckRequest()
    assert HealthStub(running.channel).Check(asked, timeout=2).status == 1
    watched = HealthStub(running.channel).Watch(asked, timeout=10)
    assert next(watched).status == 1
    eventually(lambda: all(call.done() for call in stalled), IN_TIME_SECONDS)


def test_a_stalled_call_that_its_client_gives_up_is_no_failure_of_ours(running, stall):
    stalled = stall(running)
    eventually(lambda: waiting(running))
    stalled.cancel()
    eventually(lambda: not waiting(running))
    assert running.stub.Decide(request(), timeout=5).decision_id == "d-r"
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


def test_stalled_calls_do_not_hold_up_the_drain(running, stall):
    stalled = [stall(running) for _ in range(CALL_THREADS + 6)]
    eventually(lambda: waiting(running) > CALL_THREADS // 2)
    started = time.monotonic()
    assert running.server.drain(20.0) is True
    assert time.monotonic() - started < IN_TIME_SECONDS + 1
    assert {call.code() for call in stalled} <= {CANCELLED, grpc.StatusCode.UNAVAILABLE}


# One message, no message, two messages


def test_a_message_that_comes_late_but_in_time_is_answered(running):
    def late():
        time.sleep(0.4)
        yield request().SerializeToString()

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
    both = [request(name).SerializeToString() for name in ("first", "second")]
    data = running.channel.stream_unary(DECIDE)(iter(both), timeout=5)
    assert pb.DecideResponse.FromString(data).decision_id == "d-first"
    assert [call.request_id for call in running.engine.calls] == ["first"]


# The rule


@dataclass(eq=False)
class FakeContext:
    """A call that waits on a thread until it is cancelled or its message comes."""

    over: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False

    def cancel(self):
        self.cancelled = True
        self.over.set()

    def __next__(self):
        assert self.over.wait(20)
        return b""


class FakePool(Workers):
    """Says that others wait for a thread."""

    others = 0

    @property
    def waiting(self):
        return self.others


@pytest.fixture
def room():
    """Calls on a pool of four threads that look at nothing by themselves."""
    pool, observer, contexts = FakePool(4, "test"), Events(), []
    arrivals = Arrivals(pool, observer)
    behave = arrivals.one_message("m", lambda _data, _context: None)

    def open_calls(count):
        opened: list[Any] = [FakeContext() for _ in range(count)]
        contexts.extend(opened)
        for one in opened:
            pool.submit(behave, one, one)
        eventually(lambda: all(one in arrivals._waiting or one.over.is_set() for one in opened))
        return opened

    yield pool, arrivals, observer, open_calls
    for one in contexts:
        one.over.set()
    pool.shutdown()


@dataclass
class Events:
    tracing = False
    seen: list = field(default_factory=list)

    def observe(self, event):
        self.seen.append(event)

    def close(self):
        pass


def looks(arrivals, count):
    for _ in range(count):
        arrivals.look()


def test_age_is_counted_in_looks_and_not_on_the_clock(room):
    _, arrivals, observer, open_calls = room
    (call,) = open_calls(1)
    looks(arrivals, LOOKS_MOST)
    assert not call.cancelled
    arrivals.look()
    assert call.cancelled
    seconds = (LOOKS_MOST + 1) * LOOK_SECONDS
    assert observer.seen == [CallFailed("m", Code.EXPIRED, seconds, status="CANCELLED")]


@pytest.mark.parametrize(
    ("stalled", "others", "short"),
    [(3, 1, True), (4, 9, True), (2, 9, False), (4, 0, False)],
    ids=["more than half", "all", "half", "nobody waits for a thread"],
)
def test_patience_is_short_only_where_threads_are_short(room, stalled, others, short):
    pool, arrivals, _, open_calls = room
    calls, pool.others = open_calls(stalled), others
    looks(arrivals, CROWDED_LOOKS_MOST)
    assert not any(call.cancelled for call in calls)
    arrivals.look()
    assert {call.cancelled for call in calls} == {short}


def test_a_call_that_has_just_come_is_spared_in_a_crowd(room):
    pool, arrivals, _, open_calls = room
    old = open_calls(3)
    looks(arrivals, CROWDED_LOOKS_MOST)
    (new,) = open_calls(1)
    pool.others = 1
    arrivals.look()
    assert all(call.cancelled for call in old)
    assert not new.cancelled
