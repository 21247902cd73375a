"""Starting, listening, deadlines, shedding, draining."""

import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub
from tests.rpc.requests import decide_request
from tests.waiting import eventually

from maitred.engine.errors import Code
from maitred.engine.ports.observer import CallFailed, CallsRefused
from maitred.rpc.server import ListenError
from maitred.v1 import decision_pb2 as pb
from maitred.v1.decision_pb2_grpc import DecisionServiceStub

SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3
BESIDE_THE_ENGINE = pytest.mark.parametrize("transport", ["overlap", "stock"], indirect=True)
"""Where something goes on while the engine stands still."""
STOCK = pytest.mark.parametrize("transport", ["stock"], indirect=True)
LOOP = pytest.mark.parametrize("transport", ["loop", "overlap"], indirect=True)
NAME = "maitred.v1.DecisionService"
NAMES = [NAME, "maitred.v1.RulesetService", "maitred.v1.PrivacyService"]


def check(running, service=NAME):
    response = HealthStub(running.channel).Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
    return response.status


# Listening


def test_the_address_says_the_port_taken(running):
    host, port = running.address.split(":")
    assert host == "127.0.0.1"
    assert int(port) > 0


@pytest.mark.parametrize(
    "listen", ["", "localhost", ":50051", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:-1"]
)
def test_what_is_not_an_address_is_refused(serve, listen):
    with pytest.raises(ListenError, match="is not an address: give HOST:PORT"):
        serve(listen=listen)


def test_a_port_in_use_is_refused_clearly(serve, running):
    with pytest.raises(ListenError, match=f"cannot listen on `{running.address}`: the port is in use"):
        serve(listen=running.address)


def test_a_port_can_be_shared_when_asked(serve):
    first = serve(share_port=True)
    second = serve(share_port=True, listen=first.address)
    for number in range(60):
        with grpc.insecure_channel(first.address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            assert (
                DecisionServiceStub(channel).Decide(decide_request(number), timeout=5).decision_id
                == f"d-{number}"
            )
    assert len(first.engine.calls) + len(second.engine.calls) == 60
    assert first.engine.calls
    assert second.engine.calls


# Deadlines


def test_the_deadline_reaches_the_engine(running):
    before = time.monotonic()
    running.stub.Decide(decide_request(), timeout=9)
    assert before + 8 < running.engine.calls[0].deadline < time.monotonic() + 9.5  # rounded up on the wire
    running.stub.Decide(decide_request())
    assert running.engine.calls[1].deadline is None


def test_a_call_that_waited_too_long_never_reaches_the_engine(serve, gate, status_of):
    running = serve(threads=1)
    running.engine.before = gate
    first = running.stub.Decide.future(decide_request(1), timeout=20)
    gate.await_arrivals(1)
    assert (
        status_of(lambda: running.stub.Decide(decide_request(2), timeout=0.2)).code()
        is grpc.StatusCode.DEADLINE_EXCEEDED
    )
    gate.open()
    assert first.result().decision_id == "d-1"
    running.stub.Decide(decide_request(3), timeout=5)
    assert [call.request_id for call in running.engine.calls] == ["1", "3"]


def test_a_call_cancelled_while_it_is_decided_is_decided_all_the_same(serve, gate):
    """Its decision is on record, and a retry gets it."""
    running = serve()
    running.engine.before = gate
    given_up = running.stub.Decide.future(decide_request(1), timeout=20)
    gate.await_arrivals(1)
    given_up.cancel()
    gate.open()
    assert running.stub.Decide(decide_request(2), timeout=5).decision_id == "d-2"
    assert [call.request_id for call in running.engine.calls] == ["1", "2"]


# Shedding


@STOCK
def test_calls_beyond_the_bound_are_refused_at_once_and_health_still_answers(serve, gate, status_of):
    running = serve(threads=4, max_waiting_calls=8)
    running.engine.before = gate
    held = [running.stub.Decide.future(decide_request(number), timeout=30) for number in range(4)]
    gate.await_arrivals(4)
    held += [running.stub.Decide.future(decide_request(number), timeout=30) for number in range(4, 12)]
    eventually(lambda: running.server._stock.pool.waiting == 8)
    started = time.monotonic()
    for _ in range(20):
        error = status_of(lambda: running.stub.Decide(decide_request(99), timeout=10))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert int(dict(error.trailing_metadata())["grpc-retry-pushback-ms"]) > 0
    record = running.stub.GetDecision(pb.GetDecisionRequest(decision_id="d-1"), timeout=10)
    assert record.decision.decision_id == "d-1"
    assert check(running) == SERVING
    assert time.monotonic() - started < 5
    assert running.observer.events[0] == CallFailed(
        "maitred.v1.DecisionService/Decide", Code.OVERLOADED, 0.0, status="RESOURCE_EXHAUSTED"
    )
    gate.open()
    assert {one.result().decision_id for one in held} == {f"d-{number}" for number in range(12)}
    assert running.stub.Decide(decide_request(100), timeout=5).decision_id == "d-100"


@STOCK
def test_a_refusal_does_not_wait_for_the_message(serve, gate):
    running = serve(threads=1, max_waiting_calls=1)
    running.engine.before = gate
    held = [running.stub.Decide.future(decide_request(1), timeout=30)]
    gate.await_arrivals(1)
    held += [running.stub.Decide.future(decide_request(2), timeout=30)]
    eventually(lambda: running.server._stock.pool.waiting == 1)
    release = threading.Event()

    def never():
        release.wait(20)
        return
        yield

    with pytest.raises(grpc.RpcError) as caught:
        running.channel.stream_unary("/maitred.v1.DecisionService/Decide")(never(), timeout=5)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    release.set()
    gate.open()
    assert [one.result().decision_id for one in held] == ["d-1", "d-2"]


@LOOP
def test_what_cannot_be_answered_in_time_is_refused_and_told_of_once_a_second(serve):
    running = serve()
    running.engine.before = lambda _call: time.sleep(0.02)
    for number in range(20):
        running.stub.Decide(decide_request(number), timeout=5)
    channels = [
        grpc.insecure_channel(running.address, options=[("grpc.use_local_subchannel_pool", 1)])
        for _ in range(10)
    ]
    stubs = [DecisionServiceStub(channel) for channel in channels]
    for stub in stubs:
        stub.Decide(decide_request(), timeout=5)
    calls = [
        stubs[number % 10].Decide.future(decide_request(number), timeout=1.0) for number in range(100, 400)
    ]
    codes = Counter(call.code() for call in calls)
    assert codes[grpc.StatusCode.OK] > 5
    assert codes[grpc.StatusCode.RESOURCE_EXHAUSTED] > 5
    assert set(codes) <= {
        grpc.StatusCode.OK,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    }
    shed = [call for call in calls if call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED]
    pushbacks = {int(dict(call.trailing_metadata())["grpc-retry-pushback-ms"]) for call in shed}
    assert min(pushbacks) >= 100
    assert len(pushbacks) > len(shed) / 2, "retries would come all at once"
    time.sleep(1.5)
    running.stub.Decide(decide_request(1000), timeout=5)
    eventually(lambda: running.observer.events)
    refusals = [event for event in running.observer.events if isinstance(event, CallsRefused)]
    assert {event.method for event in refusals} == {f"{NAME}/Decide"}
    counts = Counter(dict.fromkeys((Code.OVERLOADED, Code.EXPIRED), 0))
    for event in refusals:
        counts[event.code] += event.count
    # Of some the deadline has passed while they were told.
    assert len(shed) <= counts[Code.OVERLOADED]
    assert counts.total() < 300
    assert len(refusals) < len(shed)


# Health and reflection


@pytest.mark.parametrize("service", ["", *NAMES])
def test_health_follows_the_engine(running, service):
    assert check(running, service) == SERVING
    running.engine.is_ready = False
    assert check(running, service) == NOT_SERVING


def test_health_of_an_unknown_service(running, status_of):
    assert status_of(lambda: check(running, "nobody")).code() is grpc.StatusCode.NOT_FOUND
    raw = running.channel.unary_unary("/grpc.health.v1.Health/Check")
    assert status_of(lambda: raw(b"\xff", timeout=5)).code() is grpc.StatusCode.INVALID_ARGUMENT


def test_watchers_are_told_of_changes(serve):
    running = serve(notice_seconds=0.3)
    watch = HealthStub(running.channel).Watch
    known, unknown = (
        watch(health_pb2.HealthCheckRequest(service=name), timeout=20) for name in (NAME, "nobody")
    )
    assert next(known).status == SERVING
    assert next(unknown).status == SERVICE_UNKNOWN
    running.engine.is_ready = False
    assert next(known).status == NOT_SERVING
    running.engine.is_ready = True
    assert next(known).status == SERVING
    started = time.monotonic()
    with ThreadPoolExecutor() as pool:
        drained = pool.submit(running.server.drain, 10.0)
        assert next(known).status == NOT_SERVING
        assert list(known) == list(unknown) == []
        assert drained.result()
    assert time.monotonic() - started < 5


def test_many_watchers_hold_no_thread(serve):
    running = serve()
    watch = HealthStub(running.channel).Watch
    watches = [watch(health_pb2.HealthCheckRequest(), timeout=20) for _ in range(30)]
    assert [next(one).status for one in watches] == [SERVING] * 30
    for one in watches:
        one.cancel()
    eventually(lambda: not running.server._stock.health._watchers)
    assert check(running) == SERVING


def test_reflection_lists_the_services(running):
    stub = ServerReflectionStub(running.channel)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    (answer,) = stub.ServerReflectionInfo(iter([asked]), timeout=5)
    assert {service.name for service in answer.list_services_response.service} == {
        *NAMES,
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    described = {
        name: stub.ServerReflectionInfo(
            iter([reflection_pb2.ServerReflectionRequest(file_containing_symbol=name)]), timeout=5
        )
        for name in NAMES
    }
    for name, messages in zip(NAMES, [b"ClaimRequest", b"LimitStatus", b"ConsentRecord"], strict=True):
        (answer,) = described[name]
        assert messages in answer.file_descriptor_response.file_descriptor_proto[0]


def test_a_method_that_is_not_served_is_unimplemented(running, status_of):
    for service, method in [("DecisionService", "Deride"), ("NoService", "Decide")]:
        error = status_of(lambda method=method, service=service: running.raw(method, service)(b"", timeout=5))
        assert error.code() is grpc.StatusCode.UNIMPLEMENTED


# Draining


@BESIDE_THE_ENGINE
def test_draining_finishes_what_is_in_flight_and_takes_nothing_new(serve, gate, status_of):
    running = serve(notice_seconds=0.5)
    running.engine.before = gate
    held = [running.stub.Decide.future(decide_request(number), timeout=30) for number in range(8)]
    gate.await_arrivals(1)
    with ThreadPoolExecutor() as pool:
        drained = pool.submit(running.server.drain, 20.0)
        eventually(lambda: check(running) == NOT_SERVING)
        noticed = running.stub.Decide.future(decide_request(8), timeout=30)
        eventually(lambda: not listening(running.address))
        error = status_of(lambda: running.stub.Decide(decide_request(9), timeout=5))
        # gRPC's own server cancels a call that comes on a connection whose end the client has not seen yet.
        assert error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
        assert not drained.done()
        gate.open()
        assert [one.result().decision_id for one in held] == [f"d-{number}" for number in range(8)]
        assert noticed.result().decision_id == "d-8"
        assert drained.result() is True
    assert [call.request_id for call in running.engine.calls].count("9") == 0


def listening(address):
    host, port = address.split(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0


def test_what_outlasts_the_grace_is_cut_off(serve, gate, status_of):
    running = serve()
    running.engine.before = gate
    held = running.stub.Decide.future(decide_request(), timeout=30)
    gate.await_arrivals(1)
    started = time.monotonic()
    assert running.server.drain(0.3) is False
    assert time.monotonic() - started < 5
    assert status_of(held.result).code() in {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}


def test_draining_twice_is_harmless(serve):
    running = serve()
    assert running.server.drain(5.0)
    running.server.drain(5.0)


def test_calls_under_way_while_the_server_stops_are_answered_or_unavailable(serve):
    running = serve(threads=8)
    running.engine.before = lambda _call: time.sleep(0.002)
    calls = [running.stub.Decide.future(decide_request(number), timeout=20) for number in range(300)]
    calls[0].result()
    assert running.server.drain(10.0)
    codes = {call.code() for call in calls}
    assert codes <= {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
