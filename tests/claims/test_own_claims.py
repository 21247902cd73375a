"""What a checkout has claimed does not count against it, and a refusal names the claim that causes it."""

import pytest
from tests.claims.house import MINUTE, action, cap, capacity, refused

from maitred.core.deciding.decisions import Explain
from maitred.engine.errors import Code

COUPON = action("coupon", score=1)
ONCE = cap("once", applies_to="{actions: [coupon]}", counts="claimed")


def proposals(answer):
    return [(proposal.action, proposal.claim_id) for proposal in answer.proposals]


def test_a_named_claim_is_proposed_again_and_takes_no_unit(house):
    house.rules(COUPON, ONCE, cap("seen", limit=1), cap("made", counts="decided", limit=1))
    claim = house.claim(house.decide(), "coupon")
    for _ in range(3):
        again = house.decide(claims=(claim.claim_id,))
        assert proposals(again) == [("coupon", claim.claim_id)]
        assert again.proposals[0].hold_expires_at == claim.expires_at
    assert house.live("once", "seen", "made") == [1, 1, 1]
    repeated = house.claim(again, "coupon")
    assert (repeated.claim_id, repeated.existing) == (claim.claim_id, True)
    house.redeem(claim)


def test_named_claims_stand_beside_max_actions_and_in_order_of_score(house):
    house.rules(COUPON, action("best", score=2), action("last", score=0), ONCE)
    claim = house.claim(house.decide(most=3), "coupon")
    answer = house.decide(most=1, claims=(claim.claim_id,))
    assert proposals(answer) == [("best", ""), ("coupon", claim.claim_id)]


def test_what_a_claim_holds_is_disregarded_for_its_own_action_only(house):
    house.rules(COUPON, action("other"), capacity("units", limit=1, counts="claimed"))
    claim = house.claim(house.decide(most=2), "coupon")
    answer = house.decide(most=2, claims=(claim.claim_id,), explain=Explain.EXPLAIN_REASONS)
    assert proposals(answer) == [("coupon", claim.claim_id)]
    (refusal,) = answer.refusals
    assert (refusal.action, refusal.reason.name) == ("other", "CAPACITY_EXHAUSTED")
    assert claim.claim_id in refusal.detail


def test_a_refusal_that_an_own_open_claim_causes_names_it(house):
    house.rules(COUPON, ONCE)
    claim = house.claim(house.decide(), "coupon")
    assert claim.claim_id in house.why_not()["coupon"][2]
    house.redeem(claim)
    assert claim.claim_id not in house.why_not()["coupon"][2]


def test_a_refusal_that_others_cause_names_nobodys_claim(house):
    house.rules(COUPON, capacity("units", counts="claimed", limit=1))
    claim = house.claim(house.decide(), "coupon")
    assert claim.claim_id not in house.why_not("bob")["coupon"][2]


def test_where_the_rules_hold_no_more_the_claim_is_left_out_with_its_reason(house):
    house.rules(action("coupon", eligibility="[{require: 'customer.tier == \"gold\"'}]"), ONCE)
    claim = house.claim(house.decide(context={"customer": {"tier": "gold"}}), "coupon")
    answer = house.decide(claims=(claim.claim_id,), explain=Explain.EXPLAIN_REASONS)
    assert answer.proposals == ()
    assert [refusal.reason.name for refusal in answer.refusals] == ["MISSING_ATTRIBUTE"]


@pytest.mark.parametrize("claims", [("00" * 16,), ("none",)])
def test_claims_that_are_unknown_or_another_customers_are_not_found(house, claims):
    house.rules(COUPON, ONCE)
    claim = house.claim(house.decide(), "coupon")
    with refused(Code.NOT_FOUND):
        house.decide(claims=claims)
    with refused(Code.NOT_FOUND):
        house.decide("bob", claims=(claim.claim_id,))


def test_claims_that_have_ended_are_told_and_change_nothing(house):
    house.rules(COUPON, cap("once", counts="claimed", limit=9, hold="5m"))
    claims = [house.claim(house.decide(), "coupon") for _ in range(3)]
    house.redeem(claims[0])
    house.release(claims[1])
    house.after(6 * MINUTE)
    answer = house.decide(claims=tuple(claim.claim_id for claim in claims))
    assert proposals(answer) == [("coupon", "")]
    assert len(answer.unused) == 3
    assert all(claim.claim_id in line for claim, line in zip(claims, answer.unused, strict=True))


def test_a_claim_that_was_released_is_taken_anew_under_the_new_decision(house):
    house.rules(COUPON, ONCE)
    claim = house.claim(house.decide(), "coupon")
    again = house.decide(claims=(claim.claim_id,))
    house.release(claim)
    fresh = house.claim(again, "coupon")
    assert fresh.granted
    assert fresh.claim_id != claim.claim_id
    assert house.live("once") == [1]
