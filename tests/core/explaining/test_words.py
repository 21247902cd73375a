from datetime import UTC, date, datetime, timedelta

import pytest
from tests.recording import spied

from maitred.core.conditions.model import All, Any, Literal, OneOf, Overlaps, Present, Within
from maitred.core.explaining.words import need_words, shortfall_words
from maitred.core.rules.live import clock_facts, clock_name, clock_value, live_condition
from maitred.core.rules.ruleset import Live
from maitred.core.values.facts import reader_of
from maitred.core.values.types import Attribute, AttributeType, Fact, Invalid, Kind
from maitred.core.values.wording import set_words, value_words

SUNDAY = datetime(2026, 11, 22, 7, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("~date/location", 739942, ("date in the zone of the location", "2026-11-22")),
        ("~weekday/America/New_York", 6, ("weekday in America/New_York", "sun")),
        ("~minute/Europe/Rome", 690, ("time in Europe/Rome", "11:30")),
        ("~moon/Europe/Rome", 3, ("moon in Europe/Rome", "3")),
        ("~suppressed/let_down", True, ("suppressed in let_down", "true")),
        ("~held/rollout/pizza", 739942, ("rollout/pizza held since", "2026-11-22")),
        ("~held_out/perks", True, ("held out by perks", "true")),
        ("~person", True, ("person for holdouts", "true")),
        ("~promised/card", 3, ("presented for promise card", "3")),
        ("~arm/words", "loud", ("arm in words", "loud")),
    ],
)
def test_clock_attributes_are_told_as_people_read_clocks(name, value, words):
    assert (clock_name(name), clock_value(name, value)) == words


@pytest.mark.parametrize(
    ("live", "words"),
    [
        (
            Live(weekdays=frozenset({1}), zone="America/New_York"),
            "needs weekday tue in America/New_York, is sun",
        ),
        (
            Live(weekdays=frozenset(range(6))),
            "needs weekday mon, tue, wed, thu, fri, sat in the zone of the location, is sun",
        ),
        (
            Live(hours=((660, 1320),)),
            "needs time 11:00-22:00 in the zone of the location, is 02:40",
        ),
        (
            Live(hours=((1320, 120),), zone="America/New_York"),
            (
                "needs time 22:00-24:00 in America/New_York, is 02:40, "
                "or needs time 00:00-02:00 in America/New_York, is 02:40"
            ),
        ),
        (
            Live(date(2026, 3, 1), date(2026, 5, 31)),
            "needs date from 2026-03-01 until 2026-05-31 in the zone of the location, is 2026-11-22",
        ),
        (
            Live(last=date(2026, 5, 31)),
            "needs date until 2026-05-31 in the zone of the location, is 2026-11-22",
        ),
        (
            Live(first=date(2027, 1, 1)),
            "needs date from 2027-01-01 in the zone of the location, is 2026-11-22",
        ),
    ],
)
def test_windows_are_told_in_the_words_of_rule_files(live, words):
    facts = clock_facts([live.zone], SUNDAY, "America/New_York")
    assert shortfall_words(live_condition(live), facts, {}) == words


@pytest.mark.parametrize(
    ("literal", "words"),
    [
        (Literal("customer.vip", OneOf(frozenset({True}))), "customer.vip"),
        (Literal("customer.vip", OneOf(frozenset({False}))), "not customer.vip"),
        (Literal("customer.vip", OneOf(frozenset({True})), wanted=False), "not customer.vip"),
        (Literal("customer.vip", OneOf(frozenset({False})), wanted=False), "customer.vip"),
        (Literal("customer.visits", OneOf(frozenset({1}))), "customer.visits = 1"),
        (Literal("customer.visits", OneOf(frozenset({0}))), "customer.visits = 0"),
        (Literal("customer.affinity", OneOf(frozenset({1.0}))), "customer.affinity = 1"),
        (
            Literal("customer.tier", OneOf(frozenset({"b", "a"})), wanted=False),
            'customer.tier not in ["a", "b"]',
        ),
        (Literal("customer.age", Within(18, 65, high_open=True)), "customer.age >= 18 and customer.age < 65"),
        (Literal("customer.age", Within(18), wanted=False), "not (customer.age >= 18)"),
        (Literal("basket.products", Overlaps(frozenset({"1"}))), 'basket.products with one of ["1"]'),
        (Literal("customer.age", Present()), "customer.age to be there"),
    ],
)
def test_needs_are_told_as_they_are(literal, words):
    assert need_words(literal) == words


def test_what_was_there_is_told_beside_what_was_needed():
    adult = Literal("customer.age", Within(18))
    gold = Literal("customer.tier", OneOf(frozenset({"gold"})))
    facts: dict[str, Fact] = {"customer.age": 12, "customer.tier": "gold"}
    assert shortfall_words(All((adult, gold)), facts, {}) == "needs customer.age >= 18, is 12"
    assert shortfall_words(Any((adult, gold)), {}, {}) == (
        'needs customer.age >= 18, is absent, or needs customer.tier = "gold", is absent'
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1234567.5, "1234567.5"),
        (12345678.91, "12345678.91"),
        (0.1 + 0.2, "0.3"),
        (17.0, "17"),
        (True, "true"),
        (("b", "a"), '["b", "a"]'),
    ],
)
def test_values_are_told_as_they_were_sent(value, words):
    assert value_words(value) == words


def test_long_sets_are_sorted_and_cut():
    assert set_words(frozenset("gfedcba")) == '["a", "b", "c", "d", "e", … 2 more]'


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        (AttributeType(Kind.INT), "is an object, not an int"),
        (AttributeType(Kind.INT, is_list=True), "is an object, not a list<int>"),
        (AttributeType(Kind.STRING), "is an object, not a string"),
    ],
)
def test_a_value_of_another_type_is_told_in_good_english(type_, words):
    assert reader_of(Attribute("customer.x", type_))({}) == Invalid(words)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(days=400), "34560000s"),
        (timedelta(days=30, seconds=1), "2592001s"),
        (timedelta(microseconds=-1500), "-0.0015s"),
    ],
)
def test_durations_are_told_to_the_second(duration, words):
    assert value_words(duration) == words


def test_numbers_of_a_set_are_told_in_their_order():
    assert set_words(frozenset({10, 9, 100})) == "[9, 10, 100]"


def test_of_a_set_of_thousands_only_what_is_told_is_put_in_words(monkeypatch):
    """A coupon names 14,000 products, and an explanation tells of a thousand coupons."""
    products = frozenset(f"{number:07}" for number in range(14_000))
    words: list[str] = []
    monkeypatch.setattr("maitred.core.values.wording.value_words", spied(words, str))
    assert set_words(products) == "[0000000, 0000001, 0000002, 0000003, 0000004, … 13995 more]"
    assert len(words) == 5
