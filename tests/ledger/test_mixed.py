"""Replicas that take, confirm, give back and let expire the same things at the same time."""

import random
from collections import Counter as Tally
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from tests.ledger.asks import needs_of_all

from maitred.core.limits.limits import Counts, Limit, LimitKind, pace_of
from maitred.core.limits.lots import Confirm, Release, Status, Take, UnitState
from maitred.core.values.windows import Calendar, Lifetime, Period, Rolling
from maitred.engine.ports.store import StoreConflict
from maitred.store import open_store
from maitred.store.ledger.ledger import LOT_COLUMNS, lot_of

REPLICAS, BATCHES = 4, 120
MAX_CONFLICTS = REPLICAS * BATCHES // 10
"""One batch in ten: far more than were ever seen, far fewer than a wrong order of locks makes."""
START = datetime(2026, 12, 1, 12, tzinfo=UTC)
SECOND_US = 1_000_000
OVENS = Limit("ovens", LimitKind.CAPACITY, ("location.id",), 40, Calendar(Period.DAY, "UTC"), Counts.CLAIMED)
OVENS = replace(OVENS, pace=pace_of(OVENS, 15, Rolling(timedelta(seconds=20))))
CAP = Limit(
    "cap", LimitKind.FREQUENCY_CAP, ("customer.id",), 3, Rolling(timedelta(seconds=50)), Counts.CLAIMED
)
CHAIN = Limit("chain", LimitKind.CAPACITY, (), 60, Lifetime(), Counts.CLAIMED)


@pytest.fixture
def stores(postgres_url, closed_after):
    return [closed_after(open_store(postgres_url)) for _ in range(REPLICAS)]


def needs(rng, now):
    facts = {"customer.id": f"c-{rng.randrange(12)}", "location.id": f"s-{rng.randrange(2)}"}
    limits = rng.sample([CAP, OVENS, CHAIN], rng.randint(1, 3))
    return needs_of_all(limits, facts, now)


def operation(rng, now):
    """Ids come from a small pool that all replicas share: most are sent by several of them."""
    number = rng.randrange(2_000)
    lot, step = number.to_bytes(16, "big"), rng.randrange(10**6).to_bytes(16, "big")
    match rng.choice("tttcr"):
        case "t":
            return Take(lot, b"", (needs(rng, now), needs(rng, now)), rng.choice((5, 40)) * SECOND_US)
        case "c":
            return Confirm(step, b"", lot, needs(rng, now))
        case _:
            return Release(step, b"", lot)


def live(store, seed):
    """One replica's work: how often it lost, and what was granted to it."""
    rng, conflicts = random.Random(seed), 0
    granted: Tally[bytes] = Tally()
    for number in range(BATCHES):
        now = START + timedelta(seconds=number // 2 + rng.choice((0, 0, 0, -3)))
        batch = [operation(rng, now) for _ in range(rng.randint(1, 12))]
        while True:
            try:
                with store.transaction() as transaction:
                    answers = transaction.settle(now, batch)
            except StoreConflict:
                conflicts += 1
                continue
            break
        granted.update(
            answer.lot for answer in answers if answer.status is Status.GRANTED and not answer.replayed
        )
    return conflicts, granted


def test_counters_are_the_sum_of_live_units_after_replicas_have_done_everything_at_once(stores):
    with ThreadPoolExecutor(REPLICAS) as pool:
        ended = list(pool.map(live, stores, range(REPLICAS)))
    granted: Tally[bytes] = sum((grants for _, grants in ended), Tally())
    assert max(granted.values()) == 1
    assert sum(conflicts for conflicts, _ in ended) <= MAX_CONFLICTS
    with stores[0].transaction() as transaction:
        driver = transaction._line.driver
        lots = [lot_of(row) for row in driver.execute(f"SELECT {LOT_COLUMNS} FROM ledger_lot").fetchall()]
        counters = driver.execute("SELECT counter_id, limit_name, held, used FROM ledger_counter").fetchall()
        rolling = driver.execute("SELECT counter_id, taken_at, lot_id FROM ledger_unit").fetchall()
    units = [(unit, lot) for lot in lots for unit in lot.live]
    held = Tally(unit.counter for unit, lot in units if lot.state is UnitState.HELD)
    used = Tally(unit.counter for unit, lot in units if lot.state is not UnitState.HELD)
    assert {row[0]: row[2:] for row in counters} == {row[0]: (held[row[0]], used[row[0]]) for row in counters}
    assert sorted(rolling) == sorted(
        (unit.counter, unit.taken_us, lot.id) for unit, lot in units if unit.rolling
    )
    assert set(granted) == {lot.id for lot in lots if lot.state is not UnitState.DENIED}
    check_limits(counters, units)


def check_limits(counters, units):
    """At the end no window holds more than it may; where rolling, in no stretch of its length."""
    for counter_id, limit, held, used in counters:
        taken = sorted(unit.taken_us for unit, _ in units if unit.counter == counter_id)
        match limit:
            case "ovens" | "chain":
                assert held + used <= (40 if limit == "ovens" else 60)
            case "ovens/pace":
                assert most_within(taken, 20 * SECOND_US) <= 15
            case "cap":
                assert most_within(taken, 50 * SECOND_US) <= 3


def most_within(taken, span_us):
    assert all(before <= after for before, after in pairwise(taken))
    return max((sum(at <= other < at + span_us for other in taken) for at in taken), default=0)
