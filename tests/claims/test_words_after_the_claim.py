"""The words that a granted claim answers with."""

from datetime import timedelta

import pytest
from tests.claims.house import DAY, MINUTE, action, cap, capacity, denial

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


def claimed(house, channel="mobile", **fields):
    decided = house.decide(channel=channel, **fields)
    return decided.proposals[0].treatment, house.claim(decided)


def test_they_tell_when_the_claim_expires(house):
    house.rules(PIZZA, OVENS, cap(hold="5m"))
    before, answer = claimed(house, context={"customer": {"tier": "gold"}}, location="harbour")
    assert (before.show, before.say, before.claimed) == ("Tap to claim", ("Do you want it?",), None)
    after = answer.treatment
    assert (after.show, after.do) == ("Yours until 12:20", ("Put it into the oven at harbour",))
    assert (after.title, after.terms, after.say) == ("A pizza for gold", "Once a day.", ())
    assert answer.expires_at == house.now + 20 * MINUTE


def test_without_them_those_of_the_channel(house):
    house.rules(PIZZA, OVENS)
    before, answer = claimed(house, "pos")
    assert answer.treatment == before
    assert answer.treatment.say == ("Here it is",)


def test_without_a_treatment_the_title(house):
    house.rules(action("pizza"), OVENS)
    assert claimed(house, "pos")[1].treatment.title == "pizza"


def test_a_retry_gets_the_same_words(house):
    house.rules(PIZZA, OVENS)
    decided = house.decide(channel="mobile")
    first = house.claim(decided, request="c")
    assert house.after(5 * MINUTE).claim(decided, request="c") == first


def test_on_another_day_the_date_is_told(lone_house):
    lone_house.rules(PIZZA, capacity(limit=9, hold="2d"))
    _, answer = claimed(lone_house)
    assert answer.treatment.show == f"Yours until {lone_house.now + timedelta(days=2):%Y-%m-%d %H:%M}"


def test_a_claim_without_a_limit_is_held_all_the_same(lone_house):
    lone_house.rules(PIZZA)
    assert claimed(lone_house)[1].treatment.show == "Yours until 12:20"


def test_a_line_that_needs_what_is_absent_is_left_out(lone_house):
    lone_house.rules(PIZZA, OVENS)
    assert claimed(lone_house)[1].treatment.do == ()


def test_a_denied_claim_has_none(house):
    house.rules(PIZZA, capacity(limit=0, counts="redeemed"))
    house.rules(PIZZA, capacity(limit=1))
    first, second = house.decide(channel="mobile"), house.decide("bob", channel="mobile")
    house.claim(first)
    answer = house.claim(second)
    assert denial(answer) == "CAPACITY_EXHAUSTED"
    assert answer.treatment is None


def test_the_words_in_force_count(lone_house):
    lone_house.rules(PIZZA, OVENS)
    decided = lone_house.decide(channel="mobile")
    lone_house.rules(action("pizza", treatments="{mobile: {claimed: {show: Other words}}}"), OVENS)
    assert lone_house.claim(decided).treatment.show == "Other words"


def test_of_an_action_that_is_gone_a_retry_has_no_words(lone_house):
    lone_house.rules(PIZZA, OVENS)
    decided = lone_house.decide(channel="mobile")
    first = lone_house.claim(decided, request="c")
    lone_house.rules(action("tea"))
    again = lone_house.claim(decided, request="c")
    assert (again.granted, again.claim_id, again.treatment) == (True, first.claim_id, None)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns"])
def test_the_expiry_is_told_by_the_clock_of_the_place(lone_house, zone):
    lone_house.rules(PIZZA, OVENS, zone=zone)
    told = {"Asia/Tokyo": "21:20", "America/St_Johns": "08:50"}[zone]
    assert claimed(lone_house)[1].treatment.show == f"Yours until {told}"
    assert lone_house.after(DAY)
