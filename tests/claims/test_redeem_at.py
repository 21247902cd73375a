"""Where a claim is redeemed."""

import pytest
from tests.claims.house import MINUTE, PIZZA, action, refused

from maitred.engine.errors import Cause, Code

HERE = action("pizza", redeem_at="claimed")


def redeem(house, claimed, location="", request=""):
    call = house.step(claimed, request)
    house.engine.claimer.redeem(call._replace(location_id=location))


@pytest.mark.parametrize("elsewhere", ["market", "", "Harbour"])
def test_it_is_redeemed_only_where_it_was_claimed(house, elsewhere):
    house.rules(HERE)
    claimed = house.claim(house.decide(location="harbour"))
    with refused(Code.TOO_LATE) as found:
        redeem(house, claimed, elsewhere)
    assert found.value.cause is Cause.WRONG_LOCATION
    assert "`harbour`" in found.value.message
    redeem(house, claimed, "harbour")


def test_a_refusal_is_not_kept_under_its_id(house):
    house.rules(HERE)
    claimed = house.claim(house.decide(location="harbour"))
    with refused(Code.TOO_LATE):
        redeem(house, claimed, "market", "r")
    redeem(house, claimed, "harbour", "r")


def test_a_decision_without_a_location_is_redeemed_anywhere(house):
    house.rules(HERE)
    for location in ("market", ""):
        redeem(house, house.claim(house.decide()), location)


@pytest.mark.parametrize("location", ["market", "harbour", ""])
@pytest.mark.parametrize("rules", [PIZZA, action("pizza", redeem_at="any")])
def test_without_a_word_it_is_redeemed_anywhere(lone_house, rules, location):
    lone_house.rules(rules)
    redeem(lone_house, lone_house.claim(lone_house.decide(location="harbour")), location)


def test_the_rules_in_force_count(house):
    house.rules(PIZZA)
    claimed = house.claim(house.decide(location="harbour"))
    house.rules(HERE)
    with refused(Code.TOO_LATE):
        redeem(house, claimed, "market")
    house.rules(action("other"))
    redeem(house, claimed, "market")


def test_a_retry_of_what_was_redeemed_gets_its_answer_whatever_the_rules_say_by_then(house):
    house.rules(PIZZA)
    claimed = house.claim(house.decide(location="harbour"))
    redeem(house, claimed, "market", "r")
    house.rules(HERE)
    redeem(house, claimed, "market", "r")
    with refused(Code.OTHER_CONTENT):
        redeem(house, claimed, "harbour", "r")


def test_an_expired_claim_is_still_redeemed_there_alone(house):
    house.rules(HERE)
    claimed = house.claim(house.decide(location="harbour"))
    house.after(21 * MINUTE).sweep()
    with refused(Code.TOO_LATE) as found:
        redeem(house, claimed, "market")
    assert found.value.cause is Cause.WRONG_LOCATION
    redeem(house, claimed, "harbour")
