from itertools import product

import pytest

from maitred.core.limits.limits import Need, counter_of
from maitred.core.limits.lots import (
    MAX_CHOICES,
    MAX_NEEDS,
    MOVES,
    STAYS,
    WEIGHTS,
    Confirm,
    LotEvent,
    Settled,
    Status,
    Take,
    UnitState,
)
from maitred.core.values.reasons import Reason

ID = bytes(16)


def need(limit="ovens"):
    return Need(counter_of(limit, "s-1", "lifetime"), 1, Reason.CAPACITY_EXHAUSTED)


def test_every_state_answers_every_event_in_one_way():
    events = set(LotEvent) - {LotEvent.REPEAT}
    assert MOVES.keys() | STAYS.keys() == set(product(UnitState, events))
    assert not MOVES.keys() & STAYS.keys()


def test_every_state_says_how_units_count_and_none_counts_twice():
    assert WEIGHTS.keys() == set(UnitState)
    assert all(sum(weight) <= 1 for weight in WEIGHTS.values())


@pytest.mark.parametrize(("before", "event"), MOVES)
def test_nothing_becomes_live_without_a_take(before, event):
    move = MOVES[before, event]
    assert move.again == (sum(WEIGHTS[move.state]) > sum(WEIGHTS[before]))


def test_released_and_denied_are_ends():
    assert {before for before, _ in MOVES} == set(UnitState) - {UnitState.RELEASED, UnitState.DENIED}


@pytest.mark.parametrize("choices", [(), ((),) * (MAX_CHOICES + 1)])
def test_a_take_has_a_bounded_number_of_choices(choices):
    with pytest.raises(ValueError, match=f"from 1 to {MAX_CHOICES} choices"):
        Take(ID, b"", choices)


def test_a_choice_has_a_bounded_number_of_needs():
    many = tuple(need(f"limit-{number}") for number in range(MAX_NEEDS + 1))
    Take(ID, b"", (many[:-1],))
    with pytest.raises(ValueError, match=f"at most {MAX_NEEDS} needs"):
        Take(ID, b"", (many,))
    with pytest.raises(ValueError, match=f"at most {MAX_NEEDS} needs"):
        Confirm(ID, b"", ID, many[:1], many[1:])


def test_one_unit_of_each_counter_is_taken():
    with pytest.raises(ValueError, match="one unit of each counter"):
        Take(ID, b"", ((need(), need()),))


@pytest.mark.parametrize("hold_us", [0, -1])
def test_a_hold_lasts_some_time(hold_us):
    with pytest.raises(ValueError, match="longer than no time"):
        Take(ID, b"", ((need(),),), hold_us)


def test_each_choice_has_a_key_or_none_has():
    Take(ID, b"", ((need(),), ()), reuse=(b"key", b""))
    with pytest.raises(ValueError, match="a key for each choice"):
        Take(ID, b"", ((need(),), ()), reuse=(b"key",))


def test_an_expiry_is_told_as_an_instant():
    assert (
        Settled(Status.GRANTED, ID, expires_us=1_500_000).expires_at.isoformat()
        == "1970-01-01T00:00:01.500000+00:00"
    )
    assert Settled(Status.DENIED, ID).expires_at is None
