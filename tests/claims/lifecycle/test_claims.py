"""Claims: of what was proposed, of what stands in for it, late, twice, paused, and under other rules."""

from datetime import timedelta

import pytest
from tests.claims.harness import DAY, MINUTE, OF_PIZZA, PIZZA, denial, refused
from tests.rules import action, cap, capacity

from maitred.engine.calls import ClaimCall
from maitred.engine.claiming.claims import claim_id_of
from maitred.engine.errors import Code

HALF = action("half")
WITH_HALF = action("pizza", alternatives="[half]", score=2)


def test_what_was_not_proposed_cannot_be_claimed(sqlite_harness):
    sqlite_harness.rules(PIZZA, HALF)
    decided = sqlite_harness.decide()
    for decision_id, name in [
        (decided.decision_id, "pizza"),
        (decided.decision_id, "x"),
        ("00" * 16, "half"),
        ("é", "half"),
    ]:
        with refused(Code.NOT_FOUND):
            sqlite_harness.claim(decided._replace(decision_id=decision_id), name)
    assert sqlite_harness.claim(decided, "half").granted


def test_errors_do_not_repeat_what_callers_send(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity())
    decided = sqlite_harness.decide()
    claim = sqlite_harness.claim(decided, request="secret-1")
    other = sqlite_harness.decide("bob")
    sqlite_harness.record(sqlite_harness.outcome(decided, "PRESENTED", outcome_id="secret-2"))
    sqlite_harness.redeem(claim, request="secret-3")
    calls = [
        lambda: sqlite_harness.claim(decided, "secret-0"),
        lambda: sqlite_harness.claim(other, request="secret-1"),
        lambda: sqlite_harness.redeem(claim._replace(claim_id="secret-0")),
        lambda: sqlite_harness.release(claim, request="secret-3"),
        lambda: sqlite_harness.record(sqlite_harness.outcome(decided, "ACCEPTED", outcome_id="secret-2")),
        lambda: sqlite_harness.record(sqlite_harness.outcome(decided, "ACCEPTED", action="secret-0")),
    ]
    for number, call in enumerate(calls):
        with refused(Code.OTHER_CONTENT if number in {1, 3, 4} else Code.NOT_FOUND) as error:
            call()
        assert "secret" not in error.value.message


def test_a_retry_gets_the_same_claim_and_takes_no_second_unit(harness):
    harness.rules(PIZZA, capacity(limit=2))
    decided = harness.decide()
    first = harness.claim(decided, request="c-1")
    assert harness.after(MINUTE).claim(decided, request="c-1") == first
    assert harness.live("ovens") == [1]
    assert harness.after(DAY).claim(decided, request="c-1") == first
    assert harness.live("ovens") == [0]


def test_a_denial_stays_a_denial_under_its_id(harness):
    harness.rules(PIZZA, capacity())
    first, second = harness.decide(), harness.decide("bob")
    taken = harness.claim(first)
    denied = harness.claim(second, request="c-2")
    assert denial(denied) == "CAPACITY_EXHAUSTED"
    harness.release(taken)
    assert harness.claim(second, request="c-2") == denied
    assert harness.claim(second, request="c-3").granted


def test_an_unknown_claim_is_not_found_nor_is_the_hold_of_a_proposal(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap())
    decided = sqlite_harness.decide()
    claim = sqlite_harness.claim(decided)
    for claim_id in ("", "zz", "00" * 16, "00", decided.proposals[0].lot.hex(), "é"):
        with refused(Code.NOT_FOUND) as error:
            sqlite_harness.redeem(claim._replace(claim_id=claim_id))
        assert error.value.message == "there is no such claim", claim_id


def test_several_limits_are_taken_together_or_not_at_all(sqlite_harness):
    sqlite_harness.rules(
        PIZZA,
        capacity("chain", limit=1, per="[chain]"),
        capacity("store", limit=5, per="[location]"),
        cap("each", limit=5, counts="claimed"),
    )
    first, second = sqlite_harness.decide(location="1"), sqlite_harness.decide("bob", location="2")
    assert sqlite_harness.claim(first).granted
    assert denial(sqlite_harness.claim(second)) == "CAPACITY_EXHAUSTED"
    assert sqlite_harness.live("chain", "store", "each") == [1, 1, 1]


@pytest.mark.parametrize("left", [True, False])
def test_a_late_redemption_takes_the_unit_again_where_there_is_one(harness, left):
    harness.rules(PIZZA, capacity(hold="5m"))
    first, second = harness.decide(), harness.decide("bob")
    claim = harness.claim(first)
    harness.after(6 * MINUTE).sweep()
    assert harness.live("ovens") == [0]
    if left:
        harness.redeem(claim)
    else:
        assert harness.claim(second).granted
        with refused(Code.TOO_LATE):
            harness.redeem(claim)
    assert harness.live("ovens") == [1]


def test_to_the_microsecond_of_its_end_a_claim_holds(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity(hold="5m"))
    claim = sqlite_harness.claim(sqlite_harness.decide())
    other = sqlite_harness.decide("bob", dry_run=True)
    assert other.proposals == ()
    sqlite_harness.after(5 * MINUTE - timedelta(microseconds=1)).redeem(claim)


def test_a_redemption_twice_and_after_a_release_is_too_late(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity())
    claim = sqlite_harness.claim(sqlite_harness.decide())
    sqlite_harness.redeem(claim, request="r")
    sqlite_harness.redeem(claim, request="r")
    with refused(Code.TOO_LATE) as error:
        sqlite_harness.redeem(claim)
    assert "redeemed before" in error.value.message
    sqlite_harness.release(claim)
    with refused(Code.TOO_LATE) as error:
        sqlite_harness.redeem(claim)
    assert "released before" in error.value.message
    sqlite_harness.redeem(claim, request="r")
    assert sqlite_harness.live("ovens") == [0]


def test_release_and_redeem_under_one_id_are_other_content(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity())
    claim = sqlite_harness.claim(sqlite_harness.decide())
    sqlite_harness.redeem(claim, request="r")
    with refused(Code.OTHER_CONTENT):
        sqlite_harness.release(claim, request="r")
    assert sqlite_harness.live("ovens") == [1]


def test_what_was_denied_can_neither_be_redeemed_nor_released(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity())
    claim, other = (
        sqlite_harness.claim(sqlite_harness.decide("ann")),
        sqlite_harness.decide("ann", request="other"),
    )
    assert other.proposals == ()
    sqlite_harness.release(claim)
    decided = sqlite_harness.decide("bob")
    sqlite_harness.rules(PIZZA, capacity(limit=0))
    assert denial(sqlite_harness.claim(decided, request="c")) == "CAPACITY_EXHAUSTED"
    lot = claim_id_of(ClaimCall("c", decided.decision_id, "pizza"))
    for step in (sqlite_harness.redeem, sqlite_harness.release):
        with refused(Code.TOO_LATE) as error:
            step(claim._replace(claim_id=lot.hex()))
        assert "was denied" in error.value.message


def test_paused_is_denied_and_what_was_claimed_before_goes_on(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity(limit=9))
    decided, other = sqlite_harness.decide(), sqlite_harness.decide("bob")
    claim = sqlite_harness.claim(decided)
    sqlite_harness.engine.operator.pause("pizza", "ops", "ovens broke")
    assert sqlite_harness.names() == []
    assert sqlite_harness.why_not()["pizza"][:2] == ("PAUSED", "pause")
    assert denial(sqlite_harness.claim(other, request="p")) == "PAUSED"
    sqlite_harness.redeem(claim)
    sqlite_harness.engine.operator.resume("pizza")
    assert denial(sqlite_harness.claim(other, request="p")) == "PAUSED"
    assert sqlite_harness.claim(other).granted
    assert sqlite_harness.names("cem") == ["pizza"]


def test_after_live_has_ended_a_claim_is_denied_and_a_redemption_is_not(sqlite_harness):
    sqlite_harness.rules(action("pizza", live="{until: 2026-12-01}"), capacity(limit=9))
    decided, other = sqlite_harness.decide(), sqlite_harness.decide("bob")
    claim = sqlite_harness.claim(decided)
    sqlite_harness.at(sqlite_harness.now.replace(hour=23, minute=59)).claim(sqlite_harness.decide("cem"))
    sqlite_harness.after(MINUTE)
    assert denial(sqlite_harness.claim(other)) == "NOT_LIVE"
    sqlite_harness.redeem(claim)


def test_an_action_that_the_rules_dropped_is_denied_and_what_was_claimed_goes_on(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity(limit=9, hold="5m"))
    decided, other, late = sqlite_harness.decide(), sqlite_harness.decide("bob"), sqlite_harness.decide("cem")
    claim, held = sqlite_harness.claim(decided, request="c"), sqlite_harness.claim(late)
    sqlite_harness.rules(HALF)
    assert denial(sqlite_harness.claim(other)) == "NOT_LIVE"
    assert sqlite_harness.claim(decided, request="c")._replace(treatment=claim.treatment) == claim
    sqlite_harness.redeem(claim)
    with refused(Code.TOO_LATE):
        sqlite_harness.after(DAY).redeem(held)
    sqlite_harness.release(claim)


def test_a_lower_limit_refuses_new_units_and_breaks_nothing(harness):
    harness.rules(PIZZA, capacity(limit=3))
    decided = [harness.decide(name) for name in "abcd"]
    claims = [harness.claim(answer) for answer in decided[:3]]
    harness.rules(PIZZA, capacity(limit=1))
    assert harness.names() == []
    assert harness.why_not()["pizza"][2] == "3 of 1 taken ever"
    assert denial(harness.claim(decided[3])) == "CAPACITY_EXHAUSTED"
    for claim in claims:
        harness.redeem(claim)
    for claim in claims[:2]:
        harness.release(claim)
    assert harness.names() == []
    harness.release(claims[2])
    assert harness.names() == ["pizza"]


def test_overbooking_gives_out_more_and_redeems_all_of_it(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity(limit=10, overbook="{percent: 15}"))
    decided = [sqlite_harness.decide(f"c-{number}") for number in range(12)]
    claims = [sqlite_harness.claim(answer) for answer in decided]
    assert [claim.granted for claim in claims] == [True] * 11 + [False]
    for claim in claims[:11]:
        sqlite_harness.redeem(claim)


def test_a_claim_after_the_hold_of_the_proposal_takes_what_presenting_takes(harness):
    harness.rules(PIZZA, cap(hold="5m"))
    decided = harness.decide()
    harness.after(6 * MINUTE).sweep()
    assert harness.live("cap") == [0]
    claim = harness.claim(decided)
    assert claim.granted
    assert harness.live("cap") == [1]
    assert harness.report(decided, "PRESENTED") == [True]
    assert harness.live("cap") == [1]
    assert harness.after(DAY).names() == []
    harness.release(claim)
    assert harness.live("cap") == [1], "a presentation that was reported is a fact"


def test_a_claim_after_the_hold_is_denied_where_another_took_the_unit(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap(hold="5m"))
    first = sqlite_harness.decide()
    sqlite_harness.after(6 * MINUTE).sweep()
    assert sqlite_harness.names() == ["pizza"]
    assert denial(sqlite_harness.claim(first)) == "FREQUENCY_CAPPED"
    assert sqlite_harness.live("cap") == [1]


def test_alternatives_of_a_denial_can_be_claimed_under_the_same_decision(sqlite_harness):
    sqlite_harness.rules(
        WITH_HALF,
        HALF,
        capacity(applies_to="{actions: [pizza]}"),
        capacity("halves", applies_to="{actions: [half]}"),
    )
    first, second, third = (sqlite_harness.decide(name) for name in ("ann", "bob", "cem"))
    assert sqlite_harness.claim(first).granted
    denied = sqlite_harness.claim(second)
    assert [(alternative.action, alternative.substitute_for) for alternative in denied.alternatives] == [
        ("half", "pizza")
    ]
    assert sqlite_harness.claim(second, "half").granted
    assert sqlite_harness.live("ovens", "halves") == [1, 1]
    assert sqlite_harness.claim(third).alternatives == ()
    assert denial(sqlite_harness.claim(third, "half")) == "CAPACITY_EXHAUSTED"


def test_an_alternative_is_for_those_who_are_eligible_for_it(sqlite_harness):
    gold = action(
        "half", eligibility="[{require: 'customer.tier == \"gold\"', reason: gold-only}]", channels="[pos]"
    )
    sqlite_harness.rules(WITH_HALF, gold, OF_PIZZA)
    tiers = {"ann": "basic", "bob": "gold", "cem": "basic"}
    decided = {
        name: sqlite_harness.decide(
            name, context={"customer": {"tier": tier}}, channel="mobile" if name == "bob" else "pos"
        )
        for name, tier in tiers.items()
    }
    assert sqlite_harness.claim(decided["cem"]).granted
    assert denial(sqlite_harness.claim(decided["ann"], "half")) == "STAND_IN_ONLY"
    assert sqlite_harness.claim(decided["ann"]).alternatives == ()
    assert denial(sqlite_harness.claim(decided["ann"], "half")) == "NOT_ELIGIBLE"
    assert denial(sqlite_harness.claim(decided["bob"])) == "CAPACITY_EXHAUSTED"
    assert denial(sqlite_harness.claim(decided["bob"], "half")) == "WRONG_CHANNEL"


def test_a_claimed_alternative_goes_on_though_the_rules_link_it_no_more(sqlite_harness):
    sqlite_harness.rules(WITH_HALF, HALF, OF_PIZZA)
    other, decided = sqlite_harness.decide("bob"), sqlite_harness.decide()
    assert sqlite_harness.claim(other).granted
    assert not sqlite_harness.claim(decided).granted
    claim = sqlite_harness.claim(decided, "half", request="c")
    sqlite_harness.rules(PIZZA, HALF)
    assert sqlite_harness.claim(decided, "half", request="c") == claim
    with refused(Code.NOT_FOUND):
        sqlite_harness.claim(decided, "half")
    sqlite_harness.redeem(claim)
    assert sqlite_harness.report(decided, "REDEEMED", action="half") == [True]
    sqlite_harness.release(claim)


def test_an_action_that_is_proposed_is_claimed_as_itself_not_as_a_stand_in(sqlite_harness):
    limited = cap("p", applies_to="{actions: [pizza]}"), cap("h", applies_to="{actions: [half]}")
    sqlite_harness.rules(WITH_HALF, HALF, *limited)
    decided = sqlite_harness.decide(max_actions=2)
    assert [proposal.action for proposal in decided.proposals] == ["pizza", "half"]
    sqlite_harness.claim(decided, "half")
    sqlite_harness.after(DAY).sweep()
    assert sqlite_harness.live("p", "h") == [0, 1]
