"""Proposals that are set together from remembered bytes are what they would be if built anew."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.deciding.decisions import Proposal
from maitred.core.rules.ruleset import ActionType
from maitred.core.rules.treatments import Treatment
from maitred.engine.calls import Answer, ClaimAnswer
from maitred.engine.deciding.codec import MAX_REMEMBERED
from maitred.rpc.convert import decisions as room
from maitred.rpc.convert.claims import claim_response
from maitred.rpc.convert.decisions import decide_response
from maitred.v1 import decision_pb2 as pb

START = datetime(2026, 12, 1, 11, 30, tzinfo=UTC)
TREATMENTS = [Treatment("Pizza", ("One.", "Two."), "PIZZA"), Treatment("x" * 20_000)]
MOMENTS = st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))
PROPOSALS = st.builds(
    Proposal,
    action=st.sampled_from(["pizza", "tea", ""]),
    rank=st.sampled_from([1, 2, 100, 200]),
    score=st.sampled_from([0.0, 1.5, -3.25]),
    type=st.sampled_from(ActionType),
    treatment=st.sampled_from(TREATMENTS) | st.builds(Treatment, st.text("ab", max_size=130)),
    substitute_for=st.sampled_from(["", "espresso"]),
    hold_expires_at=MOMENTS,
    lot=st.binary(max_size=3),
    claim_id=st.sampled_from(["", "c-1"]),
)


def message(proposal):
    treatment = proposal.treatment
    return pb.Proposal(
        action=proposal.action,
        rank=proposal.rank,
        score=proposal.score,
        type=pb.ActionType.Name(proposal.type),
        treatment=pb.Treatment(title=treatment.title, say=treatment.say, show=treatment.show),
        substitute_for=proposal.substitute_for,
        hold_expires_at=proposal.hold_expires_at,
        claim_id=proposal.claim_id,
    )


@given(st.lists(PROPOSALS, max_size=4))
def test_they_are_the_same_in_every_answer(proposals):
    expected = [message(proposal) for proposal in proposals]
    answer = Answer("d", "h", tuple(proposals), START)
    assert list(pb.DecideResponse.FromString(decide_response(answer)).proposals) == expected
    denied = ClaimAnswer(False, "", alternatives=tuple(proposals))
    assert list(pb.ClaimResponse.FromString(claim_response(denied)).alternatives) == expected
    explained = answer._replace(why=tuple(("because",) for _ in proposals))
    received = pb.DecideResponse.FromString(decide_response(explained)).proposals
    for one in expected:
        one.why.append("because")
    assert list(received) == expected


@given(
    st.text(alphabet="0123456789abcdef", max_size=300),
    st.sampled_from(TREATMENTS) | st.builds(Treatment, st.text("ab", max_size=130)),
    MOMENTS,
    st.booleans(),
)
def test_a_granted_claim_is_told_as_if_built_anew(claim_id, treatment, at, existing):
    answer = ClaimAnswer(True, claim_id, at, treatment=treatment, existing=existing)
    expected = pb.ClaimResponse(
        status=pb.CLAIM_GRANTED,
        claim_id=claim_id,
        expires_at=at,
        treatment=pb.Treatment(title=treatment.title, say=treatment.say, show=treatment.show),
        existing=existing,
    )
    assert pb.ClaimResponse.FromString(claim_response(answer)) == expected


@given(
    st.text(alphabet="0123456789abcdef", max_size=300),
    st.text(max_size=300),
    st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)),
    st.booleans(),
)
def test_an_answer_set_together_begins_as_one_built_anew(decision_id, ruleset, at, degraded):
    answer = Answer(decision_id, ruleset, (), at, degraded=degraded)
    expected = pb.DecideResponse(decision_id=decision_id, ruleset=ruleset, decided_at=at, degraded=degraded)
    assert pb.DecideResponse.FromString(decide_response(answer)) == expected


@pytest.mark.parametrize(
    "other",
    [
        {"action": "tea"},
        {"rank": 2},
        {"score": 2.0},
        {"type": ActionType.GESTURE},
        {"substitute_for": "espresso"},
        {"treatment": Treatment("Tea")},
        {"hold_expires_at": START + timedelta(microseconds=1)},
        {"hold_expires_at": None},
    ],
)
def test_what_is_remembered_of_one_is_not_given_for_another(other):
    pizza = Proposal("pizza", 1, 1.0, ActionType.OFFER, TREATMENTS[0], "", START)
    for proposal in (pizza, pizza._replace(**other), pizza):
        data = decide_response(Answer("d", "h", (proposal,), START))
        assert pb.DecideResponse.FromString(data).proposals[0] == message(proposal)


def test_what_is_remembered_is_bounded():
    for number in range(MAX_REMEMBERED + 50):
        treatment = Treatment(str(number))
        room.decided(Proposal("pizza", 1, 1.0, ActionType.OFFER, treatment, "", START))
    assert 0 < len(room._SHOWN) <= MAX_REMEMBERED


@pytest.mark.parametrize(
    "expires_at",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_a_hold_is_exact_at_the_ends_of_time(expires_at):
    proposal = Proposal("pizza", 1, 1.0, ActionType.OFFER, TREATMENTS[0], "", expires_at)
    (received,) = pb.DecideResponse.FromString(room.decided(proposal)).proposals
    assert received == message(proposal)
