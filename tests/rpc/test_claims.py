"""Claims and outcomes between a caller and what stands behind the service."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from maitred.core.behaviour.outcomes import Outcome, OutcomeKind
from maitred.core.values.reasons import Reason
from maitred.engine.calls import ClaimAnswer, ClaimState, OutcomeAnswer, StepCall
from maitred.engine.errors import CallError
from maitred.rpc.client import Client, ClientError
from maitred.rpc.convert.claims import claims_call, outcomes_call
from maitred.v1 import decision_pb2 as pb

AT = datetime(2017, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
CLAIM: dict[str, Any] = {"request_id": "r", "decision_id": "d", "action": "pizza"}


@pytest.fixture
def simulated(serve):
    return serve(simulated_time=True)


@pytest.fixture
def client(simulated):
    with Client(simulated.address) as client:
        yield client


def test_a_claim_is_granted_then_denied_with_what_there_is_instead(client, simulated, half_price):
    granted = client.claim(**CLAIM, at=AT)
    expires_at = datetime(2026, 12, 1, 11, 50, 0, 123456, tzinfo=UTC)
    assert granted == ClaimAnswer(True, "c-r", expires_at)
    denied = client.claim(request_id="r2", decision_id="d", action="pizza")
    assert denied == ClaimAnswer(
        False, "", None, Reason.CAPACITY_EXHAUSTED, "0 of 1 left", alternatives=(half_price,)
    )
    first, second = simulated.desk.calls
    assert (first.request_id, first.decision_id, first.action, first.at) == ("r", "d", "pizza", AT)
    assert second.at is None


def test_what_a_claim_answers_has_its_place_in_the_message(simulated):
    granted = simulated.stub.Claim(pb.ClaimRequest(**CLAIM), timeout=5)
    assert (granted.status, granted.claim_id, granted.reason) == (pb.CLAIM_GRANTED, "c-r", 0)
    assert granted.expires_at.ToJsonString() == "2026-12-01T11:50:00.123456Z"
    denied = simulated.stub.Claim(pb.ClaimRequest(**{**CLAIM, "request_id": "r2"}), timeout=5)
    assert (denied.status, denied.claim_id, denied.HasField("expires_at")) == (pb.CLAIM_DENIED, "", False)
    assert (denied.reason, denied.detail) == (pb.CAPACITY_EXHAUSTED, "0 of 1 left")
    (instead,) = denied.alternatives
    assert (instead.action, instead.substitute_for) == ("half-price", "pizza")


def test_redeem_and_release_arrive_whole(client, simulated):
    client.redeem(request_id="r", claim_id="c", at=AT)
    client.release(request_id="r2", claim_id="c2", cause="voided at the till", at=AT)
    client.release(request_id="r3", claim_id="c3")
    assert [call._replace(deadline=None) for call in simulated.desk.calls] == [
        StepCall("r", "c", "", AT),
        StepCall("r2", "c2", "voided at the till", AT),
        StepCall("r3", "c3", ""),
    ]


def test_outcomes_arrive_in_order_and_are_answered_in_order(standing):
    outcomes = [
        Outcome("o1", "d", "pizza", OutcomeKind.PRESENTED, AT),
        Outcome("o2", "d", "pizza", OutcomeKind.REJECTED),
        Outcome("o3", "d2", "tea", OutcomeKind.PRESENTED),
    ]
    with Client(standing.address) as client:
        answers = client.record_outcomes(iter(outcomes))
    assert answers == (
        OutcomeAnswer("o1", True),
        OutcomeAnswer("o2", False, "was used for something else"),
        OutcomeAnswer("o3", True),
    )
    assert list(standing.desk.calls[0].outcomes) == outcomes


@pytest.mark.parametrize(
    ("seconds", "nearest"),
    [
        (-2208988800, datetime(1970, 1, 1, tzinfo=UTC)),
        (253402300799, datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_clock_that_is_wrong_by_centuries_spoils_its_own_outcome_only(seconds, nearest):
    """1900 and 9999: the engine refuses the nearest instants as it does all that are impossible."""
    outcomes = [
        {
            "outcome_id": "o1",
            "decision_id": "d",
            "action": "a",
            "kind": pb.PRESENTED,
            "at": {"seconds": seconds},
        },
        {"outcome_id": "o2", "decision_id": "d", "action": "a", "kind": pb.PRESENTED},
    ]
    call = outcomes_call(pb.RecordOutcomesRequest(outcomes=outcomes).SerializeToString())
    assert [outcome.at for outcome in call.outcomes] == [nearest, None]


def test_when_an_outcome_happened_must_be_a_time(standing, status_of):
    outcome = {
        "outcome_id": "o",
        "decision_id": "d",
        "action": "a",
        "kind": pb.PRESENTED,
        "at": {"nanos": 10**9},
    }
    request = pb.RecordOutcomesRequest(outcomes=[outcome])
    error = status_of(lambda: standing.stub.RecordOutcomes(request, timeout=5))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details().startswith("`outcomes[0].at` must lie in the years 1970 to 2199")


def test_a_retry_gets_the_same_answer_and_other_content_none(standing):
    with Client(standing.address) as client:
        assert client.claim(**CLAIM) == client.claim(**CLAIM)
        denied = client.claim(**{**CLAIM, "request_id": "r2"})
        assert client.claim(**{**CLAIM, "request_id": "r2"}) == denied
        with pytest.raises(ClientError) as caught:
            client.claim(**{**CLAIM, "action": "tea"})
    assert caught.value.code == "ALREADY_EXISTS"


def test_many_claims_at_once_each_get_their_own_answer(standing):
    standing.desk.units = 60

    def claim(number):
        request = pb.ClaimRequest(request_id=f"r{number % 200}", decision_id="d", action="pizza")
        response = standing.stub.Claim(request, timeout=20)
        assert response.claim_id in {"", f"c-{request.request_id}"}
        return request.request_id, response.status

    with ThreadPoolExecutor(32) as pool:
        answers = Counter(pool.map(claim, range(600)))
    assert set(answers.values()) == {3}
    granted = [status for _, status in answers if status == pb.CLAIM_GRANTED]
    assert (len(granted), len(answers)) == (60, 200)


def test_a_bad_trace_header_does_not_fail_a_claim(serve):
    running = serve(tracing=True)
    headers = [("traceparent", "garbage"), ("tracestate", "a=1")]
    assert running.stub.Claim(pb.ClaimRequest(**CLAIM), timeout=5, metadata=headers).claim_id == "c-r"


@pytest.mark.parametrize(
    "fields",
    [{}, {"customer_id": "c", "session_id": "s"}, {"location_id": "l", "customer_id": "c"}],
)
def test_claims_are_of_exactly_one(fields):
    with pytest.raises(CallError) as caught:
        claims_call(pb.ListClaimsRequest(**fields).SerializeToString())
    assert caught.value.message == "exactly one of `customer_id`, `session_id`, `location_id` is required"


def test_a_page_is_bounded():
    call = claims_call(pb.ListClaimsRequest(customer_id="c").SerializeToString())
    assert (call.page_size, call.page_token, call.at) == (20, "", None)
    assert (
        claims_call(pb.ListClaimsRequest(customer_id="c", page_size=100).SerializeToString()).page_size == 100
    )
    for fields, words in (
        ({"page_size": 101}, "`page_size` must be at most 100"),
        ({"page_token": "x" * 257}, "`page_token` must be at most 256 bytes"),
        ({"at": {"seconds": 1}}, "`at` is accepted only where"),
    ):
        with pytest.raises(CallError, match=re.escape(words)):
            claims_call(pb.ListClaimsRequest(customer_id="c", **fields).SerializeToString())


def test_a_list_of_claims_comes_back_in_the_engines_terms(standing):
    with Client(standing.address) as client:
        page = client.claims(customer_id="c")
        assert page.next_page_token == "more"
        (claim,) = page.claims
        assert (claim.claim_id, claim.state, claim.treatment.show) == ("c-1", ClaimState.HELD, "Yours")
        assert client.claims(customer_id="c", page_token="more").next_page_token == ""
