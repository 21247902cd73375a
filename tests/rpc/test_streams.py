"""Many requests on one stream."""

import gc
import random
import threading
import time

import grpc
import pytest
from tests.rpc.requests import decide_request
from tests.waiting import eventually

from maitred.engine.errors import CallError, Code
from maitred.rpc.streams import IN_FLIGHT_MAX, STREAMS_MAX
from maitred.settings import DEFAULT_STREAMS
from maitred.v1 import decision_pb2 as pb
from maitred.v1.decision_pb2_grpc import DecisionServiceStub

RESOURCE_EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED


def numbers(responses):
    return [int(response.decision_id.removeprefix("d-")) for response in responses]


def test_answers_come_in_order_whatever_the_engine_takes(running):
    delays = random.Random(7)
    running.engine.before = lambda _call: time.sleep(delays.random() * 0.01)
    responses = running.stub.DecideStream((decide_request(number) for number in range(200)), timeout=20)
    assert numbers(responses) == list(range(200))


def test_requests_of_one_stream_are_decided_at_once(running, gate):
    running.engine.before = gate
    responses = running.stub.DecideStream((decide_request(number) for number in range(100)), timeout=20)
    gate.await_arrivals(IN_FLIGHT_MAX)
    time.sleep(0.1)
    assert len(running.engine.calls) == IN_FLIGHT_MAX
    gate.open()
    assert numbers(responses) == list(range(100))


def test_an_answer_does_not_wait_for_the_next_request(running):
    sent = threading.Semaphore(0)

    def requests():
        for number in range(3):
            yield decide_request(number)
            assert sent.acquire(timeout=10)

    responses = running.stub.DecideStream(requests(), timeout=20)
    for number in range(3):
        assert next(responses).decision_id == f"d-{number}"
        sent.release()
    assert list(responses) == []


def test_an_empty_stream_has_no_answers(running):
    assert list(running.stub.DecideStream(iter(()), timeout=5)) == []


def test_the_first_failure_ends_the_stream_behind_the_answers_before_it(running):
    delays = random.Random(3)

    def before(call):
        time.sleep(delays.random() * 0.01)
        if int(call.request_id) >= 20:
            raise CallError(Code.OTHER_CONTENT, f"request {call.request_id}")

    running.engine.before = before
    responses = running.stub.DecideStream((decide_request(number) for number in range(1000)), timeout=20)
    answers = [next(responses) for _ in range(20)]
    with pytest.raises(grpc.RpcError) as caught:
        next(responses)
    assert numbers(answers) == list(range(20))
    assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.ALREADY_EXISTS, "request 20")
    assert len(running.engine.calls) <= 20 + 2 * IN_FLIGHT_MAX


def test_a_stream_that_failed_gives_its_place_on_the_connection_back(running, status_of):
    """At once, and not when objects that hold each other are collected."""
    gc.disable()
    try:
        for _ in range(DEFAULT_STREAMS + 8):
            garbage = running.channel.stream_stream("/maitred.v1.DecisionService/DecideStream")
            error = status_of(lambda garbage=garbage: list(garbage(iter([b"\xff"]), timeout=10)))
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    finally:
        gc.enable()
    assert running.stub.Decide(decide_request(1), timeout=10).decision_id == "d-1"


def test_garbage_on_a_stream_is_an_invalid_argument(running, status_of):
    stream = running.channel.stream_stream("/maitred.v1.DecisionService/DecideStream")
    payloads = iter([decide_request(0).SerializeToString(), b"\xff\xff"])
    responses = stream(payloads, timeout=5)
    assert pb.DecideResponse.FromString(next(responses)).decision_id == "d-0"
    assert status_of(lambda: next(responses)).code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_cancelled_stream_stops_and_gives_its_place_back(running, gate):
    running.engine.before = gate
    stop = threading.Event()

    def endless():
        number = 0
        while not stop.is_set():
            yield decide_request(number)
            number += 1

    for _ in range(2):
        responses = running.stub.DecideStream(endless(), timeout=20)
        gate.await_arrivals(1)
        responses.cancel()
    gate.open()
    stop.set()
    eventually(lambda: not running.server._stock.streams._open)
    assert len(running.engine.calls) <= 4 * IN_FLIGHT_MAX
    assert numbers(running.stub.DecideStream(iter([decide_request(5)]), timeout=5)) == [5]


def test_a_client_that_does_not_read_is_not_read(running):
    """Answers of 300 KB fill the flow-control window; without places the server would read on."""
    many, decide = 400, running.engine.decide
    running.engine.decide = lambda call: decide(call)._replace(ruleset="x" * 300_000)
    responses = running.stub.DecideStream((decide_request(number) for number in range(many)), timeout=60)
    assert next(responses).decision_id == "d-0"
    settled = -1
    while settled != len(running.engine.calls):
        settled = len(running.engine.calls)
        time.sleep(0.3)
    assert settled < many // 2
    assert numbers(responses) == list(range(1, many))


def test_streams_are_bounded_and_refused_at_once(serve, gate, status_of):
    running = serve(streams_per_connection=2 * STREAMS_MAX)
    running.engine.before = gate
    release = threading.Event()

    def held():
        yield decide_request(0)
        release.wait(20)

    streams = [running.stub.DecideStream(held(), timeout=20) for _ in range(STREAMS_MAX)]
    gate.await_arrivals(STREAMS_MAX)
    # Another connection, which has places left.
    with grpc.insecure_channel(running.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        stub = DecisionServiceStub(channel)
        error = status_of(lambda: next(stub.DecideStream(iter([decide_request(1)]), timeout=5)))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "grpc-retry-pushback-ms" in dict(error.trailing_metadata())
        gate.open()
        assert stub.Decide(decide_request(2), timeout=5).decision_id == "d-2"
    release.set()
    assert [numbers(stream) for stream in streams] == [[0]] * STREAMS_MAX


def test_streams_leave_half_of_a_connection_to_other_calls(serve, status_of):
    """A client that opens more is told at once; another connection has places of its own."""
    running, release = serve(streams_per_connection=6), threading.Event()

    def held():
        yield decide_request(0)
        release.wait(60)

    streams = [running.stub.DecideStream(held(), timeout=60) for _ in range(3)]
    assert [next(stream).decision_id for stream in streams] == ["d-0"] * 3
    error = status_of(lambda: next(running.stub.DecideStream(held(), timeout=60)))
    assert (error.code(), "another connection" in error.details()) == (RESOURCE_EXHAUSTED, True)
    assert "grpc-retry-pushback-ms" in dict(error.trailing_metadata())
    assert running.stub.Decide(decide_request(1), timeout=60).decision_id == "d-1"
    with grpc.insecure_channel(running.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        assert numbers(DecisionServiceStub(channel).DecideStream(iter([decide_request(2)]), timeout=60)) == [
            2
        ]
    release.set()
    assert [numbers(stream) for stream in streams] == [[]] * 3
    eventually(lambda: not running.server._stock._places._staying)
    assert numbers(running.stub.DecideStream(iter([decide_request(3)]), timeout=60)) == [3]


def test_the_deadline_of_a_stream_is_the_deadline_of_its_requests(running):
    list(running.stub.DecideStream(iter([decide_request(0)]), timeout=9))
    assert time.monotonic() < running.engine.calls[0].deadline < time.monotonic() + 9.5
    list(running.stub.DecideStream(iter([decide_request(0)])))
    assert running.engine.calls[1].deadline is None


def test_a_draining_server_ends_idle_streams(serve):
    running = serve()
    release = threading.Event()

    def held():
        yield decide_request(0)
        release.wait(20)

    responses = running.stub.DecideStream(held(), timeout=20)
    assert next(responses).decision_id == "d-0"
    started = time.monotonic()
    assert running.server.drain(10.0)
    assert time.monotonic() - started < 5
    with pytest.raises(grpc.RpcError) as caught:
        next(responses)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    release.set()
