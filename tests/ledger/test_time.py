"""What the ledger promises of expiry, windows and clocks, on both databases."""

from dataclasses import replace
from datetime import UTC, timedelta

from tests.ledger.asks import (
    CAP,
    DAY,
    DUE,
    HOLD_US,
    NOW,
    OVENS,
    confirm,
    needs,
    release,
    statuses,
    take,
)

from maitred.core.limits.lots import Refused
from maitred.core.values.reasons import Reason
from maitred.core.values.windows import Calendar, Lifetime, Period, Rolling
from maitred.engine.ports.ledger import MAX_DUE_PER_BATCH, Count


def test_a_hold_expires_by_itself_at_its_instant_and_not_before(settle, counts):
    settle(take(), take())
    early = DUE - timedelta(microseconds=1)
    assert statuses(settle(take(needs(OVENS)), now=early)) == ["DENIED"]
    assert counts(OVENS)[0].held == 2
    assert settle(now=DUE) == []
    assert counts(OVENS) == [Count()]


def test_a_confirmed_unit_does_not_expire(settle, counts):
    lot = take()
    settle(lot, confirm(lot))
    settle(now=DUE + DAY)
    assert counts(OVENS) == [Count(0, 1, 1)]


def test_units_without_a_hold_are_used_at_once(settle, counts):
    (granted,) = settle(take(hold_us=None))
    assert granted.expires_at is None
    assert counts(OVENS) == [Count(0, 1, 1)]


def test_a_late_confirmation_takes_the_unit_again_where_there_is_one(settle, counts):
    lot = take()
    settle(lot)
    late = confirm(lot, again=needs(OVENS, now=DUE))
    assert statuses(settle(late, now=DUE)) == ["CONFIRMED"]
    assert counts(OVENS) == [Count(0, 1, 1)]


def test_a_late_confirmation_fails_where_there_is_none_and_stays_failed(settle):
    lot, others = take(), [take(), take()]
    settle(lot)
    late = confirm(lot, again=needs(OVENS))
    answers = settle(*others, late, now=DUE)
    assert statuses(answers) == ["GRANTED", "GRANTED", "NOTHING_LEFT"]
    assert answers[-1].refused == Refused("ovens", Reason.CAPACITY_EXHAUSTED)
    settle(release(others[0]), now=DUE)
    assert statuses(settle(late, confirm(lot, again=needs(OVENS)), now=DUE)) == ["NOTHING_LEFT", "CONFIRMED"]


def test_a_late_confirmation_that_takes_nothing_again_fails(settle):
    lot = take()
    settle(lot)
    assert statuses(settle(confirm(lot), now=DUE)) == ["NOTHING_LEFT"]


def test_a_late_confirmation_takes_from_the_window_it_comes_in(settle, counts):
    lot = take()
    settle(lot)
    settle(confirm(lot, again=needs(OVENS, now=NOW + DAY)), now=NOW + DAY)
    assert counts(OVENS) == [Count()]
    assert counts(OVENS, now=NOW + DAY) == [Count(0, 1, 1)]


def test_what_expired_and_was_given_back_cannot_be_confirmed(settle):
    lot = take()
    settle(lot)
    assert statuses(settle(release(lot), confirm(lot, again=needs(OVENS)), now=DUE)) == [
        "RELEASED",
        "ALREADY_RELEASED",
    ]


def test_a_rolling_window_lets_go_of_a_unit_after_exactly_its_duration(settle, counts):
    lot = take(needs(CAP))
    settle(lot, confirm(lot))
    free = NOW + timedelta(days=7)
    assert statuses(settle(take(needs(CAP)), now=free - timedelta(microseconds=1))) == ["DENIED"]
    assert counts(CAP, now=free) == [Count(0, 1, 0)]
    assert statuses(settle(take(needs(CAP)), now=free)) == ["GRANTED"]


def test_one_unit_a_day_allows_2359_and_0001_and_one_in_24_hours_does_not(settle):
    evening, morning = NOW.replace(hour=23, minute=59), NOW.replace(hour=0, minute=1) + DAY
    day = replace(CAP, name="day", window=Calendar(Period.DAY, "UTC"))
    rolling = replace(CAP, name="rolling", window=Rolling(DAY))
    for limit, second in ((day, "GRANTED"), (rolling, "DENIED")):
        lot = take(needs(limit, now=evening))
        assert statuses(settle(lot, confirm(lot), now=evening)) == ["GRANTED", "CONFIRMED"]
        assert statuses(settle(take(needs(limit, now=morning)), now=morning)) == [second]


def test_giving_back_a_unit_that_has_left_its_rolling_window_makes_no_room(settle):
    lot = take(needs(CAP))
    settle(lot, confirm(lot))
    answers = settle(release(lot), take(needs(CAP)), take(needs(CAP)), now=NOW + timedelta(days=7))
    assert statuses(answers) == ["RELEASED", "GRANTED", "DENIED"]


def test_a_clock_that_steps_back_frees_nothing_early(settle, counts):
    settle(take())
    back = NOW - timedelta(hours=2)
    (granted,) = settle(take(), now=back)
    assert granted.expires_at == DUE
    settle(now=DUE - timedelta(microseconds=1))
    assert counts(OVENS) == [Count(2, 0, 2)]


def test_a_clock_that_steps_back_lengthens_no_rolling_window_for_others(settle):
    settle(take(needs(CAP)))
    back = NOW - timedelta(days=2)
    (granted,) = settle(take(needs(CAP, customer="c-2")), now=back)
    assert granted.expires_at == back + timedelta(minutes=20)


def test_a_batch_gives_back_a_bounded_number_of_holds(settle, counts):
    roomy = needs(replace(OVENS, maximum=MAX_DUE_PER_BATCH + 3))
    settle(*(take(roomy) for _ in range(MAX_DUE_PER_BATCH + 3)))
    settle(now=DUE)
    assert counts(OVENS)[0].held == 3
    settle(now=DUE)
    assert counts(OVENS)[0].held == 0


def test_a_hold_that_is_named_expires_first_however_many_are_due(settle):
    roomy = needs(replace(OVENS, maximum=MAX_DUE_PER_BATCH + 1))
    lots = [take(roomy) for _ in range(MAX_DUE_PER_BATCH)]
    last = take(roomy, hold_us=HOLD_US + 1)
    settle(*lots, last)
    later = DUE + timedelta(seconds=1)
    assert statuses(settle(confirm(last), now=later)) == ["NOTHING_LEFT"]


def test_the_clock_is_the_databases_where_many_share_it(store, database_url):
    with store.transaction() as transaction:
        clock = transaction.clock(NOW)
    assert clock.tzinfo is UTC
    assert (clock == NOW) == database_url.startswith("sqlite")


def test_a_limit_that_never_resets_counts_for_ever(settle):
    once = replace(CAP, window=Lifetime())
    lot = take(needs(once))
    settle(lot, confirm(lot))
    assert statuses(settle(take(needs(once)), now=NOW + 10_000 * DAY)) == ["DENIED"]


def test_looking_for_what_is_due_when_nothing_is_asks_once_and_writes_nothing(store, settle):
    settle(take())
    with store.transaction() as transaction:
        counting = Counting(transaction._line.driver)
        transaction._line.driver = counting
        assert transaction.settle(NOW, ()) == []
        transaction._line.driver = counting.driver
    assert [statement.split()[0] for statement in counting.statements] == ["SELECT"]


class Counting:
    """A driver that keeps the statements it runs."""

    def __init__(self, driver):
        self.driver, self.statements = driver, []

    def execute(self, statement, *parameters):
        self.statements.append(statement)
        return self.driver.execute(statement, *parameters)
