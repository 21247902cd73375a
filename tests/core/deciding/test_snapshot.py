"""How limits stand, in words."""

from datetime import timedelta

import pytest

from maitred.core.deciding.snapshot import (
    Shortage,
    Snapshot,
    duration_words,
    is_read,
    keys_taken,
    room_of,
    shortage_of,
)
from maitred.core.limits.limits import ALSO, ANONYMOUS, Counts, Limit, LimitKind
from maitred.core.rules.ruleset import Action, ActionType
from maitred.core.values.reasons import Reason
from maitred.core.values.types import Fact, Invalid
from maitred.core.values.windows import Calendar, Lifetime, Period, Rolling, Session


def limit(name="cap", *, per=("customer.id",), maximum=1, window=None, counts=Counts.PRESENTED, **fields):
    kind = fields.pop("kind", LimitKind.FREQUENCY_CAP)
    return Limit(name, kind, per, maximum, window or Lifetime(), counts, **fields)


def action(*limits):
    return Action("a", "A", ActionType.OFFER, limits=limits)


@pytest.mark.parametrize(
    ("per", "window", "expected"),
    [
        ((), Lifetime(), "3 of 2 taken ever"),
        (("customer.id",), Rolling(timedelta(days=7)), "3 of 2 taken per customer within 7 days"),
        (("location.id",), Calendar(Period.DAY), "3 of 2 taken per location this day"),
        (("customer.id", "channel"), Lifetime(), "3 of 2 taken per customer and channel ever"),
        (("session.id",), Session(), "3 of 2 taken in this session"),
    ],
)
def test_a_shortage_says_what_was_needed_and_what_was_there(per, window, expected):
    shortage = Shortage(limit(per=per, window=window), Reason.FREQUENCY_CAPPED, 3, 2)
    assert shortage.words() == expected


@pytest.mark.parametrize("taken", [0, 1, 2])
@pytest.mark.parametrize("live", [0, 1, 2])
@pytest.mark.parametrize(
    "facts",
    [
        {"customer.id": "ann"},
        {"customer.id": "ann", f"{ALSO}cap": 1},
        {"customer.id": ""},
        {},
        {ANONYMOUS: True},
        {"customer.id": Invalid("is too long")},
    ],
)
@pytest.mark.parametrize("lets_anonymous", [False, True])
def test_a_limit_has_room_where_there_is_no_shortage(facts, live, taken, lets_anonymous):
    one = limit(maximum=2, also=("events.contact",), lets_anonymous=lets_anonymous)
    snapshot = Snapshot({"cap": live})
    has_room = room_of(one, facts, snapshot) > taken
    assert has_room is (shortage_of(action(one), facts, snapshot, {"cap": taken}) is None)


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (timedelta(days=14), "14 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(minutes=15), "15 minutes"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(minutes=1), "1 minute"),
    ],
)
def test_a_duration_is_told_in_its_largest_whole_unit(duration, expected):
    assert duration_words(duration) == expected


def test_the_first_shortage_by_precedence_then_by_name_is_told():
    limits = [
        limit("z", kind=LimitKind.CAPACITY, per=()),
        limit("y", per=("household.id",)),
        limit("b"),
        limit("a"),
    ]
    facts: dict[str, Fact] = {"customer.id": "ann"}
    live = {one.name: 1 for one in limits}
    names = []
    while limits:
        shortage = shortage_of(action(*limits), facts, Snapshot(live), {})
        names.append(shortage.limit.name)
        limits.remove(shortage.limit)
    assert names == ["y", "a", "b", "z"]


def test_a_pace_is_its_own_shortage():
    pace = limit("ovens/pace", kind=LimitKind.PACE, per=(), window=Rolling(timedelta(minutes=15)))
    ovens = limit("ovens", kind=LimitKind.CAPACITY, per=(), maximum=9, pace=pace)
    snapshot = Snapshot({"ovens": 3, "ovens/pace": 1})
    assert shortage_of(action(ovens), {}, snapshot, {}).reason is Reason.PACED
    assert list(keys_taken(action(ovens), snapshot)) == ["ovens", "ovens/pace"]


def test_what_is_held_already_is_no_shortage_of_what_decide_takes():
    shown, claimed = limit("shown"), limit("claimed", counts=Counts.CLAIMED)
    snapshot = Snapshot({"shown": 1, "claimed": 1}, own=frozenset({"a"}))
    assert shortage_of(action(shown), {"customer.id": "x"}, snapshot, {}) is None
    assert shortage_of(action(shown, claimed), {"customer.id": "x"}, snapshot, {}).limit is claimed


@pytest.mark.parametrize("counts", Counts)
def test_which_steps_decide_spends_and_which_it_holds(counts):
    limited = action(limit(counts=counts))
    assert bool(limited.decided) is (counts is Counts.DECIDED)
    assert bool(limited.held) is (counts is Counts.PRESENTED)


def test_an_action_is_read_where_all_its_limits_are():
    limited = action(limit("a"), limit("b"))
    assert not is_read(limited, Snapshot({"a": 0}))
    assert is_read(limited, Snapshot({"a": 0, "b": 0}))
    assert is_read(action(), Snapshot())
