"""The words that a granted claim answers with."""

from datetime import timedelta

import pytest
from tests.claims.harness import DAY, MINUTE, denial
from tests.rules import action, cap, capacity

WORDS = """
  mobile:
    title: "A pizza for ${customer.tier}"
    say: Do you want it?
    show: Tap to claim
    terms: Once a day.
    claimed:
      show: "Yours until ${hold.expires}"
      do: "Put it into the oven at ${location.id}"
  pos: {say: Here it is}
"""
PIZZA = action("pizza", treatments=WORDS)
OVENS = capacity(limit=9, hold="20m")


def claimed(harness, channel="mobile", **fields):
    decided = harness.decide(channel=channel, **fields)
    return decided.proposals[0].treatment, harness.claim(decided)


def test_they_tell_when_the_claim_expires(harness):
    harness.rules(PIZZA, OVENS, cap(hold="5m"))
    before, answer = claimed(harness, context={"customer": {"tier": "gold"}}, location="harbour")
    assert (before.show, before.say, before.claimed) == ("Tap to claim", ("Do you want it?",), None)
    after = answer.treatment
    assert (after.show, after.do) == ("Yours until 12:20", ("Put it into the oven at harbour",))
    assert (after.title, after.terms, after.say) == ("A pizza for gold", "Once a day.", ())
    assert answer.expires_at == harness.now + 20 * MINUTE


def test_without_them_those_of_the_channel(harness):
    harness.rules(PIZZA, OVENS)
    before, answer = claimed(harness, "pos")
    assert answer.treatment == before
    assert answer.treatment.say == ("Here it is",)


def test_without_a_treatment_the_title(harness):
    harness.rules(action("pizza"), OVENS)
    assert claimed(harness, "pos")[1].treatment.title == "pizza"


def test_a_retry_gets_the_same_words(harness):
    harness.rules(PIZZA, OVENS)
    decided = harness.decide(channel="mobile")
    first = harness.claim(decided, request="c")
    assert harness.after(5 * MINUTE).claim(decided, request="c") == first


def test_on_another_day_the_date_is_told(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity(limit=9, hold="2d"))
    _, answer = claimed(sqlite_harness)
    assert answer.treatment.show == f"Yours until {sqlite_harness.now + timedelta(days=2):%Y-%m-%d %H:%M}"


def test_a_claim_without_a_limit_is_held_all_the_same(sqlite_harness):
    sqlite_harness.rules(PIZZA)
    assert claimed(sqlite_harness)[1].treatment.show == "Yours until 12:20"


def test_a_line_that_needs_what_is_absent_is_left_out(sqlite_harness):
    sqlite_harness.rules(PIZZA, OVENS)
    assert claimed(sqlite_harness)[1].treatment.do == ()


def test_a_denied_claim_has_none(harness):
    harness.rules(PIZZA, capacity(limit=0, counts="redeemed"))
    harness.rules(PIZZA, capacity(limit=1))
    first, second = harness.decide(channel="mobile"), harness.decide("bob", channel="mobile")
    harness.claim(first)
    answer = harness.claim(second)
    assert denial(answer) == "CAPACITY_EXHAUSTED"
    assert answer.treatment is None


def test_the_words_in_force_count(sqlite_harness):
    sqlite_harness.rules(PIZZA, OVENS)
    decided = sqlite_harness.decide(channel="mobile")
    sqlite_harness.rules(action("pizza", treatments="{mobile: {claimed: {show: Other words}}}"), OVENS)
    assert sqlite_harness.claim(decided).treatment.show == "Other words"


def test_of_an_action_that_is_gone_a_retry_has_no_words(sqlite_harness):
    sqlite_harness.rules(PIZZA, OVENS)
    decided = sqlite_harness.decide(channel="mobile")
    first = sqlite_harness.claim(decided, request="c")
    sqlite_harness.rules(action("tea"))
    again = sqlite_harness.claim(decided, request="c")
    assert (again.granted, again.claim_id, again.treatment) == (True, first.claim_id, None)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns"])
def test_the_expiry_is_told_by_the_clock_of_the_place(sqlite_harness, zone):
    sqlite_harness.rules(PIZZA, OVENS, zone=zone)
    local_time = {"Asia/Tokyo": "21:20", "America/St_Johns": "08:50"}[zone]
    assert claimed(sqlite_harness)[1].treatment.show == f"Yours until {local_time}"
    assert sqlite_harness.after(DAY)
