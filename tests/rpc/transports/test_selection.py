"""When the loop is used, and when grpcio's own server stands in."""

import grpc
import pytest

from maitred.rpc.transports import loop, selection
from maitred.rpc.transports.selection import ChosenTransport, Transport, choose


@pytest.fixture
def transport():
    """These tests start no server with handlers of its own."""
    return "loop"


@pytest.fixture(autouse=True)
def untested():
    selection._test_fault.cache_clear()
    yield
    selection._test_fault.cache_clear()


def test_the_loop_is_used_where_it_has_been_tried():
    assert choose(Transport.AUTO) == ChosenTransport(Transport.LOOP)
    assert choose(Transport.STOCK) == ChosenTransport(Transport.STOCK)


@pytest.mark.parametrize("version", ["1.85.0", "1.86.0", "2.0.0", "1.86.0.dev0", "x"])
def test_a_version_that_has_not_been_tried_is_not_used_unless_it_is_wished_for(monkeypatch, version):
    monkeypatch.setattr(grpc, "__version__", version)
    chosen = choose(Transport.AUTO)
    assert chosen.transport is Transport.STOCK
    assert chosen.fault == f"grpcio {version} has not been tried: use >=1.85.1,<1.86"
    assert choose(Transport.LOOP) == ChosenTransport(Transport.LOOP)


@pytest.mark.parametrize("version", ["1.85.1", "1.85.3", "1.85.12"])
def test_the_versions_that_have_been_tried(monkeypatch, version):
    monkeypatch.setattr(grpc, "__version__", version)
    assert choose(Transport.AUTO).transport is Transport.LOOP


def test_a_name_of_grpcio_that_is_gone_makes_the_stock_server_stand_in(monkeypatch):
    monkeypatch.delattr("grpc._server._request_call")
    chosen = choose(Transport.LOOP)
    assert chosen == ChosenTransport(Transport.STOCK, "the self-test of the loop failed: AttributeError")


def test_a_loop_that_gives_other_answers_is_not_used(monkeypatch):
    monkeypatch.setattr(loop.LoopCall, "reply", lambda call, _data: call.end(loop.GONE))
    assert choose(Transport.AUTO).fault == "the self-test of the loop failed: _InactiveRpcError"
