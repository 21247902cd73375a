from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.conditions.model import Expression, Memory
from maitred.core.limits.limits import (
    REASON_OF,
    Counts,
    LetterCase,
    Limit,
    LimitKind,
    LockRank,
    Uncheckable,
    counter_of,
    lock_rank_of,
    needs_of,
    pace_of,
    scope_in,
    subject_of,
    values_in,
)
from maitred.core.values.reasons import Reason
from maitred.core.values.texts import composed
from maitred.core.values.types import Fact, Invalid
from maitred.core.values.windows import Calendar, Lifetime, Period, Rolling, Session

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
QUARTER = Rolling(timedelta(minutes=15))
OVENS = Limit(
    "ovens", LimitKind.CAPACITY, ("location.id",), "location.oven_slots", Calendar(Period.DAY), Counts.CLAIMED
)
FACTS: dict[str, Fact] = {"location.id": "s-1", "location.oven_slots": 300, "customer.id": "c-1"}


def needs(limit, **facts):
    return needs_of(
        limit, FACTS | {name.replace("_", ".", 1): value for name, value in facts.items()}, NOW, "UTC"
    )


def all_needs(limit, facts, *pseudonym):
    needed = needs_of(limit, facts, NOW, "UTC", *pseudonym)
    assert not isinstance(needed, Uncheckable)
    return needed


def test_every_kind_of_limit_has_the_reason_of_its_refusals():
    assert list(REASON_OF) == list(LimitKind)
    assert [REASON_OF[kind] for kind in LimitKind] == [
        Reason.FREQUENCY_CAPPED,
        Reason.CAPACITY_EXHAUSTED,
        Reason.PACED,
    ]


def test_a_limit_needs_one_unit_of_its_subject_in_the_window_of_now():
    (need,) = needs(OVENS)
    assert (need.counter.limit, need.counter.window) == ("ovens", "day/2026-12-01")
    assert need.counter.resets_at == datetime(2026, 12, 2, tzinfo=UTC)
    assert (need.maximum, need.reason, need.lookback_us) == (300, Reason.CAPACITY_EXHAUSTED, None)


def test_a_pace_is_needed_together_with_its_limit():
    own, pace = needs(replace(OVENS, pace=pace_of(OVENS, 40, QUARTER)))
    assert own == needs(OVENS)[0]
    assert (pace.counter.limit, pace.maximum, pace.reason) == ("ovens/pace", 40, Reason.PACED)
    assert pace.lookback_us == 15 * 60 * 1_000_000
    assert pace.counter.subject == own.counter.subject


@pytest.mark.parametrize(
    ("maximum", "percent", "allowed"), [(300, 0, 300), (300, 10, 330), (9, 10, 9), (0, 50, 0), (-5, 10, 0)]
)
def test_overbooking_allows_more_rounded_down_and_no_limit_is_below_zero(maximum, percent, allowed):
    assert needs(replace(OVENS, maximum=maximum, overbook_percent=percent))[0].maximum == allowed


@pytest.mark.parametrize("value", [None, 3.5, "300", True, Invalid("is not a int")])
def test_a_maximum_that_is_not_a_whole_number_is_unknown(value):
    error = "location.oven_slots is not a int" if isinstance(value, Invalid) else ""
    assert needs(OVENS, location_oven_slots=value) == Uncheckable("ovens", "location.oven_slots", error)


@pytest.mark.parametrize("value", [None, "", 1.5, Invalid("is not a string"), ("a",), NOW])
def test_a_subject_that_names_nobody_is_unknown(value):
    error = "location.id is not a string" if isinstance(value, Invalid) else ""
    assert needs(OVENS, location_id=value) == Uncheckable("ovens", "location.id", error)


@pytest.mark.parametrize("value", [None, "", 7])
def test_a_session_window_without_a_session_is_unknown(value):
    limit = replace(OVENS, maximum=1, window=Session())
    assert needs(limit, session_id=value) == Uncheckable("ovens", "session.id")
    assert needs(limit, session_id="visit")[0].counter.window == "session/visit"


def test_an_unknown_pace_makes_its_limit_unknown():
    limit = replace(OVENS, pace=pace_of(OVENS, "location.pace", QUARTER))
    assert needs(limit) == Uncheckable("ovens/pace", "location.pace")


def test_ids_that_look_the_same_are_the_same_and_no_others():
    assert subject_of(("a",), {"a": "c\u0301"}) == subject_of(("a",), {"a": "\u0107"})
    names = ["c-1", "C-1", "c-1 ", "\u0107", "1", "\x00", "s1", "1:1"]
    assert len({subject_of(("customer.id",), {"customer.id": name}) for name in names}) == len(names)
    assert subject_of(("a",), {"a": 1}) != subject_of(("a",), {"a": "1"})
    assert subject_of(("a",), {"a": True}) != subject_of(("a",), {"a": 1})


@given(
    st.lists(st.text(min_size=1), min_size=2, max_size=2),
    st.lists(st.text(min_size=1), min_size=2, max_size=2),
)
def test_two_subjects_are_equal_exactly_where_all_their_values_are(one, other):
    first, second = (subject_of(("a", "b"), dict(zip("ab", values, strict=True))) for values in (one, other))
    assert (first == second) == ([*map(composed, one)] == [*map(composed, other)])


@given(st.tuples(*[st.text(max_size=3)] * 3), st.tuples(*[st.text(max_size=3)] * 3))
def test_counters_have_the_same_id_exactly_where_they_are_the_same(one, other):
    assert (counter_of(*one).id == counter_of(*other).id) == (one == other)


def test_a_rolling_window_keeps_its_counter_whatever_its_duration():
    day, week = (replace(OVENS, maximum=1, window=Rolling(timedelta(days=days))) for days in (1, 7))
    assert needs(day)[0].counter.id == needs(week)[0].counter.id


@pytest.mark.parametrize(
    ("per", "heat"),
    [
        (("customer.id",), LockRank.PERSON),
        (("location.id", "customer.id"), LockRank.PERSON),
        (("household.id",), LockRank.PERSON),
        (("basket.store_card",), LockRank.CONTEXT),
        (("location.id",), LockRank.LOCATION),
        (("location.id", "channel"), LockRank.CONTEXT),
        ((), LockRank.EVERYBODY),
    ],
)
def test_counters_are_the_hotter_the_more_requests_share_them(per, heat):
    assert lock_rank_of(per) is heat


def test_everybody_together_is_one_subject():
    limit = replace(OVENS, per=(), maximum=1, window=Lifetime())
    assert needs(limit)[0].counter == needs(limit, location_id="s-2")[0].counter


@pytest.mark.parametrize("scope", ["", "free-pizza"])
def test_what_is_counted_for_whom_can_be_read_back(scope):
    limit = replace(OVENS, per=("a", "b", "c"), maximum=1, scope=scope)
    facts = {"a": "x:7/y", "b": -3, "c": True}
    (need,) = all_needs(replace(limit, pace=None), facts)
    assert values_in(limit, need.counter.subject) == ("x:7/y", -3, True)
    assert not scope or scope_in(need.counter.subject) == scope


@pytest.mark.parametrize(
    "subject", ["", "900", "7:str/900", "5:str/x", "3:s", "9:int/x:str/y", "-1:str/x5:str/y"]
)
def test_a_subject_of_something_else_is_told_from_one_of_the_limit(subject):
    with pytest.raises(ValueError):
        values_in(replace(OVENS, per=("a", "b"), maximum=1), subject)


def test_the_scope_is_not_hidden_and_the_person_is():
    limit = replace(OVENS, per=("customer.id",), maximum=1, pace=None, scope="bread")
    (need,) = all_needs(limit, {"customer.id": "c"}, lambda subject: f"<{len(subject)}>")
    assert need.counter.subject == "<7>5:bread"


def test_letter_case_that_does_not_count_makes_one_subject_of_all_spellings():
    limit = replace(OVENS, per=("a",), maximum=1, pace=None, letter_case=LetterCase.IGNORE)
    subjects = {
        all_needs(limit, {"a": text})[0].counter.subject for text in ("Stra\u00dfe", "STRASSE", "strasse")
    }
    assert len(subjects) == 1


def test_what_a_limit_works_out_is_worked_out_once_for_the_facts_at_hand():
    asked = []

    def evaluate(facts):
        asked.append(facts)
        return facts["customer.quota"] * 2

    memory, expression = Memory(), Expression("customer.quota * 2", frozenset(["customer.quota"]), evaluate)
    remembered = memory.remembered(expression)
    assert memory.remembered(expression) is remembered
    one: dict[str, Fact] = {"customer.quota": 1}
    other: dict[str, Fact] = {"customer.quota": 2}
    assert [remembered.evaluate(facts) for facts in (one, one, other, other, one)] == [2, 2, 4, 4, 2]
    assert [id(facts) for facts in asked] == [id(one), id(other), id(one)]
