"""The client against the server."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import grpc
import pytest

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.deciding.decisions import Explain
from maitred.core.rules.ruleset import ActionType
from maitred.core.values.reasons import Reason
from maitred.engine.operating.results import PolicyLine, ResultsCall
from maitred.rpc.client import Client, ClientError

AT = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def running(serve):
    return serve(simulated_time=True)


@pytest.fixture
def client(running):
    with Client(running.address) as client:
        yield client


def test_a_decision_comes_back_in_the_engines_terms(client, running):
    at = datetime(2017, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    answer = client.decide(
        request_id="r",
        customer_id="c",
        channel="pos",
        location_id="s",
        context={"customer": {"age": 41}},
        max_actions=2,
        explain=Explain.EXPLAIN_FULL,
        dry_run=True,
        ruleset="abc",
        at=at,
    )
    assert (answer.decision_id, answer.decided_at) == ("d-r", at)
    assert [proposal.type for proposal in answer.proposals] == [ActionType.OFFER] * 2
    assert answer.proposals[0].treatment.say == ("There is a free pizza for you.",)
    assert answer.why == (("because",), ("because",))
    assert answer.refusals[0].reason is Reason.NOT_ELIGIBLE
    (call,) = running.engine.calls
    assert (call.context, call.dry_run, call.ruleset, call.at) == ({"customer": {"age": 41}}, True, "abc", at)


def test_a_record_comes_back_in_the_engines_terms(client):
    view = client.get_decision("d-r", Explain.EXPLAIN_REASONS)
    assert (view.request_id, view.facts_json, view.situations) == ("r", b'{"customer.age":41}', ("vip",))
    assert (view.ruleset_version, view.max_actions, len(view.answer.refusals)) == ("v7", 2, 1)


def test_a_failure_has_a_code_and_a_message(client):
    with pytest.raises(ClientError) as caught:
        client.decide(request_id="r", customer_id="c", channel="")
    assert (caught.value.code, caught.value.message) == ("INVALID_ARGUMENT", "`channel` is required")
    assert caught.value.reason == "MALFORMED"


def test_nobody_there():
    with Client("127.0.0.1:1", timeout_seconds=2.0) as client:
        assert not client.serving()
        with pytest.raises(ClientError) as caught:
            client.decide(request_id="r", customer_id="c", channel="pos")
        assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "")
        with pytest.raises(ClientError, match=r"`127\.0\.0\.1:1` was not serving within 0\.1 s"):
            client.wait_until_serving(0.1)


def test_waiting_until_it_serves(serve):
    running = serve()
    running.engine.is_ready = False
    threading.Timer(0.2, lambda: setattr(running.engine, "is_ready", True)).start()
    started = time.monotonic()
    with Client(running.address) as client:
        client.wait_until_serving(10.0)
    assert 0.15 < time.monotonic() - started < 5


def test_another_service_that_answers_in_its_own_tongue():
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
        lambda _request, _context: b"\xff\xff"
    )
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(
            pool, [grpc.method_handlers_generic_handler("maitred.v1.DecisionService", {"Decide": handler})]
        )
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        with Client(f"127.0.0.1:{port}") as client, pytest.raises(ClientError) as caught:
            client.decide(request_id="r", customer_id="c", channel="pos")
        server.stop(0).wait(5)
    assert caught.value.code == "INTERNAL"


def test_results_come_back_as_they_were_shown(client, running, results_shown):
    policy = (
        PolicyLine("`policy[0]`", "pos", "loud", Fraction(1)),
        PolicyLine("`policy[1]`", "*", "loud", Fraction("0.1")),
        PolicyLine("`policy[2]`", "*", "control", Fraction("0.9")),
    )
    asked = ResultsCall(
        "words", "visit", timedelta(days=28), "pizza", "control", "channel", AT, policy=policy
    )
    assert client.results(asked) == results_shown
    client.results(ResultsCall("words", OutcomeKind.REDEEMED))
    calls = [call._replace(deadline=None) for call in running.desk.calls]
    assert calls == [asked, ResultsCall("words", OutcomeKind.REDEEMED)]
