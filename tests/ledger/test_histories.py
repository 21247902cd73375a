"""What was taken for a decision, and what became of it, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.ledger.asks import DUE, NOW, OVENS, confirm, needs, release, statuses, take

from maitred.core.limits.lots import Origin, Status, UnitState

DECISION = b"a decision of 16"
PIZZA, PASTA = (Origin(DECISION, action, 0) for action in ("free-pizza", "half-price \U0001f35d"))
SECOND = timedelta(seconds=1)


def of(origin, *choices):
    return replace(take(*choices), origin=origin)


def test_a_lot_is_read_back_as_it_was_taken(store, settle):
    lots = [of(PIZZA, needs(OVENS)), of(PASTA), take(), of(PIZZA, needs(replace(OVENS, maximum=0)))]
    settle(*lots)
    stored = [store.lot(lot.id) for lot in lots]
    assert [lot.origin for lot in stored] == [PIZZA, PASTA, None, PIZZA]
    assert [lot.state.name for lot in stored] == ["HELD", "HELD", "DENIED", "DENIED"]
    assert stored[0].units[0].counter == needs(OVENS)[0].counter.id
    assert store.lot(b"x" * 16) is None


def test_what_a_lot_was_taken_for_stays_when_it_moves(store, settle):
    lot = of(PIZZA)
    settle(lot, confirm(lot))
    settle(release(lot))
    assert store.lot(lot.id).origin == PIZZA


def test_a_decision_has_the_history_of_its_lots_and_of_no_others(store, settle):
    first, second, other = of(PIZZA), of(PASTA), of(Origin(b"another decision", "free-pizza", 0))
    settle(first, take(()))
    settle(second, other, now=NOW + SECOND)
    histories = store.histories(DECISION)
    assert [(history.lot.origin, history.taken_at) for history in histories] == [
        (PIZZA, NOW),
        (PASTA, NOW + SECOND),
    ]
    assert [history.steps for history in histories] == [(), ()]
    assert store.histories(b"x" * 16) == []


def test_a_lot_is_found_by_its_decision_whatever_id_its_caller_has_come_up_with(store, settle):
    lot = replace(of(PIZZA), id=bytes(5) + DECISION[:6] + bytes(5))
    settle(lot)
    assert [history.lot.id for history in store.histories(DECISION)] == [lot.id]


@pytest.mark.parametrize("together", [True, False])
def test_steps_are_told_in_the_order_they_came_also_in_one_batch_or_with_a_clock_set_back(
    store, settle, together
):
    lot = of(PIZZA)
    steps = [confirm(lot, also=needs(replace(OVENS, name="none", maximum=0)))]
    steps += [confirm(lot), confirm(lot), release(lot), confirm(lot)]
    settle(lot)
    if together:
        settle(*steps)
    else:
        for back, step in enumerate(steps):
            settle(step, now=NOW - back * SECOND)
    (history,) = store.histories(DECISION)
    assert [step.status for step, _ in history.steps] == [
        Status.NOTHING_LEFT,
        Status.CONFIRMED,
        Status.ALREADY_CONFIRMED,
        Status.RELEASED,
        Status.ALREADY_RELEASED,
    ]
    assert [step.id for step, _ in history.steps] == [step.id for step in steps]
    assert [at for _, at in history.steps] == [NOW - (0 if together else back) * SECOND for back in range(5)]


def test_a_hold_that_has_expired_is_told_as_that(store, settle):
    lot = of(PIZZA)
    settle(lot)
    settle(now=DUE)
    (history,) = store.histories(DECISION)
    assert (history.lot.state, history.steps) == (UnitState.EXPIRED, ())
    assert statuses(settle(confirm(lot), now=DUE)) == ["NOTHING_LEFT"]
