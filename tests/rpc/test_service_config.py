"""The service config that clients are given: gRPC takes it, and it does what it says."""

import json
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor import FileDescriptor

from maitred.engine.errors import CallError, Code
from maitred.v1 import decision_pb2, privacy_pb2, ruleset_pb2
from maitred.v1.decision_pb2_grpc import DecisionServiceStub

TEXT = (Path(__file__).parents[2] / "protos/maitred/v1/service_config.json").read_text()
CONFIG = json.loads(TEXT)
REQUEST = decision_pb2.DecideRequest(request_id="r", customer_id="c", channel="pos")
FILES: list[FileDescriptor] = [decision_pb2.DESCRIPTOR, ruleset_pb2.DESCRIPTOR, privacy_pb2.DESCRIPTOR]


@pytest.fixture
def stub(standing):
    with grpc.insecure_channel(standing.address, options=[("grpc.service_config", TEXT)]) as channel:
        yield DecisionServiceStub(channel)


def failing(code, times):
    """Fails so often, then not any more; the list holds the calls."""
    calls = []

    def before(call):
        calls.append(call)
        if len(calls) <= times:
            raise CallError(code, "not now")

    return before, calls


def test_it_names_what_there_is():
    services = {service.full_name: service for file in FILES for service in file.services_by_name.values()}
    names = [name for method in CONFIG["methodConfig"] for name in method["name"]]
    assert {name["service"] for name in names} == set(services)
    for name in names:
        assert "method" not in name or name["method"] in services[name["service"]].methods_by_name


def test_nothing_is_hedged():
    """A hedged call would be decided twice at once, by the side of itself."""
    assert "hedging" not in TEXT


@pytest.mark.parametrize("code", [Code.STORE_DOWN, Code.RETRY, Code.OVERLOADED, Code.STOPPING])
def test_what_may_succeed_is_sent_again_under_its_id(standing, stub, code):
    standing.engine.before, calls = failing(code, 2)
    assert stub.Decide(REQUEST).decision_id == "d-r"
    assert [call.request_id for call in calls] == ["r", "r", "r"]


@pytest.mark.parametrize("code", [Code.MALFORMED, Code.NOT_FOUND, Code.TOO_LATE, Code.OTHER_CONTENT])
def test_what_cannot_succeed_is_not(standing, stub, code):
    standing.engine.before, calls = failing(code, 1)
    with pytest.raises(grpc.RpcError):
        stub.Decide(REQUEST)
    assert len(calls) == 1


def test_every_call_but_streams_has_an_end():
    """Callers' own deadlines are shorter; nobody waits for ever for want of one."""
    for method in CONFIG["methodConfig"]:
        streams = [name for name in method["name"] if name.get("method") == "DecideStream"]
        assert ("timeout" in method, "retryPolicy" in method) == (not streams, not streams)
