"""``kill -9`` under load: what was acknowledged is there, and nothing is there twice."""

import random
import time
from typing import Any

import grpc
import pytest

from maitred.store import open_store
from maitred.v1 import decision_pb2_grpc

SUITE_ROUNDS = 5
TORTURE_ROUNDS = 50
CALL_SECONDS = 10
RETRIED_MAX = 200


def killed_rounds(service, callers, request_for, rounds):
    """A service that has come back is the next to be killed, and the last is stopped."""
    acknowledged: dict[str, Any] = {}
    service.start()
    for number in range(rounds):
        load = callers(service.address, f"round-{number}")
        time.sleep(random.uniform(0.2, 1.0))
        service.kill()
        load.stop()
        acknowledged |= load.acknowledged
        assert load.acknowledged, "the load reached nothing"
        check_stored(service.database, load.acknowledged)
        service.start()
        check_retries(service, load, request_for)
    assert service.stop() == 0
    return acknowledged


def check_stored(database, acknowledged):
    store = open_store(database)
    try:
        for answer in acknowledged.values():
            assert store.decision(bytes.fromhex(answer.decision_id)) is not None
    finally:
        store.close()


def check_retries(service, load, request_for):
    """A retry after the crash gets the stored answer, or makes the one decision there is."""
    in_doubt = [load.doubtful.get() for _ in range(min(load.doubtful.qsize(), RETRIED_MAX))]
    known = list(load.acknowledged)[-RETRIED_MAX:]
    with grpc.insecure_channel(service.address) as channel:
        stub = decision_pb2_grpc.DecisionServiceStub(channel)
        for request_id in known:
            assert stub.Decide(request_for(request_id), timeout=CALL_SECONDS) == load.acknowledged[request_id]
        for request_id in in_doubt:
            first = stub.Decide(request_for(request_id), timeout=CALL_SECONDS)
            assert stub.Decide(request_for(request_id), timeout=CALL_SECONDS) == first


def test_nothing_acknowledged_is_lost_in_five_kills(service, callers, request_for):
    assert killed_rounds(service, callers, request_for, SUITE_ROUNDS)


@pytest.mark.torture
def test_nothing_acknowledged_is_lost_in_fifty_kills(service, callers, request_for):
    assert killed_rounds(service, callers, request_for, TORTURE_ROUNDS)
