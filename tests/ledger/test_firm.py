"""What the ledger promises of firm units: spent at the take, on both databases."""

from dataclasses import replace

import pytest
from tests.ledger.asks import CAP, DAY, DUE, NOW, OVENS, confirm, needs, release, statuses, take

from maitred.core.limits.lots import UnitState
from maitred.engine.ports.ledger import Count

SHOWN = replace(CAP, name="shown", maximum=1)
HELD, USED, NONE = Count(1, 0, 1), Count(0, 1, 1), Count()


def offer(**subject):
    """Counts as shown at once, and holds an oven."""
    shown, oven = (*needs(SHOWN, **subject), *needs(OVENS, **subject))
    return replace(shown, firm=True), oven


def test_a_firm_unit_is_used_at_once_and_the_others_are_held(settle, counts):
    settle(take(offer()))
    assert counts(SHOWN, OVENS) == [USED, HELD]
    assert statuses(settle(take(offer()))) == ["DENIED"]


def test_a_confirmation_uses_the_others(settle, counts):
    lot = take(offer())
    settle(lot)
    settle(confirm(lot))
    assert counts(SHOWN, OVENS) == [USED, USED]


@pytest.mark.parametrize("before", ["held", "confirmed", "expired"])
def test_what_is_given_back_is_given_back_whole(settle, counts, before):
    lot = take(offer())
    settle(lot, *([confirm(lot)] if before == "confirmed" else []))
    now = DUE if before == "expired" else NOW
    assert statuses(settle(release(lot), release(lot), now=now)) == ["RELEASED", "ALREADY_RELEASED"]
    assert counts(SHOWN, OVENS, now=now) == [NONE, NONE]


def test_a_hold_that_expires_gives_back_the_others_alone(store, settle, counts):
    lot = take(offer())
    settle(lot)
    settle(now=DUE)
    assert counts(SHOWN, OVENS, now=DUE) == [USED, NONE]
    assert store.lot(lot.id).state is UnitState.EXPIRED
    assert [unit.firm for unit in store.lot(lot.id).live] == [True]
    assert statuses(settle(take(offer()), now=DUE)) == ["DENIED"]


def test_a_late_confirmation_takes_the_others_again_and_not_the_firm_ones(settle, counts):
    lot = take(offer())
    settle(lot)
    later = DUE + DAY
    again = (replace(needs(SHOWN, customer="c-2")[0], firm=True), *needs(OVENS, now=later))
    assert statuses(settle(confirm(lot, again), now=later)) == ["CONFIRMED"]
    assert counts(SHOWN, OVENS, now=later) == [USED, USED]
    settle(release(lot), now=later)
    assert counts(SHOWN, OVENS, now=later) == [NONE, NONE]


def test_a_late_confirmation_takes_no_second_unit_where_the_need_is_firm_no_more(settle, counts):
    lot = take(offer())
    settle(lot)
    plain = tuple(replace(need, firm=False) for need in offer())
    assert statuses(settle(confirm(lot, plain), now=DUE)) == ["CONFIRMED"]
    assert counts(SHOWN, OVENS, now=DUE) == [USED, USED]


def test_a_late_confirmation_with_nothing_left_leaves_the_firm_units(settle, counts):
    lot = take(offer())
    settle(lot)
    none = (*needs(SHOWN), *needs(replace(OVENS, maximum=0)))
    assert statuses(settle(confirm(lot, none), now=DUE)) == ["NOTHING_LEFT"]
    assert counts(SHOWN, OVENS, now=DUE) == [USED, NONE]


def test_a_lot_of_firm_units_alone_lives_like_any_other(settle, counts):
    lot = take(offer()[:1])
    settle(lot)
    settle(now=DUE)
    assert counts(SHOWN, now=DUE) == [USED]
    assert statuses(settle(confirm(lot, ()), now=DUE)) == ["CONFIRMED"]
    assert counts(SHOWN, now=DUE) == [USED]
