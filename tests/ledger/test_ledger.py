"""What the ledger promises, one promise a test, on both databases."""

from dataclasses import replace

import pytest
from tests.ledger.asks import (
    CAP,
    DAY,
    DUE,
    NOW,
    OVENS,
    confirm,
    needs,
    release,
    statuses,
    take,
)

from maitred.core.limits.limits import Counts, pace_of
from maitred.core.limits.lots import Refused, Release, Status
from maitred.core.values.reasons import Reason
from maitred.core.values.windows import Rolling
from maitred.engine.ports.ledger import Count
from maitred.engine.ports.store import StoreDown


def test_no_more_is_granted_than_there_is(settle, counts):
    answers = settle(*(take() for _ in range(5)))
    assert statuses(answers) == ["GRANTED"] * 2 + ["DENIED"] * 3
    assert answers[-1].refused == Refused("ovens", Reason.CAPACITY_EXHAUSTED)
    assert answers[0].expires_at == DUE
    assert counts(OVENS) == [Count(held=2, used=0, live=2)]


def test_several_limits_are_taken_together_or_not_at_all(settle, counts):
    settle(take(needs(CAP, OVENS)))
    (denied,) = settle(take(needs(OVENS, CAP)))
    assert denied.refused == Refused("cap", Reason.FREQUENCY_CAPPED)
    assert counts(OVENS, CAP) == [Count(1, 0, 1), Count(1, 0, 1)]


def test_of_several_reasons_the_first_by_precedence_is_told(settle):
    full = replace(OVENS, maximum=0, pace=pace_of(OVENS, 0, Rolling(DAY)))
    (paced,) = settle(take(needs(full)[1:]))
    (exhausted,) = settle(take(needs(full)))
    (capped,) = settle(take(needs(full, replace(CAP, maximum=0))))
    assert [answer.refused.reason for answer in (paced, exhausted, capped)] == [
        Reason.PACED,
        Reason.CAPACITY_EXHAUSTED,
        Reason.FREQUENCY_CAPPED,
    ]


def test_the_first_choice_that_holds_is_taken(settle, counts):
    pasta = replace(OVENS, name="pasta")
    choices = (needs(replace(OVENS, maximum=0)), needs(pasta), ())
    answers = settle(*(take(*choices) for _ in range(3)))
    assert [answer.choice for answer in answers] == [1, 1, 2]
    assert counts(OVENS, pasta) == [Count(), Count(2, 0, 2)]


def test_a_denial_names_what_the_first_choice_lacked(settle):
    (denied,) = settle(take(needs(replace(OVENS, maximum=0)), needs(replace(CAP, maximum=0))))
    assert denied.refused == Refused("ovens", Reason.CAPACITY_EXHAUSTED)


def test_what_needs_nothing_is_granted_and_kept(settle):
    free = take(())
    assert statuses(settle(free)) == ["GRANTED"]
    assert settle(free)[0].replayed


def test_a_retry_counts_once_and_is_answered_as_before(settle, counts):
    first = take()
    (granted,) = settle(first)
    assert settle(first, first, now=NOW + DAY) == [granted._replace(replayed=True)] * 2
    assert settle(take(), first)[1] == granted._replace(replayed=True)
    assert counts(OVENS)[0].held == 1  # the first has expired by the clock of the day after


def test_a_retry_in_the_same_batch_counts_once(settle, counts):
    first = take()
    assert [answer.replayed for answer in settle(first, first)] == [False, True]
    assert counts(OVENS)[0].live == 1


def test_a_denial_stays_a_denial_when_there_is_room_again(settle):
    lots, late = [take(), take()], take()
    assert statuses(settle(*lots, late)) == ["GRANTED", "GRANTED", "DENIED"]
    settle(release(lots[0]))
    (again,) = settle(late)
    assert (again.status, again.replayed) == (Status.DENIED, True)
    assert again.refused == Refused("ovens", Reason.CAPACITY_EXHAUSTED)
    assert statuses(settle(take())) == ["GRANTED"]


def test_one_id_with_other_content_is_told_and_changes_nothing(settle, counts):
    lot = take()
    step = confirm(lot)
    settle(lot)
    assert statuses(settle(replace(lot, fingerprint=b"other"))) == ["OTHER_CONTENT"]
    settle(step)
    other = [replace(step, fingerprint=b"other"), replace(step, lot=take().id)]
    assert statuses(settle(*other, Release(step.id, step.fingerprint, step.lot))) == ["OTHER_CONTENT"] * 3
    assert counts(OVENS) == [Count(0, 1, 1)]


def test_a_confirmation_uses_the_unit_and_a_retry_of_it_uses_no_more(settle, counts):
    lot = take()
    step = confirm(lot)
    assert statuses(settle(lot, step, step)) == ["GRANTED", "CONFIRMED", "CONFIRMED"]
    assert statuses(settle(step, confirm(lot))) == ["CONFIRMED", "ALREADY_CONFIRMED"]
    assert counts(OVENS) == [Count(0, 1, 1)]


@pytest.mark.parametrize("confirmed", [False, True])
def test_what_is_given_back_can_be_taken_again_at_once(settle, counts, confirmed):
    lots = [take(), take()]
    settle(*lots, *([confirm(lots[0])] if confirmed else []))
    assert statuses(settle(take(), release(lots[0]), take(), take())) == [
        "DENIED",
        "RELEASED",
        "GRANTED",
        "DENIED",
    ]
    assert counts(OVENS)[0].live == 2


def test_what_was_given_back_cannot_be_confirmed_or_given_back_again(settle, counts):
    lot = take()
    settle(lot, release(lot))
    answers = settle(confirm(lot, again=needs(OVENS)), release(lot))
    assert statuses(answers) == ["ALREADY_RELEASED", "ALREADY_RELEASED"]
    assert counts(OVENS) == [Count()]


def test_what_was_never_granted_can_be_neither_confirmed_nor_given_back(settle):
    denied = take(needs(replace(OVENS, maximum=0)))
    assert statuses(settle(denied, confirm(denied), release(denied)))[1:] == ["NOT_GRANTED"] * 2
    assert statuses(settle(confirm(take()), release(take()))) == ["UNKNOWN_LOT"] * 2


def test_a_confirmation_takes_what_its_own_step_counts_or_does_not_happen(settle, counts):
    redeemed = replace(OVENS, name="redeemed", counts=Counts.REDEEMED, maximum=1)
    lots = [take(), take()]
    answers = settle(*lots, *(confirm(lot, also=needs(redeemed)) for lot in lots))
    assert statuses(answers)[2:] == ["CONFIRMED", "NOTHING_LEFT"]
    assert counts(OVENS, redeemed) == [Count(1, 1, 2), Count(0, 1, 1)]
    settle(release(lots[0]))
    assert counts(OVENS, redeemed) == [Count(1, 0, 1), Count()]


def test_lowering_a_limit_refuses_new_units_and_breaks_nothing(settle, counts):
    lots = [take(), take()]
    settle(*lots)
    lowered = replace(OVENS, maximum=1)
    answers = settle(take(needs(lowered)), confirm(lots[0]), release(lots[1]), take(needs(lowered)))
    assert statuses(answers) == ["DENIED", "CONFIRMED", "RELEASED", "DENIED"]
    assert counts(lowered) == [Count(0, 1, 1)]


def test_ids_that_differ_in_letter_case_are_two_subjects(settle):
    answers = settle(take(needs(CAP, customer="c-1")), take(needs(CAP, customer="C-1")))
    assert statuses(answers) == ["GRANTED", "GRANTED"]


def test_an_own_open_hold_is_used_again_and_nothing_is_taken(store, settle, counts):
    key, keys = b"customer+session", (b"customer+session",)
    first, second, other = (replace(take(needs(CAP)), reuse=reuse) for reuse in (keys, keys, ()))
    (granted,) = settle(first)
    reused, denied = settle(second, other)
    assert (reused.lot, reused.expires_at, reused.reused) == (first.id, granted.expires_at, True)
    assert denied.status is Status.DENIED
    assert counts(CAP) == [Count(1, 0, 1)]
    with store.transaction() as transaction:
        assert transaction.read_held(NOW, [key, b"another"]) == {key: (first.id, granted.expires_us)}
        assert not transaction.read_held(DUE, [key])


@pytest.mark.parametrize("end", ["confirm", "release", "expire"])
def test_a_hold_that_is_open_no_more_is_not_used_again(settle, end):
    lot = replace(take(), reuse=(b"customer+session",))
    settle(lot)
    now = DUE if end == "expire" else NOW
    settle(*{"confirm": [confirm(lot)], "release": [release(lot)], "expire": []}[end], now=now)
    (granted,) = settle(replace(take(), reuse=lot.reuse), now=now)
    assert (granted.status, granted.reused, granted.lot == lot.id) == (Status.GRANTED, False, False)


def test_an_own_open_hold_of_an_alternative_comes_in_its_turn(settle):
    pasta = replace(take(needs(replace(OVENS, name="pasta"))), reuse=(b"pasta",))
    settle(pasta)
    pizza_or_pasta = replace(
        take(needs(OVENS), needs(replace(OVENS, name="pasta"))), reuse=(b"pizza", b"pasta")
    )
    none_or_pasta = replace(take(needs(replace(OVENS, maximum=0)), ()), reuse=(b"", b"pasta"))
    answers = settle(pizza_or_pasta, none_or_pasta)
    assert [(answer.choice, answer.reused) for answer in answers] == [(0, False), (1, True)]
    assert answers[1].lot == pasta.id


def test_a_transaction_that_is_lost_leaves_nothing_behind(store, settle, counts):
    lot = take()
    with pytest.raises(KeyboardInterrupt), store.transaction() as transaction:  # noqa: PT012 -- leaving the block is what is tested
        transaction.settle(NOW, [lot, confirm(lot)])
        raise KeyboardInterrupt
    assert counts(OVENS) == [Count()]
    assert statuses(settle(lot)) == ["GRANTED"]


def test_after_an_error_of_the_database_the_transaction_is_over(store):
    with pytest.raises(StoreDown), store.transaction() as transaction:  # noqa: PT012 -- leaving the block is what is tested
        transaction._line.driver.execute("ALTER TABLE ledger_lot RENAME TO gone")
        with pytest.raises(StoreDown):
            transaction.settle(NOW, [take()])
        with pytest.raises(StoreDown, match="this transaction is over"):
            transaction.read_counts(NOW, needs(OVENS))


def test_ids_and_names_of_any_text_are_kept(settle):
    odd = replace(OVENS, name="öfen'; --", per=("customer.id",))
    names = ["\x00", "'", "%b", "\U0001f355", "x" * 5_000]
    answers = settle(*(take(needs(odd, customer=name)) for name in names))
    assert statuses(answers) == ["GRANTED"] * len(names)


def test_a_batch_of_any_size_is_settled_whole(settle, counts):
    roomy = needs(replace(OVENS, maximum=700))
    personal = [take(roomy + needs(CAP, customer=f"c-{number}")) for number in range(1_000)]
    assert statuses(settle(*personal)) == ["GRANTED"] * 700 + ["DENIED"] * 300
    assert statuses(settle(*map(confirm, personal))) == ["CONFIRMED"] * 700 + ["NOT_GRANTED"] * 300
    assert counts(OVENS) == [Count(0, 700, 700)]
