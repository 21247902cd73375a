"""Every way a call can fail, as its caller sees it."""

import re
from itertools import chain
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.waiting import eventually

from maitred.engine.errors import CAUSES, CallError, Cause, Code
from maitred.engine.ports.observer import CallFailed
from maitred.engine.ports.store import StoreDown, store_calls
from maitred.rpc.status import STATUS_OF
from maitred.v1 import decision_pb2 as pb

REQUEST = pb.DecideRequest(request_id="r", customer_id="c", channel="pos")
SECRET = "password=hunter2 at postgres://till"


def raising(error):
    def before(_call):
        raise error

    return before


def info_of(error):
    """What the status carries for programs, read as callers read it."""
    (detail,) = rpc_status.from_call(error).details
    info = error_details_pb2.ErrorInfo()
    assert detail.Unpack(info)
    assert info.domain == "maitred.v1"
    return info


def test_the_table_is_total():
    assert set(STATUS_OF) == set(Code)
    assert set(CAUSES) == set(Code)
    assert sorted(chain.from_iterable(CAUSES.values()), key=list(Cause).index) == list(Cause)
    assert grpc.StatusCode.OK not in STATUS_OF.values()
    assert grpc.StatusCode.UNKNOWN not in STATUS_OF.values()


@pytest.mark.parametrize("code", list(Code))
def test_each_code_has_its_status(standing, status_of, code):
    standing.engine.before = raising(CallError(code, "plain words"))
    error = status_of(lambda: standing.stub.Decide(REQUEST, timeout=5))
    assert (error.code(), error.details()) == (STATUS_OF[code], "plain words")
    failed = standing.observer.events[-1]
    assert (failed.method, failed.code, failed.error_id) == ("maitred.v1.DecisionService/Decide", code, "")
    assert failed.status == STATUS_OF[code].name
    assert failed.seconds > 0
    assert info_of(error).reason == CAUSES[code][0].name


@pytest.mark.parametrize("cause", list(Cause))
def test_each_cause_is_told_to_programs(standing, status_of, cause):
    code = next(code for code, causes in CAUSES.items() if cause in causes)
    standing.engine.before = raising(CallError(code, "plain words", cause))
    error = status_of(lambda: standing.stub.Decide(REQUEST, timeout=5))
    assert (error.code(), info_of(error).reason) == (STATUS_OF[code], cause.name)
    # The form that https://google.aip.dev/193 asks for.
    assert re.fullmatch("[A-Z][A-Z0-9_]+[A-Z0-9]", cause.name)


def test_the_readme_lists_every_reason():
    table = Path(__file__).parents[3].joinpath("README.md").read_text()
    assert [cause.name for cause in Cause if f"`{cause.name}`" not in table] == []


def test_a_message_beyond_ascii_comes_with_its_cause(standing, status_of):
    standing.engine.before = raising(CallError(Code.NOT_FOUND, "caf\u00e9 `\U0001f355`"))
    error = status_of(lambda: standing.stub.Decide(REQUEST, timeout=5))
    assert (error.details(), info_of(error).reason) == ("caf\u00e9 `\U0001f355`", "NOT_FOUND")


def test_only_overload_tells_when_to_come_back(standing, status_of):
    standing.engine.before = raising(CallError(Code.OVERLOADED, "busy"))
    overloaded = status_of(lambda: standing.stub.Decide(REQUEST, timeout=5))
    assert dict(overloaded.trailing_metadata())["grpc-retry-pushback-ms"].isdigit()
    standing.engine.before = raising(CallError(Code.STORE_DOWN, "down"))
    down = status_of(lambda: standing.stub.Decide(REQUEST, timeout=5))
    assert "grpc-retry-pushback-ms" not in dict(down.trailing_metadata())


def test_why_the_store_is_down_is_told_to_the_operator_alone(standing, status_of):
    reason = "database `m.db` has no room left to write"

    def fail(_call):
        with store_calls("cannot be read, try again"):
            raise StoreDown(reason)

    standing.engine.before = fail
    error = status_of(lambda: standing.stub.Decide(REQUEST, timeout=5))
    assert (error.code(), error.details()) == (grpc.StatusCode.UNAVAILABLE, "cannot be read, try again")
    eventually(lambda: any(isinstance(event, CallFailed) for event in standing.observer.events))
    assert {event.detail for event in standing.observer.events if isinstance(event, CallFailed)} == {reason}


@pytest.mark.parametrize(
    "error", [RuntimeError(SECRET), KeyError(SECRET), RecursionError(SECRET), grpc.RpcError(SECRET)]
)
@pytest.mark.parametrize("method", ["Decide", "DecideStream"])
def test_an_unexpected_error_shows_nothing_but_its_id(standing, status_of, error, method):
    standing.engine.before = raising(error)
    calls = {
        "Decide": lambda: standing.stub.Decide(REQUEST, timeout=5),
        "DecideStream": lambda: list(standing.stub.DecideStream(iter([REQUEST]), timeout=5)),
    }
    failure = status_of(calls[method])
    assert failure.code() is grpc.StatusCode.INTERNAL
    failed = standing.observer.events[-1]
    assert isinstance(failed, CallFailed)
    assert failed.code is None
    assert len(failed.error_id) == 16
    assert failure.details() == f"internal error {failed.error_id}"
    assert "hunter2" not in str(failure.trailing_metadata())
    info = info_of(failure)
    assert (info.reason, dict(info.metadata)) == ("INTERNAL", {"error_id": failed.error_id})
    assert (failed.method, failed.status) == (f"maitred.v1.DecisionService/{method}", "INTERNAL")
    assert failed.cause is error


def test_an_answer_that_cannot_be_sent_is_a_fault_of_ours(running, status_of):
    response = running.stub.Decide(
        pb.DecideRequest(request_id="r", customer_id="c", channel="pos"), timeout=5
    )
    assert response.decision_id == "d-r"
    running.engine.decide = lambda _call: None
    error = status_of(lambda: running.stub.Decide(REQUEST, timeout=5))
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "NoneType" not in error.details()


def test_an_unknown_decision_is_not_found(standing, status_of):
    error = status_of(lambda: standing.stub.GetDecision(pb.GetDecisionRequest(decision_id="x"), timeout=5))
    assert (error.code(), error.details()) == (grpc.StatusCode.NOT_FOUND, "no such decision")


@pytest.mark.parametrize(
    "payload",
    [b"\xff", b"\x0a\x02\xff\xfe", b"", b"\x0a", b"{}", b"\x00" * 1000],
    ids=lambda payload: repr(payload[:8]),
)
@pytest.mark.parametrize("method", ["Decide", "GetDecision"])
def test_garbage_is_an_invalid_argument(standing, status_of, method, payload):
    error = status_of(lambda: standing.raw(method)(payload, timeout=5))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert not standing.engine.calls


def test_random_bytes_never_reach_the_engine_nor_unsettle_the_server(standing):
    server = standing

    @settings(max_examples=150, deadline=None)
    @given(st.sampled_from(["Decide", "GetDecision"]), st.binary(max_size=120))
    def send(method, payload):
        try:
            server.raw(method)(payload, timeout=5)
        except grpc.RpcError as error:
            assert error.code() in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND}  # noqa: PT017 -- either outcome is right

    send()


def test_a_message_beyond_the_limit_is_refused_by_the_transport(standing, status_of):
    huge = pb.DecideRequest(request_id="r", customer_id="c" * 2_000_000, channel="pos")
    error = status_of(lambda: standing.stub.Decide(huge, timeout=5))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert not standing.engine.calls


def test_a_compressed_bomb_is_refused(standing, status_of):
    bomb = pb.DecideRequest(request_id="r", customer_id="c" * 50_000_000, channel="pos")
    error = status_of(lambda: standing.stub.Decide(bomb, timeout=10, compression=grpc.Compression.Gzip))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert standing.stub.Decide(REQUEST, timeout=5).decision_id == "d-r"


def test_an_unknown_method_is_unimplemented(standing, status_of):
    error = status_of(lambda: standing.raw("Drop")(b"", timeout=5))
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED


def test_simulated_time_has_to_be_asked_for(serve, status_of):
    request = pb.DecideRequest(request_id="r", customer_id="c", channel="pos", at={"seconds": 1_500_000_000})
    error = status_of(lambda: serve().stub.Decide(request, timeout=5))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    response = serve(simulated_time=True).stub.Decide(request, timeout=5)
    assert response.decided_at.seconds == 1_500_000_000


TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("headers", "trace_id"),
    [
        ([("traceparent", TRACEPARENT)], TRACEPARENT[3:35]),
        ([], ""),
        ([("traceparent", "garbage")], ""),
        ([("traceparent", "")], ""),
        ([("traceparent", "00-" + "0" * 32 + "-b7ad6b7169203331-01")], ""),
        ([("traceparent", "z" * 4000)], ""),
        ([("traceparent-bin", b"\xff\x00")], ""),
    ],
)
def test_traceparent_is_read_where_tracing_is_on(serve, headers, trace_id):
    running = serve(tracing=True)
    response = running.stub.Decide(REQUEST, timeout=5, metadata=headers)
    assert response.trace_id == trace_id


def test_tracestate_comes_along(serve):
    running = serve(tracing=True)
    headers = [("traceparent", TRACEPARENT), ("tracestate", "a=1"), ("tracestate", "b=2")]
    running.stub.Decide(REQUEST, timeout=5, metadata=headers)
    trace = running.engine.calls[0].trace
    assert (trace.span_id, trace.sampled, trace.state) == ("b7ad6b7169203331", True, "a=1,b=2")


def test_no_header_is_read_where_tracing_is_off(standing):
    standing.stub.Decide(REQUEST, timeout=5, metadata=[("traceparent", TRACEPARENT)])
    assert standing.engine.calls[0].trace is None
