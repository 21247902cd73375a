"""The ledger in PostgreSQL: many replicas, each with a batch at a time.

In READ COMMITTED every statement sees what was committed before it began. So a row that is
locked is read as it is, and what is read after a lock is what the lock protects. Locks are
taken in one order everywhere: lots by id, due ones only where they are free, then counters,
coldest first, then ids that are new. No two replicas can wait for each other in a ring, but
for the moment at which counters are made; the database finds that and one of the two tries again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, cast

import psycopg

from maitred.core.limits.counters import CounterState
from maitred.core.limits.ledger import LedgerBatch
from maitred.core.limits.limits import Counter
from maitred.core.limits.lots import Lot, Step, UnitState
from maitred.engine.ports.ledger import MAX_DUE_PER_BATCH
from maitred.engine.ports.store import StoreConflict
from maitred.store import messages
from maitred.store.drivers.connections import Cursor, Driver, columns
from maitred.store.tables import BY_DECISION

from .ledger import (
    COUNTER_COLUMNS,
    LOT_COLUMNS,
    STEP_COLUMNS,
    Ask,
    Decided,
    LedgerSql,
    Values,
    counter_values,
    lot_of,
    lot_values,
    step_of,
    step_values,
)

_LOTS = f"SELECT {LOT_COLUMNS} FROM ledger_lot WHERE lot_id = ANY (%b::bytea[])"  # noqa: S608 -- of constants
_LOCK_LOTS = f"{_LOTS} ORDER BY lot_id FOR UPDATE"
_OF_DECISIONS = f"""
SELECT {LOT_COLUMNS} FROM ledger_lot WHERE {BY_DECISION} AND decision_id = ANY (%b::bytea[])
"""  # noqa: S608 -- of constants
_LOCK_OF_DECISIONS = f"{_OF_DECISIONS} ORDER BY lot_id FOR UPDATE"
_REUSABLE = f"""
SELECT {LOT_COLUMNS} FROM ledger_lot
WHERE state = {UnitState.HELD.value} AND length(reuse) > 0 AND reuse = ANY (%b::bytea[])
"""  # noqa: S608 -- of constants
_HELD_UNDER = """
SELECT reuse, lot_id, expires_at FROM ledger_lot
WHERE state = 1 AND length(reuse) > 0 AND reuse = ANY (%b::bytea[])
"""
_DUE = f"""
SELECT {LOT_COLUMNS} FROM ledger_lot
WHERE state = {UnitState.HELD.value} AND expires_at > 0 AND expires_at <= %b::bigint
ORDER BY expires_at LIMIT {MAX_DUE_PER_BATCH}
"""  # noqa: S608 -- of constants
_LOCK_DUE = f"{_DUE} FOR UPDATE SKIP LOCKED"
_STEPS = f"SELECT {STEP_COLUMNS} FROM ledger_step WHERE step_id = ANY (%b::bytea[])"  # noqa: S608 -- of constants
_COUNTS = "counter_id, held, used, last_at, since, lately"
_ROWS = f"SELECT {_COUNTS} FROM ledger_counter WHERE counter_id = ANY (%b::bytea[])"  # noqa: S608 -- of constants
_LOCK_ROWS = f"{_ROWS} ORDER BY heat, counter_id FOR UPDATE"
# The update changes nothing: it locks a row that another replica made in the meantime.
_MAKE_ROWS = f"""
INSERT INTO ledger_counter ({COUNTER_COLUMNS})
SELECT *, 0, 0, 0, 0, 0
FROM unnest(%b::bytea[], %b::smallint[], %b::text[], %b::bytea[], %b::bytea[], %b::bigint[])
ON CONFLICT (counter_id) DO UPDATE SET heat = ledger_counter.heat RETURNING {_COUNTS}
"""  # noqa: S608 -- of constants
_TAKEN_AFTER = """
SELECT (SELECT count(*) FROM ledger_unit AS unit
        WHERE unit.counter_id = ask.counter_id AND unit.taken_at > ask.instant)
FROM unnest(%b::bytea[], %b::bigint[]) WITH ORDINALITY AS ask (counter_id, instant, place) ORDER BY place
"""
_SAVE_COUNTERS = """
UPDATE ledger_counter AS counter
SET held = new.held, used = new.used, last_at = new.last_at, since = new.since, lately = new.lately
FROM unnest(%b::bytea[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::float8[])
     AS new (counter_id, held, used, last_at, since, lately)
WHERE counter.counter_id = new.counter_id
"""
_ADD_LOTS = f"""
INSERT INTO ledger_lot ({LOT_COLUMNS}, made_at)
SELECT * FROM unnest(%b::bytea[], %b::bytea[], %b::smallint[], %b::smallint[], %b::bytea[],
                     %b::bigint[], %b::text[], %b::smallint[], %b::bytea[],
                     %b::bytea[], %b::text[], %b::bigint[], %b::bigint[], %b::smallint[], %b::text[],
                     %b::bigint[])
ON CONFLICT (lot_id) DO NOTHING
"""  # noqa: S608 -- of constants
_MOVE_LOTS = """
UPDATE ledger_lot AS lot SET state = new.state, units = new.units, over_at = new.over_at
FROM unnest(%b::bytea[], %b::smallint[], %b::bytea[], %b::bigint[]) AS new (lot_id, state, units, over_at)
WHERE lot.lot_id = new.lot_id
"""
_ADD_STEPS = f"""
INSERT INTO ledger_step ({STEP_COLUMNS}, made_at)
SELECT * FROM unnest(%b::bytea[], %b::bytea[], %b::bytea[], %b::smallint[], %b::smallint[],
                     %b::text[], %b::smallint[], %b::bigint[])
ON CONFLICT (step_id) DO NOTHING
"""  # noqa: S608 -- of constants
_ADD_UNITS = "INSERT INTO ledger_unit SELECT * FROM unnest(%b::bytea[], %b::bigint[], %b::bytea[])"
_REMOVE_UNITS = """
DELETE FROM ledger_unit AS unit
USING unnest(%b::bytea[], %b::bigint[], %b::bytea[]) AS gone (counter_id, taken_at, lot_id)
WHERE unit.counter_id = gone.counter_id AND unit.taken_at = gone.taken_at AND unit.lot_id = gone.lot_id
"""
_OVER = f"""
SELECT {LOT_COLUMNS} FROM ledger_lot WHERE over_at > 0 AND over_at < %b::bigint AND state <> 1
ORDER BY over_at LIMIT %b::bigint FOR UPDATE SKIP LOCKED
"""  # noqa: S608 -- of constants
_FORGET_CLAIMS = """
DELETE FROM claim USING ledger_lot AS lot
WHERE lot.lot_id = ANY (%b::bytea[]) AND claim.made_at = lot.made_at AND claim.lot_id = lot.lot_id
"""
_FORGET_STEPS = "DELETE FROM ledger_step WHERE lot_id = ANY (%b::bytea[])"
_FORGET_LOTS = "DELETE FROM ledger_lot WHERE lot_id = ANY (%b::bytea[])"
_FORGET_COUNTERS = "DELETE FROM ledger_counter WHERE counter_id = ANY (%b::bytea[])"
_FORGET_ENDED = """
DELETE FROM ledger_counter WHERE counter_id IN (
    SELECT counter_id FROM ledger_counter
    WHERE resets_at > 0 AND resets_at < %b::bigint AND last_at < %b::bigint
    ORDER BY resets_at LIMIT %b::bigint FOR UPDATE SKIP LOCKED
)
"""
_CLOCK = "SELECT clock_timestamp()"


class PostgresLedger(LedgerSql):
    """See ``LedgerSql``."""

    def lots(self, driver: Driver, ids: Collection[bytes], *, lock: bool) -> list[Lot]:
        """See ``LedgerSql``."""
        rows = driver.execute(_LOCK_LOTS if lock else _LOTS, (list(ids),)).fetchall()
        return [lot_of(row) for row in rows]

    def reusable(self, driver: Driver, keys: Collection[bytes]) -> list[Lot]:
        """See ``LedgerSql``."""
        return [lot_of(row) for row in driver.execute(_REUSABLE, (list(keys),)).fetchall()]

    def held_under(self, driver: Driver, keys: Collection[bytes]) -> Iterable[Sequence[Any]]:
        """See ``LedgerSql``."""
        return driver.execute(_HELD_UNDER, (list(keys),)).fetchall()

    def of_decisions(self, driver: Driver, decisions: Collection[Decided], *, lock: bool) -> list[Lot]:
        """See ``LedgerSql``."""
        statement, ids = _LOCK_OF_DECISIONS if lock else _OF_DECISIONS, [key for _, key in decisions]
        return [lot_of(row) for row in driver.execute(statement, (ids,)).fetchall()]

    def due(self, driver: Driver, now_us: int, *, lock: bool) -> list[Lot]:
        """See ``LedgerSql``."""
        return [lot_of(row) for row in driver.execute(_LOCK_DUE if lock else _DUE, (now_us,)).fetchall()]

    def lock_rows(
        self, driver: Driver, ids: Collection[bytes], counters: Mapping[bytes, Counter]
    ) -> dict[bytes, CounterState]:
        """See ``LedgerSql``."""
        rows = _rows(driver, _LOCK_ROWS, (list(ids),))
        missing = [counter for key, counter in counters.items() if key not in rows]
        if missing:
            missing.sort(key=lambda counter: (counter.heat, counter.id))
            rows |= _rows(driver, _MAKE_ROWS, columns(map(counter_values, missing)))
        return rows

    def rows(self, driver: Driver, ids: Collection[bytes]) -> dict[bytes, CounterState]:
        """See ``LedgerSql``."""
        return _rows(driver, _ROWS, (list(ids),))

    def taken_after(self, driver: Driver, asks: Sequence[Ask]) -> list[int]:
        """See ``LedgerSql``."""
        return [count for (count,) in driver.execute(_TAKEN_AFTER, columns(asks)).fetchall()]

    def steps(self, driver: Driver, ids: Collection[bytes]) -> list[Step]:
        """See ``LedgerSql``."""
        return [step_of(row) for row in driver.execute(_STEPS, (list(ids),)).fetchall()]

    def over(self, driver: Driver, before_us: int, max_rows: int) -> list[Lot]:
        """See ``LedgerSql``."""
        return [lot_of(row) for row in driver.execute(_OVER, (before_us, max_rows)).fetchall()]

    def forget(self, driver: Driver, lots: Collection[bytes], counters: Collection[bytes]) -> int:
        """See ``LedgerSql``."""
        driver.execute(_FORGET_CLAIMS, (list(lots),))
        gone = driver.execute(_FORGET_STEPS, (list(lots),)).rowcount
        gone += driver.execute(_FORGET_LOTS, (list(lots),)).rowcount
        return gone + (driver.execute(_FORGET_COUNTERS, (list(counters),)).rowcount if counters else 0)

    def forget_ended(self, driver: Driver, before_us: int, max_rows: int) -> int:
        """See ``LedgerSql``."""
        return driver.execute(_FORGET_ENDED, (before_us, before_us, max_rows)).rowcount

    def save(self, driver: Driver, book: LedgerBatch, known: Collection[bytes]) -> None:
        """See ``LedgerSql``."""
        moved = [book.lots[lot_id] for lot_id in sorted(book.moved)]
        made_at = (book.now_us,)
        lots = [lot_values(lot) + made_at for lot in moved if lot.id not in known]
        steps = [step_values(book.steps[key]) + made_at for key in sorted(book.stepped)]
        # One round trip for all of them.
        with _pipeline(driver):
            _write(driver, _SAVE_COUNTERS, [_counts(key, book.rows[key]) for key in book.touched])
            # Those that are live no more first: of a place one claim at most is live at any moment.
            for live in (False, True):
                there = (lot for lot in moved if lot.id in known and lot.is_live is live)
                _write(driver, _MOVE_LOTS, list(map(_move_values, there)))
            _write(driver, _ADD_UNITS, [(unit.counter, unit.taken_us, lot) for unit, lot in book.added])
            _write(driver, _REMOVE_UNITS, [(unit.counter, unit.taken_us, lot) for unit, lot in book.removed])
            new_lots = _write(driver, _ADD_LOTS, lots)
            new_steps = _write(driver, _ADD_STEPS, steps)
        _check_new(new_lots, lots)
        _check_new(new_steps, steps)


def read_clock(driver: Driver) -> datetime:
    """The database's time, in UTC."""
    ((now,),) = driver.execute(_CLOCK).fetchall()
    assert isinstance(now, datetime)
    return now.astimezone(UTC)


def _rows(driver: Driver, statement: str, parameters: Sequence[object]) -> dict[bytes, CounterState]:
    rows = driver.execute(statement, parameters).fetchall()
    return {
        counter_id: CounterState(held, used, last_us, since_us, lately=lately)
        for counter_id, held, used, last_us, since_us, lately in rows
    }


def _pipeline(driver: Driver) -> AbstractContextManager[object]:
    """Statements in its block are sent together; what they came to is known at its end."""
    return cast("psycopg.Connection[object]", driver).pipeline()


def _write(driver: Driver, statement: str, rows: Sequence[Values]) -> Cursor | None:
    return driver.execute(statement, columns(rows)) if rows else None


def _check_new(written: Cursor | None, rows: Sequence[Values]) -> None:
    if written and written.rowcount != len(rows):
        raise StoreConflict(messages.id_used_meanwhile())


def _counts(counter_id: bytes, row: CounterState) -> Values:
    return counter_id, row.held, row.used, row.last_us, row.since_us, row.lately


def _move_values(lot: Lot) -> Values:
    values = dict(zip(LOT_COLUMNS.split(", "), lot_values(lot), strict=True))
    return tuple(values[name] for name in ("lot_id", "state", "units", "over_at"))
