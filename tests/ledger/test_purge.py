"""What the ledger forgets when told to, and what it never does, on both databases."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.ledger.asks import CAP, DAY, DUE, NOW, OVENS, confirm, needs, release, statuses, take

from maitred.core.values.windows import Lifetime, Rolling, Session
from maitred.engine.ports.ledger import Count
from maitred.engine.ports.store import StoreConflict
from maitred.store import open_store

EVER = replace(OVENS, name="ever", window=Lifetime())
LATER, MICROSECOND = NOW + 30 * DAY, timedelta(microseconds=1)
TABLES = ("ledger_counter", "ledger_lot", "ledger_unit", "ledger_step")


@pytest.fixture
def left(store):
    """Rows of each table."""

    def run():
        with store.transaction() as transaction:
            driver = transaction._line.driver
            return [driver.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in TABLES]

    return run


def purge(store, before=LATER, batch_size=100):
    gone = 0
    while went := store.purge_ledger(before, batch_size):
        gone += went
    return gone


def test_what_is_over_goes_with_all_that_is_of_it(store, settle, left):
    confirmed, released, expired = (take(needs(CAP, OVENS, customer=f"c-{number}")) for number in range(3))
    settle(confirmed, confirm(confirmed), released, release(released), expired, take(needs(OVENS)))
    settle(now=DUE)
    assert left() == [4, 4, 1, 2]
    assert purge(store) == 4 + 4 + 2
    assert left() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("limit", "end"),
    [
        (CAP, NOW + 7 * DAY),
        (OVENS, NOW + DAY / 2),
        (replace(CAP, window=Rolling(timedelta(seconds=1))), NOW + timedelta(seconds=1)),
    ],
)
def test_a_confirmed_lot_stays_until_its_windows_have_ended(store, settle, left, limit, end):
    settle(take(needs(limit), hold_us=None))
    assert purge(store, end) == 0
    assert left()[:2] == [1, 1]
    purge(store, end + MICROSECOND)
    assert left() == [0, 0, 0, 0]


def test_what_a_window_that_never_resets_counts_stays(store, settle, counts, left):
    lot = take(needs(EVER, OVENS, CAP))
    settle(lot, confirm(lot))
    purge(store)
    assert counts(EVER, OVENS) == [Count(0, 1, 1), Count()]
    assert left()[1] == 1
    assert statuses(settle(release(lot), now=LATER)) == ["RELEASED"]
    assert counts(EVER, CAP, now=LATER) == [Count(), Count()]
    purge(store, LATER + MICROSECOND)
    assert left()[1] == 0


def test_a_session_is_over_when_it_is_that_long_ago(store, settle, left):
    settle(take(needs(replace(CAP, window=Session())), hold_us=None))
    assert purge(store, NOW) == 0
    assert purge(store, NOW + MICROSECOND) == 2
    assert left() == [0, 0, 0, 0]


def test_what_is_held_stays_however_long_ago_its_windows_have_ended(store, settle, left):
    lot = take(hold_us=60 * 86_400 * 1_000_000)
    settle(lot)
    purge(store)
    assert left() == [0, 1, 0, 0]
    assert statuses(settle(confirm(lot), now=LATER)) == ["CONFIRMED"]
    assert statuses(settle(release(lot), now=LATER)) == ["RELEASED"]
    assert left() == [0, 1, 0, 2]


@pytest.mark.parametrize("together", [True, False])
def test_a_counter_made_anew_knows_nothing_of_units_from_before(store, settle, counts, together):
    """A request that comes again from long ago takes from a window that is over and forgotten."""
    old, late = take((*needs(OVENS), *needs(EVER)), hold_us=None), take(needs(OVENS))
    settle(old)
    purge(store)
    assert counts(OVENS) == [Count()]
    batches = [[late, release(old)]] if together else [[late], [release(old)]]
    for batch in batches:
        settle(*batch, now=LATER)
    assert counts(OVENS, EVER, now=LATER) == [Count(), Count()]  # of today
    assert counts(OVENS) == [Count(1, 0, 1)]


def test_a_counter_that_was_taken_from_after_its_end_is_kept_as_long(store, settle, counts):
    settle(take(needs(OVENS), hold_us=None), now=LATER)
    purge(store)
    assert counts(OVENS) == [Count(0, 1, 1)]
    purge(store, LATER + MICROSECOND)
    assert counts(OVENS) == [Count()]


def test_a_counter_that_goes_on_loses_what_is_forgotten_and_nothing_else(store, settle, counts, left):
    twice = replace(CAP, maximum=2)
    settle(take(needs(twice), hold_us=None))
    settle(take(needs(twice), hold_us=None), now=NOW + 6 * DAY)
    now = NOW + 8 * DAY
    assert counts(twice, now=now) == [Count(0, 2, 1)]
    purge(store, NOW + 7 * DAY + MICROSECOND)
    assert counts(twice, now=now) == [Count(0, 1, 1)]
    assert left() == [1, 1, 1, 0]


def test_a_retry_within_the_while_is_answered_as_before(store, settle):
    denied, lot = take(needs(replace(OVENS, maximum=0))), take()
    steps = [release(lot)]
    before = settle(denied, lot, *steps)
    assert purge(store, NOW) == 0
    again = settle(denied, lot, *steps, now=NOW + DAY)
    assert [answer._replace(replayed=False) for answer in again] == before


def test_no_more_goes_at_once_than_was_asked_for(store, settle, left):
    settle(*(take(needs(OVENS, location=f"s-{number}"), hold_us=None) for number in range(10)))
    assert store.purge_ledger(LATER, 4) == 4 + 4 + 4  # lots, their counters, and others that have ended
    assert left()[:2] == [2, 6]


def test_nothing_is_miscounted_when_several_purge_and_settle_at_once(
    database_url, store, settle, closed_after
):
    rival = closed_after(open_store(database_url)) if database_url.startswith("postgresql") else store
    roomy = replace(CAP, maximum=10_000, window=Rolling(timedelta(hours=1)))
    rng = random.Random(1)
    old = [take(needs(roomy, customer=f"c-{rng.randrange(9)}"), hold_us=None) for _ in range(400)]
    settle(*old)
    now = NOW + 2 * DAY

    def work(_):
        for _ in range(10):
            fresh = [take(needs(roomy, now=now, customer=f"c-{number}"), hold_us=None) for number in range(9)]
            again(lambda batch=fresh: settle(*batch, release(rng.choice(old)), now=now))

    def sweep(at):
        return sum(again(lambda: at.purge_ledger(NOW + DAY, 16)) for _ in range(20))

    with ThreadPoolExecutor(4) as pool:
        settling = [pool.submit(work, number) for number in range(2)]
        sweeping = [pool.submit(sweep, at) for at in (store, rival)]
        [future.result() for future in settling + sweeping]
    purge(store, NOW + DAY)
    for number in range(9):
        (count,) = store_counts(store, needs(roomy, now=now, customer=f"c-{number}"), now)
        assert count == Count(0, 20, 20)
    if rival is not store:
        rival.close()


def again(run):
    while True:
        try:
            return run()
        except StoreConflict:
            continue


def store_counts(store, wanted, now):
    with store.transaction() as transaction:
        return list(transaction.read_counts(now, wanted))
