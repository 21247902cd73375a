import pytest

from maitred.core.deciding.decisions import Explain
from maitred.v1 import decision_pb2 as pb


@pytest.fixture
def request_of():
    def request(**fields):
        return pb.DecideRequest(**{"request_id": "r-1", "customer_id": "c-1", "channel": "pos", **fields})

    return request


def test_decide_answers_what_the_engine_says(standing, request_of):
    response = standing.stub.Decide(
        request_of(context_json=b'{"customer":{"age":41}}', max_actions=2), timeout=5
    )
    assert response.decision_id == "d-r-1"
    assert [(proposal.action, proposal.rank, proposal.score) for proposal in response.proposals] == [
        ("offer-1", 1, 4.0),
        ("offer-2", 2, 3.0),
    ]
    assert response.proposals[0].type == pb.OFFER
    assert response.proposals[0].treatment.show == "FREE PIZZA"
    assert response.decided_at.ToJsonString() == "2026-12-01T11:30:00.123456Z"
    assert not response.refusals
    assert standing.engine.calls[0].context == {"customer": {"age": 41}}


def test_explanations_reach_the_caller(standing, request_of):
    response = standing.stub.Decide(request_of(explain=pb.EXPLAIN_FULL), timeout=5)
    assert standing.engine.calls[0].explain is Explain.EXPLAIN_FULL
    assert list(response.proposals[0].why) == ["because"]
    assert [(refusal.action, refusal.reason, refusal.rule) for refusal in response.refusals] == [
        ("tea", pb.NOT_ELIGIBLE, "adults")
    ]


def test_get_decision_gives_the_record(standing):
    response = standing.stub.GetDecision(pb.GetDecisionRequest(decision_id="d-r-9"), timeout=5)
    assert response.decision.decision_id == "d-r-9"
    assert response.record.request_id == "r-9"
    assert response.record.facts_json == b'{"customer.age":41}'
    assert list(response.record.situations) == ["vip"]
    assert (response.record.ruleset_version, response.record.ruleset_commit) == ("v7", "c0ffee")
