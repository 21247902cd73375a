"""What clients may do with connections and headers, and several servers in one process."""

import re
import socket
import struct
import time
from collections import Counter
from contextlib import suppress

import grpc
import pytest
from tests.rpc.requests import decide_request
from tests.torture.callers import in_threads
from tests.waiting import eventually

from maitred.rpc.transports.loop import PATIENCE_SECONDS
from maitred.v1 import decision_pb2 as pb
from maitred.v1.decision_pb2_grpc import DecisionServiceStub

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
EMPTY_SETTINGS = struct.pack(">I", 0)[1:] + b"\x04\x00" + struct.pack(">I", 0)
PING = struct.pack(">I", 8)[1:] + b"\x06\x00" + struct.pack(">I", 0) + b"\0" * 8
PONG = PING[:4] + b"\x01" + PING[5:]
NO_TABLE = struct.pack(">I", 6)[1:] + b"\x04\x00" + struct.pack(">IHI", 0, 1, 0)
"""Settings by which headers come spelled out."""
HEADERS, RESET, END_STREAM = 1, 3, 1


def connected(address):
    host, port = address.split(":")
    opened = socket.create_connection((host, int(port)), timeout=10)
    opened.sendall(PREFACE + EMPTY_SETTINGS)
    return opened


def opening(stream, *fields):
    """The frame that opens a call of Decide."""
    fields = (
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", b"/maitred.v1.DecisionService/Decide"),
        (b":authority", b"a"),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
        *fields,
    )
    block = b"".join(
        b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value for name, value in fields
    )
    return struct.pack(">I", len(block))[1:] + b"\x01\x04" + struct.pack(">I", stream) + block


def message(stream, request):
    """The frame of its only message."""
    body = request.SerializeToString()
    body = b"\0" + struct.pack(">I", len(body)) + body
    return struct.pack(">I", len(body))[1:] + b"\0\x01" + struct.pack(">I", stream) + body


def cancellation(stream):
    """The frame by which its caller gives a call up."""
    return struct.pack(">I", 4)[1:] + b"\x03\x00" + struct.pack(">II", stream, 8)


def send_and_await_pong(connection, frames):
    """Frames are handled in their order: with the answer to a ping behind them these have been."""
    connection.sendall(frames + PING)
    received = b""
    while PONG not in received:
        data = connection.recv(1 << 16)
        assert data
        received += data


def ends(connection, count):
    """How so many calls end: their statuses, or that they were reset."""
    codes: list[str] = []
    data = b""
    while len(codes) < count:
        data += connection.recv(1 << 16)
        while len(data) >= 9 and len(data) >= (end := 9 + int.from_bytes(data[:3], "big")):
            kind, flags, payload, data = data[3], data[4], data[9:end], data[end:]
            if kind == HEADERS and flags & END_STREAM:
                codes.append(re.search(rb"grpc-status.(\d+)", payload, re.DOTALL)[1].decode())
    return Counter(codes)


def test_a_thousand_idle_connections_cost_nobody_an_answer(running):
    idle = [connected(running.address) for _ in range(1000)]
    started = time.monotonic()
    for number in range(20):
        assert running.stub.Decide(decide_request(number), timeout=10).decision_id == f"d-{number}"
    assert time.monotonic() - started < 5
    for one in idle:
        one.close()
    assert running.stub.Decide(decide_request(99), timeout=10).decision_id == "d-99"


def test_a_client_that_keeps_to_the_limit_of_streams_is_refused_none(serve):
    """It begins the next call as soon as it has an answer, before the server is done with the last one."""
    running, failures = serve(streams_per_connection=4), []

    def call(caller):
        for number in range(40):
            try:
                running.stub.Decide(decide_request(f"{caller}-{number}"), timeout=30)
            except grpc.RpcError as error:
                failures.append(error.code())

    in_threads(call, range(16), 16)
    assert not failures
    assert len(running.engine.calls) == 640


def test_who_opens_calls_and_resets_them_without_end_holds_nothing(serve, transport):
    running = serve(streams_per_connection=4)
    with suppress(ConnectionError), connected(running.address) as rude:
        for number in range(2_000):
            stream = 2 * number + 1
            reset = struct.pack(">I", 4)[1:] + bytes([RESET, 0]) + struct.pack(">II", stream, 8)
            rude.sendall(opening(stream) + reset)
    assert running.stub.Decide(decide_request(), timeout=20).decision_id == "d-0"
    if transport != "stock":
        eventually(lambda: not running.server._server._state.rpc_states)
    assert running.stub.Decide(decide_request(1), timeout=20).decision_id == "d-1"


@pytest.mark.parametrize("transport", ["loop", "overlap"], indirect=True)
def test_a_call_that_nobody_could_read_in_time_ends_as_late_and_not_as_cancelled(serve):
    """Also for a client whose own clock has not told it yet."""
    running = serve()
    running.engine.before = lambda _call: time.sleep(0.005)
    for number in range(20):
        running.stub.Decide(decide_request(number), timeout=20)
    codes: Counter[str] = Counter()
    for _ in range(4):
        with connected(running.address) as client:
            client.settimeout(60)
            client.sendall(NO_TABLE)
            for number in range(200):
                stream = 2 * number + 1
                deadline = b"%dm" % (100 + number % 100)
                client.sendall(
                    opening(stream, (b"grpc-timeout", deadline)) + message(stream, decide_request(stream))
                )
            codes += ends(client, 200)
    assert set(codes) <= {"0", "4", "8"}
    assert codes.total() == 800


def test_a_call_cancelled_while_it_waits_never_reaches_the_engine(serve, gate):
    running = serve(threads=1)
    running.engine.before = gate
    first = running.stub.Decide.future(decide_request(1), timeout=20)
    gate.await_arrivals(1)
    with connected(running.address) as client:
        send_and_await_pong(client, opening(1) + message(1, decide_request(2)))
        send_and_await_pong(client, cancellation(1))
        # Of those who have waited for less it is not asked whether they have left.
        time.sleep(1.5 * PATIENCE_SECONDS)
        gate.open()
        first.result()
        running.stub.Decide(decide_request(3), timeout=5)
    assert [call.request_id for call in running.engine.calls] == ["1", "3"]


def test_who_pings_without_end_is_cut_off(running):
    with connected(running.address) as rude:
        rude.sendall(PING * 200)
        received, end = b"", time.monotonic() + 10
        while b"too_many_pings" not in received:
            data = rude.recv(1 << 16)
            assert data or b"too_many_pings" in received
            received += data
            assert time.monotonic() < end
    assert running.stub.Decide(decide_request(), timeout=5).decision_id == "d-0"


def test_metadata_beyond_the_limit_is_refused(standing, status_of):
    fits = standing.stub.Decide(decide_request(), timeout=5, metadata=[("x-a", "v" * 10_000)])
    assert fits.decision_id == "d-0"
    large = [(f"x-{number}", "v" * 4_000) for number in range(20)]
    error = status_of(lambda: standing.stub.Decide(decide_request(), timeout=5, metadata=large))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert standing.stub.Decide(decide_request(1), timeout=5).decision_id == "d-1"


def test_a_message_that_comes_in_two_pieces_is_one(running):
    """The head of the frame says how long it is; the rest comes later."""

    def slowly():
        time.sleep(0.3)
        yield decide_request().SerializeToString()

    answer = running.channel.stream_unary("/maitred.v1.DecisionService/Decide")(slowly(), timeout=10)
    assert pb.DecideResponse.FromString(answer).decision_id == "d-0"


def test_two_servers_in_one_process_answer_each_for_themselves(serve):
    first, second = serve(), serve()
    for number in range(10):
        assert first.stub.Decide(decide_request(number), timeout=5).decision_id == f"d-{number}"
    assert len(first.engine.calls) == 10
    assert not second.engine.calls
    assert first.server.drain(5.0)
    assert second.stub.Decide(decide_request(), timeout=5).decision_id == "d-0"


def test_a_connection_that_is_lost_takes_its_calls_with_it(serve, gate):
    running = serve()
    running.engine.before = gate
    channel = grpc.insecure_channel(running.address, options=[("grpc.use_local_subchannel_pool", 1)])
    lost = DecisionServiceStub(channel).Decide.future(decide_request(1), timeout=20)
    gate.await_arrivals(1)
    channel.close()
    gate.open()
    assert lost.code() is grpc.StatusCode.CANCELLED
    assert running.stub.Decide(decide_request(2), timeout=5).decision_id == "d-2"
    assert running.server.drain(5.0)


def test_many_callers_at_once_all_get_their_own_answer(serve):
    running, wrong = serve(), []

    def call(caller):
        with grpc.insecure_channel(running.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            stub = DecisionServiceStub(channel)
            for number in range(50):
                name = f"{caller}-{number}"
                if stub.Decide(decide_request(name), timeout=20).decision_id != f"d-{name}":
                    wrong.append(name)

    in_threads(call, range(8), 8)
    assert not wrong
    assert len(running.engine.calls) == 400


@pytest.mark.parametrize("method", ["Decide", "GetDecision"])
def test_a_call_of_nobody_leaves_nothing_behind(serve, method, transport):
    if transport == "stock":
        pytest.skip("grpcio keeps its own books")
    running = serve()
    for number in range(20):
        running.raw(method)(
            (
                decide_request(number) if method == "Decide" else pb.GetDecisionRequest(decision_id="d-1")
            ).SerializeToString(),
            timeout=5,
        )
    state, loop = running.server._server._state, running.server._loop
    end = time.monotonic() + 30
    while (state.rpc_states or loop._silent or loop._at_desk) and time.monotonic() < end:
        time.sleep(0.01)
    assert not state.rpc_states
    assert not loop._silent
    assert not loop._at_desk
