"""Claims: of what was proposed, of what stands in for it, late, twice, paused, and under other rules."""

from datetime import timedelta

import pytest
from tests.claims.house import DAY, MINUTE, OF_PIZZA, PIZZA, action, cap, capacity, denial, refused

from maitred.engine.calls import ClaimCall
from maitred.engine.claiming.claims import _claim_id
from maitred.engine.errors import Code

HALF = action("half")
WITH_HALF = action("pizza", alternatives="[half]", score=2)


def test_what_was_not_proposed_cannot_be_claimed(lone_house):
    lone_house.rules(PIZZA, HALF)
    decided = lone_house.decide()
    for decision_id, name in [
        (decided.decision_id, "pizza"),
        (decided.decision_id, "x"),
        ("00" * 16, "half"),
        ("é", "half"),
    ]:
        with refused(Code.NOT_FOUND):
            lone_house.claim(decided._replace(decision_id=decision_id), name)
    assert lone_house.claim(decided, "half").granted


def test_errors_do_not_repeat_what_callers_send(lone_house):
    lone_house.rules(PIZZA, capacity())
    decided = lone_house.decide()
    claim = lone_house.claim(decided, request="secret-1")
    other = lone_house.decide("bob")
    lone_house.record(lone_house.outcome(decided, "PRESENTED", outcome_id="secret-2"))
    lone_house.redeem(claim, request="secret-3")
    calls = [
        lambda: lone_house.claim(decided, "secret-0"),
        lambda: lone_house.claim(other, request="secret-1"),
        lambda: lone_house.redeem(claim._replace(claim_id="secret-0")),
        lambda: lone_house.release(claim, request="secret-3"),
        lambda: lone_house.record(lone_house.outcome(decided, "ACCEPTED", outcome_id="secret-2")),
        lambda: lone_house.record(lone_house.outcome(decided, "ACCEPTED", action="secret-0")),
    ]
    for number, call in enumerate(calls):
        with refused(Code.OTHER_CONTENT if number in {1, 3, 4} else Code.NOT_FOUND) as found:
            call()
        assert "secret" not in found.value.message


def test_a_retry_gets_the_same_claim_and_takes_no_second_unit(house):
    house.rules(PIZZA, capacity(limit=2))
    decided = house.decide()
    first = house.claim(decided, request="c-1")
    assert house.after(MINUTE).claim(decided, request="c-1") == first
    assert house.live("ovens") == [1]
    assert house.after(DAY).claim(decided, request="c-1") == first
    assert house.live("ovens") == [0]


def test_a_denial_stays_a_denial_under_its_id(house):
    house.rules(PIZZA, capacity())
    first, second = house.decide(), house.decide("bob")
    taken = house.claim(first)
    denied = house.claim(second, request="c-2")
    assert denial(denied) == "CAPACITY_EXHAUSTED"
    house.release(taken)
    assert house.claim(second, request="c-2") == denied
    assert house.claim(second, request="c-3").granted


def test_an_unknown_claim_is_not_found_nor_is_the_hold_of_a_proposal(lone_house):
    lone_house.rules(PIZZA, cap())
    decided = lone_house.decide()
    claim = lone_house.claim(decided)
    for claim_id in ("", "zz", "00" * 16, "00", decided.proposals[0].lot.hex(), "é"):
        with refused(Code.NOT_FOUND) as found:
            lone_house.redeem(claim._replace(claim_id=claim_id))
        assert found.value.message == "there is no such claim", claim_id


def test_several_limits_are_taken_together_or_not_at_all(lone_house):
    lone_house.rules(
        PIZZA,
        capacity("chain", limit=1, per="[chain]"),
        capacity("store", limit=5, per="[location]"),
        cap("each", limit=5, counts="claimed"),
    )
    first, second = lone_house.decide(location="1"), lone_house.decide("bob", location="2")
    assert lone_house.claim(first).granted
    assert denial(lone_house.claim(second)) == "CAPACITY_EXHAUSTED"
    assert lone_house.live("chain", "store", "each") == [1, 1, 1]


@pytest.mark.parametrize("left", [True, False])
def test_a_late_redemption_takes_the_unit_again_where_there_is_one(house, left):
    house.rules(PIZZA, capacity(hold="5m"))
    first, second = house.decide(), house.decide("bob")
    claim = house.claim(first)
    house.after(6 * MINUTE).sweep()
    assert house.live("ovens") == [0]
    if left:
        house.redeem(claim)
    else:
        assert house.claim(second).granted
        with refused(Code.TOO_LATE):
            house.redeem(claim)
    assert house.live("ovens") == [1]


def test_to_the_microsecond_of_its_end_a_claim_holds(lone_house):
    lone_house.rules(PIZZA, capacity(hold="5m"))
    claim = lone_house.claim(lone_house.decide())
    other = lone_house.decide("bob", dry_run=True)
    assert other.proposals == ()
    lone_house.after(5 * MINUTE - timedelta(microseconds=1)).redeem(claim)


def test_a_redemption_twice_and_after_a_release_is_too_late(lone_house):
    lone_house.rules(PIZZA, capacity())
    claim = lone_house.claim(lone_house.decide())
    lone_house.redeem(claim, request="r")
    lone_house.redeem(claim, request="r")
    with refused(Code.TOO_LATE) as found:
        lone_house.redeem(claim)
    assert "redeemed before" in found.value.message
    lone_house.release(claim)
    with refused(Code.TOO_LATE) as found:
        lone_house.redeem(claim)
    assert "released before" in found.value.message
    lone_house.redeem(claim, request="r")
    assert lone_house.live("ovens") == [0]


def test_release_and_redeem_under_one_id_are_other_content(lone_house):
    lone_house.rules(PIZZA, capacity())
    claim = lone_house.claim(lone_house.decide())
    lone_house.redeem(claim, request="r")
    with refused(Code.OTHER_CONTENT):
        lone_house.release(claim, request="r")
    assert lone_house.live("ovens") == [1]


def test_what_was_denied_can_neither_be_redeemed_nor_released(lone_house):
    lone_house.rules(PIZZA, capacity())
    claim, other = lone_house.claim(lone_house.decide("ann")), lone_house.decide("ann", request="other")
    assert other.proposals == ()
    lone_house.release(claim)
    decided = lone_house.decide("bob")
    lone_house.rules(PIZZA, capacity(limit=0))
    assert denial(lone_house.claim(decided, request="c")) == "CAPACITY_EXHAUSTED"
    lot = _claim_id(ClaimCall("c", decided.decision_id, "pizza"))
    for step in (lone_house.redeem, lone_house.release):
        with refused(Code.TOO_LATE) as found:
            step(claim._replace(claim_id=lot.hex()))
        assert "was denied" in found.value.message


def test_paused_is_denied_and_what_was_claimed_before_goes_on(lone_house):
    lone_house.rules(PIZZA, capacity(limit=9))
    decided, other = lone_house.decide(), lone_house.decide("bob")
    claim = lone_house.claim(decided)
    lone_house.engine.operator.pause("pizza", "ops", "ovens broke")
    assert lone_house.names() == []
    assert lone_house.why_not()["pizza"][:2] == ("PAUSED", "pause")
    assert denial(lone_house.claim(other, request="p")) == "PAUSED"
    lone_house.redeem(claim)
    lone_house.engine.operator.resume("pizza")
    assert denial(lone_house.claim(other, request="p")) == "PAUSED"
    assert lone_house.claim(other).granted
    assert lone_house.names("cem") == ["pizza"]


def test_after_live_has_ended_a_claim_is_denied_and_a_redemption_is_not(lone_house):
    lone_house.rules(action("pizza", live="{until: 2026-12-01}"), capacity(limit=9))
    decided, other = lone_house.decide(), lone_house.decide("bob")
    claim = lone_house.claim(decided)
    lone_house.at(lone_house.now.replace(hour=23, minute=59)).claim(lone_house.decide("cem"))
    lone_house.after(MINUTE)
    assert denial(lone_house.claim(other)) == "NOT_LIVE"
    lone_house.redeem(claim)


def test_an_action_that_the_rules_dropped_is_denied_and_what_was_claimed_goes_on(lone_house):
    lone_house.rules(PIZZA, capacity(limit=9, hold="5m"))
    decided, other, late = lone_house.decide(), lone_house.decide("bob"), lone_house.decide("cem")
    claim, held = lone_house.claim(decided, request="c"), lone_house.claim(late)
    lone_house.rules(HALF)
    assert denial(lone_house.claim(other)) == "NOT_LIVE"
    assert lone_house.claim(decided, request="c")._replace(treatment=claim.treatment) == claim
    lone_house.redeem(claim)
    with refused(Code.TOO_LATE):
        lone_house.after(DAY).redeem(held)
    lone_house.release(claim)


def test_a_lower_limit_refuses_new_units_and_breaks_nothing(house):
    house.rules(PIZZA, capacity(limit=3))
    decided = [house.decide(name) for name in "abcd"]
    claims = [house.claim(each) for each in decided[:3]]
    house.rules(PIZZA, capacity(limit=1))
    assert house.names() == []
    assert house.why_not()["pizza"][2] == "3 of 1 taken ever"
    assert denial(house.claim(decided[3])) == "CAPACITY_EXHAUSTED"
    for claim in claims:
        house.redeem(claim)
    for claim in claims[:2]:
        house.release(claim)
    assert house.names() == []
    house.release(claims[2])
    assert house.names() == ["pizza"]


def test_overbooking_gives_out_more_and_redeems_all_of_it(lone_house):
    lone_house.rules(PIZZA, capacity(limit=10, overbook="{percent: 15}"))
    decided = [lone_house.decide(f"c-{number}") for number in range(12)]
    claims = [lone_house.claim(each) for each in decided]
    assert [claim.granted for claim in claims] == [True] * 11 + [False]
    for claim in claims[:11]:
        lone_house.redeem(claim)


def test_a_claim_after_the_hold_of_the_proposal_takes_what_presenting_takes(house):
    house.rules(PIZZA, cap(hold="5m"))
    decided = house.decide()
    house.after(6 * MINUTE).sweep()
    assert house.live("cap") == [0]
    claim = house.claim(decided)
    assert claim.granted
    assert house.live("cap") == [1]
    assert house.report(decided, "PRESENTED") == [True]
    assert house.live("cap") == [1]
    assert house.after(DAY).names() == []
    house.release(claim)
    assert house.live("cap") == [1], "a presentation that was reported is a fact"


def test_a_claim_after_the_hold_is_denied_where_another_took_the_unit(lone_house):
    lone_house.rules(PIZZA, cap(hold="5m"))
    first = lone_house.decide()
    lone_house.after(6 * MINUTE).sweep()
    assert lone_house.names() == ["pizza"]
    assert denial(lone_house.claim(first)) == "FREQUENCY_CAPPED"
    assert lone_house.live("cap") == [1]


def test_alternatives_of_a_denial_can_be_claimed_under_the_same_decision(lone_house):
    lone_house.rules(
        WITH_HALF,
        HALF,
        capacity(applies_to="{actions: [pizza]}"),
        capacity("halves", applies_to="{actions: [half]}"),
    )
    first, second, third = (lone_house.decide(name) for name in ("ann", "bob", "cem"))
    assert lone_house.claim(first).granted
    denied = lone_house.claim(second)
    assert [(each.action, each.substitute_for) for each in denied.alternatives] == [("half", "pizza")]
    assert lone_house.claim(second, "half").granted
    assert lone_house.live("ovens", "halves") == [1, 1]
    assert lone_house.claim(third).alternatives == ()
    assert denial(lone_house.claim(third, "half")) == "CAPACITY_EXHAUSTED"


def test_an_alternative_is_for_those_who_are_eligible_for_it(lone_house):
    gold = action(
        "half", eligibility="[{require: 'customer.tier == \"gold\"', reason: gold-only}]", channels="[pos]"
    )
    lone_house.rules(WITH_HALF, gold, OF_PIZZA)
    tiers = {"ann": "basic", "bob": "gold", "cem": "basic"}
    decided = {
        name: lone_house.decide(
            name, context={"customer": {"tier": tier}}, channel="mobile" if name == "bob" else "pos"
        )
        for name, tier in tiers.items()
    }
    assert lone_house.claim(decided["cem"]).granted
    assert denial(lone_house.claim(decided["ann"], "half")) == "STAND_IN_ONLY"
    assert lone_house.claim(decided["ann"]).alternatives == ()
    assert denial(lone_house.claim(decided["ann"], "half")) == "NOT_ELIGIBLE"
    assert denial(lone_house.claim(decided["bob"])) == "CAPACITY_EXHAUSTED"
    assert denial(lone_house.claim(decided["bob"], "half")) == "WRONG_CHANNEL"


def test_a_claimed_alternative_goes_on_though_the_rules_link_it_no_more(lone_house):
    lone_house.rules(WITH_HALF, HALF, OF_PIZZA)
    other, decided = lone_house.decide("bob"), lone_house.decide()
    assert lone_house.claim(other).granted
    assert not lone_house.claim(decided).granted
    claim = lone_house.claim(decided, "half", request="c")
    lone_house.rules(PIZZA, HALF)
    assert lone_house.claim(decided, "half", request="c") == claim
    with refused(Code.NOT_FOUND):
        lone_house.claim(decided, "half")
    lone_house.redeem(claim)
    assert lone_house.report(decided, "REDEEMED", action="half") == [True]
    lone_house.release(claim)


def test_an_action_that_is_proposed_is_claimed_as_itself_not_as_a_stand_in(lone_house):
    limited = cap("p", applies_to="{actions: [pizza]}"), cap("h", applies_to="{actions: [half]}")
    lone_house.rules(WITH_HALF, HALF, *limited)
    decided = lone_house.decide(most=2)
    assert [each.action for each in decided.proposals] == ["pizza", "half"]
    lone_house.claim(decided, "half")
    lone_house.after(DAY).sweep()
    assert lone_house.live("p", "h") == [0, 1]
