from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest

from maitred.core.limits.counters import CounterState
from maitred.core.limits.ledger import LedgerBatch
from maitred.core.limits.limits import Need, counter_of
from maitred.core.limits.lots import (
    MAX_CHOICES,
    MAX_NEEDS,
    MOVES,
    STAYS,
    WEIGHTS,
    Claim,
    Confirm,
    LotEvent,
    Origin,
    Part,
    Settled,
    Status,
    Take,
    UnitState,
    lots_begin,
    own_lot_id,
)
from maitred.core.values.reasons import Reason

ID = bytes(16)


def need(limit="ovens"):
    return Need(counter_of(limit, "s-1", "lifetime"), 1, Reason.CAPACITY_EXHAUSTED)


NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_lots_of_later_decisions_come_behind_those_of_earlier_ones():
    instants = [NOON + number * timedelta(milliseconds=17) for number in range(1_000)]
    begins = [lots_begin(bytes([255 - number % 256] * 16), at) for number, at in enumerate(instants)]
    assert all(before < after for before, after in pairwise(begins))


def test_lots_of_one_decision_lie_together_and_are_told_apart():
    decision = bytes(range(16))
    begin = lots_begin(decision, NOON)
    origins = [Origin(decision, action, 0) for action in ("pizza", "cinema")]
    ids = {own_lot_id(part, origin, begin) for part in (Part.DECIDED, Part.HOLD) for origin in origins}
    assert len(ids) == 4
    assert {(lot[: len(begin)], len(lot)) for lot in ids} == {(begin, 20)}


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_lots_have_ids_at_the_ends_of_the_calendar(at):
    assert len(lots_begin(bytes(16), at)) == 11


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


def test_a_claim_takes_one_unit_of_each_counter():
    claim = Claim(ID, b"", Origin(ID, "pizza", 0), "pizza", (need(), need()))
    with pytest.raises(ValueError, match="one unit of each counter"):
        LedgerBatch(0, {need().counter.id: CounterState()}).settle([claim])


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
