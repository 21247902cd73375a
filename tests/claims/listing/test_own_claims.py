"""What a checkout has claimed does not count against it, and a refusal names the claim that causes it."""

import pytest
from tests.claims.harness import MINUTE, refused
from tests.rules import action, cap, capacity

from maitred.core.deciding.decisions import Explain
from maitred.engine.errors import Code

COUPON = action("coupon", score=1)
ONCE = cap("once", applies_to="{actions: [coupon]}", counts="claimed")


def proposals(answer):
    return [(proposal.action, proposal.claim_id) for proposal in answer.proposals]


def test_a_named_claim_is_proposed_again_and_takes_no_unit(harness):
    harness.rules(COUPON, ONCE, cap("seen", limit=1), cap("made", counts="decided", limit=1))
    claim = harness.claim(harness.decide(), "coupon")
    for _ in range(3):
        again = harness.decide(claims=(claim.claim_id,))
        assert proposals(again) == [("coupon", claim.claim_id)]
        assert again.proposals[0].hold_expires_at == claim.expires_at
    assert harness.live("once", "seen", "made") == [1, 1, 1]
    repeated = harness.claim(again, "coupon")
    assert (repeated.claim_id, repeated.existing) == (claim.claim_id, True)
    harness.redeem(claim)


def test_named_claims_stand_beside_max_actions_and_in_order_of_score(harness):
    harness.rules(COUPON, action("best", score=2), action("last", score=0), ONCE)
    claim = harness.claim(harness.decide(max_actions=3), "coupon")
    answer = harness.decide(max_actions=1, claims=(claim.claim_id,))
    assert proposals(answer) == [("best", ""), ("coupon", claim.claim_id)]


def test_what_a_claim_holds_is_disregarded_for_its_own_action_only(harness):
    harness.rules(COUPON, action("other"), capacity("units", limit=1, counts="claimed"))
    claim = harness.claim(harness.decide(max_actions=2), "coupon")
    answer = harness.decide(max_actions=2, claims=(claim.claim_id,), explain=Explain.EXPLAIN_REASONS)
    assert proposals(answer) == [("coupon", claim.claim_id)]
    (refusal,) = answer.refusals
    assert (refusal.action, refusal.reason.name) == ("other", "CAPACITY_EXHAUSTED")
    assert claim.claim_id in refusal.detail


def test_a_refusal_that_an_own_open_claim_causes_names_it(harness):
    harness.rules(COUPON, ONCE)
    claim = harness.claim(harness.decide(), "coupon")
    assert claim.claim_id in harness.why_not()["coupon"][2]
    harness.redeem(claim)
    assert claim.claim_id not in harness.why_not()["coupon"][2]


def test_a_refusal_that_others_cause_names_nobodys_claim(harness):
    harness.rules(COUPON, capacity("units", counts="claimed", limit=1))
    claim = harness.claim(harness.decide(), "coupon")
    assert claim.claim_id not in harness.why_not("bob")["coupon"][2]


def test_where_the_rules_hold_no_more_the_claim_is_left_out_with_its_reason(harness):
    harness.rules(action("coupon", eligibility="[{require: 'customer.tier == \"gold\"'}]"), ONCE)
    claim = harness.claim(harness.decide(context={"customer": {"tier": "gold"}}), "coupon")
    answer = harness.decide(claims=(claim.claim_id,), explain=Explain.EXPLAIN_REASONS)
    assert answer.proposals == ()
    assert [refusal.reason.name for refusal in answer.refusals] == ["MISSING_ATTRIBUTE"]


@pytest.mark.parametrize("claims", [("00" * 16,), ("none",)])
def test_claims_that_are_unknown_or_another_customers_are_not_found(harness, claims):
    harness.rules(COUPON, ONCE)
    claim = harness.claim(harness.decide(), "coupon")
    with refused(Code.NOT_FOUND):
        harness.decide(claims=claims)
    with refused(Code.NOT_FOUND):
        harness.decide("bob", claims=(claim.claim_id,))


def test_claims_that_have_ended_are_told_and_change_nothing(harness):
    harness.rules(COUPON, cap("once", counts="claimed", limit=9, hold="5m"))
    claims = [harness.claim(harness.decide(), "coupon") for _ in range(3)]
    harness.redeem(claims[0])
    harness.release(claims[1])
    harness.after(6 * MINUTE)
    named = tuple(claim.claim_id for claim in claims)
    answer = harness.decide(claims=named, request="r")
    assert harness.decide(claims=named, request="r") == answer, "a retry is told so as well"
    assert proposals(answer) == [("coupon", "")]
    assert len(answer.unused) == 3
    assert all(claim.claim_id in line for claim, line in zip(claims, answer.unused, strict=True))


def test_a_claim_that_was_released_is_taken_anew_under_the_new_decision(harness):
    harness.rules(COUPON, ONCE)
    claim = harness.claim(harness.decide(), "coupon")
    again = harness.decide(claims=(claim.claim_id,))
    harness.release(claim)
    fresh = harness.claim(again, "coupon")
    assert fresh.granted
    assert fresh.claim_id != claim.claim_id
    assert harness.live("once") == [1]
