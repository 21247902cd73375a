"""Where a claim is redeemed."""

import pytest
from tests.claims.harness import MINUTE, PIZZA, refused
from tests.rules import action

from maitred.engine.errors import Cause, Code

HERE = action("pizza", redeem_at="claimed")


def redeem(harness, claimed, location="", request=""):
    """Redeems a claim, and makes sure of it: it cannot be redeemed a second time."""
    call = harness.step(claimed, request)._replace(location_id=location)
    harness.engine.claimer.redeem(call)
    with refused(Code.TOO_LATE) as error:
        harness.engine.claimer.redeem(call._replace(request_id=harness.new_id()))
    assert error.value.cause is Cause.CLAIM_REDEEMED


@pytest.mark.parametrize("elsewhere", ["market", "", "Harbour"])
def test_it_is_redeemed_only_where_it_was_claimed(harness, elsewhere):
    harness.rules(HERE)
    claimed = harness.claim(harness.decide(location="harbour"))
    with refused(Code.TOO_LATE) as error:
        redeem(harness, claimed, elsewhere)
    assert error.value.cause is Cause.WRONG_LOCATION
    assert "`harbour`" in error.value.message
    redeem(harness, claimed, "harbour")


def test_a_refusal_is_not_kept_under_its_id(harness):
    harness.rules(HERE)
    claimed = harness.claim(harness.decide(location="harbour"))
    with refused(Code.TOO_LATE):
        redeem(harness, claimed, "market", "r")
    redeem(harness, claimed, "harbour", "r")


def test_a_decision_without_a_location_is_redeemed_anywhere(harness):
    harness.rules(HERE)
    for location in ("market", ""):
        redeem(harness, harness.claim(harness.decide()), location)


@pytest.mark.parametrize("location", ["market", "harbour", ""])
@pytest.mark.parametrize("rules", [PIZZA, action("pizza", redeem_at="any")], ids=["silent", "any"])
def test_without_a_word_it_is_redeemed_anywhere(sqlite_harness, rules, location):
    sqlite_harness.rules(rules)
    redeem(sqlite_harness, sqlite_harness.claim(sqlite_harness.decide(location="harbour")), location)


def test_the_rules_in_force_count(harness):
    harness.rules(PIZZA)
    claimed = harness.claim(harness.decide(location="harbour"))
    harness.rules(HERE)
    with refused(Code.TOO_LATE):
        redeem(harness, claimed, "market")
    harness.rules(action("other"))
    redeem(harness, claimed, "market")


def test_a_retry_of_what_was_redeemed_gets_its_answer_whatever_the_rules_say_by_then(harness):
    harness.rules(PIZZA)
    claimed = harness.claim(harness.decide(location="harbour"))
    redeem(harness, claimed, "market", "r")
    harness.rules(HERE)
    redeem(harness, claimed, "market", "r")
    with refused(Code.OTHER_CONTENT):
        redeem(harness, claimed, "harbour", "r")


def test_an_expired_claim_is_still_redeemed_there_alone(harness):
    harness.rules(HERE)
    claimed = harness.claim(harness.decide(location="harbour"))
    harness.after(21 * MINUTE).sweep()
    with refused(Code.TOO_LATE) as error:
        redeem(harness, claimed, "market")
    assert error.value.cause is Cause.WRONG_LOCATION
    redeem(harness, claimed, "harbour")
