"""The ledger in SQLite: one writer, so that nothing is locked and nothing changes meanwhile."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from maitred.core.limits.counters import CounterState
from maitred.core.limits.ledger import LedgerBatch
from maitred.core.limits.limits import Counter
from maitred.core.limits.lots import Lot, Step, UnitState
from maitred.engine.ports.ledger import MAX_DUE_PER_BATCH
from maitred.store.drivers.connections import Driver, ask, rows_in, run
from maitred.store.tables import BY_DECISION

from .ledger import (
    COUNTER_COLUMNS,
    LOT_COLUMNS,
    NONE,
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

_LOT = """json_array(hex(lot_id), hex(fingerprint), state, choice, hex(units), expires_at,
                    refused_limit, refused_reason, hex(reuse), hex(decision_id), action, decided_at,
                    over_at, part, place)"""
_LOT_BLOBS = (0, 1, 4, 8, 9)
_LOTS = f"SELECT json_group_array({_LOT}) FROM ledger_lot WHERE lot_id IN (VALUES {{}})"  # noqa: S608 -- of constants
# Crossed, tables are read in the order that they are written in. Distinct: a statement repeats its last row.
_OF_DECISIONS = f"""
SELECT json_group_array({_LOT})
FROM (SELECT DISTINCT column1 AS made, column2 AS id FROM (VALUES {{}})) AS asked
CROSS JOIN ledger_lot ON decided_at = asked.made AND decision_id = asked.id WHERE {BY_DECISION}
"""  # noqa: S608 -- of constants
_REUSABLE = f"""
SELECT json_group_array({_LOT}) FROM ledger_lot
WHERE state = {UnitState.HELD.value} AND length(reuse) > 0 AND reuse IN (VALUES {{}})
"""  # noqa: S608 -- of constants
_HELD_UNDER = """
SELECT json_group_array(json_array(hex(reuse), hex(lot_id), expires_at)) FROM ledger_lot
WHERE state = 1 AND length(reuse) > 0 AND reuse IN (VALUES {})
"""
_DUE = f"""
SELECT json_group_array({_LOT}) FROM (
    SELECT * FROM ledger_lot WHERE state = {UnitState.HELD.value} AND expires_at <= ?
    ORDER BY expires_at LIMIT ?
)
"""  # noqa: S608 -- of constants
_STEPS = """
SELECT json_group_array(json_array(
    hex(step_id), hex(fingerprint), hex(lot_id), event, status, refused_limit, refused_reason
)) FROM ledger_step WHERE step_id IN (VALUES {})
"""
_STEP_BLOBS = (0, 1, 2)
_ROWS = """
SELECT json_group_array(json_array(hex(counter_id), held, used, last_at, since, lately))
FROM ledger_counter WHERE counter_id IN (VALUES {})
"""
_ROW_BLOBS = (0,)
_TAKEN_AFTER = """
WITH ask (counter_id, instant) AS (VALUES {})
SELECT json_group_array(json_array(hex(counter_id), instant, (
    SELECT count(*) FROM ledger_unit AS unit
    WHERE unit.counter_id = ask.counter_id AND unit.taken_at > ask.instant
))) FROM ask
"""
_SAVE_COUNTERS = f"""
INSERT INTO ledger_counter ({COUNTER_COLUMNS}) VALUES {{}} ON CONFLICT (counter_id)
DO UPDATE SET held = excluded.held, used = excluded.used, last_at = excluded.last_at,
              since = excluded.since, lately = excluded.lately
"""  # noqa: S608 -- of constants
_SAVE_LOTS = f"""
INSERT INTO ledger_lot ({LOT_COLUMNS}, made_at) VALUES {{}} ON CONFLICT (lot_id)
DO UPDATE SET state = excluded.state, units = excluded.units, over_at = excluded.over_at
"""  # noqa: S608 -- of constants
_SAVE_STEPS = f"""
INSERT INTO ledger_step ({STEP_COLUMNS}, made_at) VALUES {{}} ON CONFLICT (step_id) DO NOTHING
"""  # noqa: S608 -- of constants
_ADD_UNITS = """
INSERT INTO ledger_unit (counter_id, taken_at, lot_id) VALUES {} ON CONFLICT DO NOTHING
"""
_REMOVE_UNITS = "DELETE FROM ledger_unit WHERE (counter_id, taken_at, lot_id) IN (VALUES {})"
_OVER = f"""
SELECT json_group_array({_LOT}) FROM (
    SELECT * FROM ledger_lot WHERE over_at > 0 AND over_at < ? AND state <> 1 ORDER BY over_at LIMIT ?
)
"""  # noqa: S608 -- of constants
# Claims have no index by lot: they are where their lots were made.
_FORGET_CLAIMS = """
DELETE FROM claim WHERE (made_at, lot_id) IN (
    SELECT made_at, lot_id FROM ledger_lot WHERE lot_id IN (VALUES {})
)
"""
_FORGET_STEPS = "DELETE FROM ledger_step WHERE lot_id IN (VALUES {})"
_FORGET_LOTS = "DELETE FROM ledger_lot WHERE lot_id IN (VALUES {})"
_FORGET_COUNTERS = "DELETE FROM ledger_counter WHERE counter_id IN (VALUES {})"
_FORGET_ENDED = """
DELETE FROM ledger_counter WHERE counter_id IN (
    SELECT counter_id FROM ledger_counter
    WHERE resets_at > 0 AND resets_at < ?1 AND last_at < ?1 ORDER BY resets_at LIMIT ?2
)
"""

_THERE_ALREADY: Values = (NONE, "", b"", b"", NONE)
"""Columns of a counter that was read, of which only the counts are written."""


class SqliteLedger(LedgerSql):
    """See ``LedgerSql``."""

    def lots(self, driver: Driver, ids: Collection[bytes], *, lock: bool) -> list[Lot]:  # noqa: ARG002 -- one writer
        """See ``LedgerSql``."""
        return _lots(ask(driver, _LOTS, _alone(ids), _LOT_BLOBS))

    def reusable(self, driver: Driver, keys: Collection[bytes]) -> list[Lot]:
        """See ``LedgerSql``."""
        return _lots(ask(driver, _REUSABLE, _alone(keys), _LOT_BLOBS))

    def held_under(self, driver: Driver, keys: Collection[bytes]) -> Iterable[Sequence[Any]]:
        """See ``LedgerSql``."""
        return ask(driver, _HELD_UNDER, _alone(keys), (0, 1))

    def of_decisions(self, driver: Driver, decisions: Collection[Decided], *, lock: bool) -> list[Lot]:  # noqa: ARG002
        """See ``LedgerSql``."""
        return _lots(ask(driver, _OF_DECISIONS, list(decisions), _LOT_BLOBS))

    def due(self, driver: Driver, now_us: int, *, lock: bool) -> list[Lot]:  # noqa: ARG002
        """See ``LedgerSql``."""
        return _lots(rows_in(driver.execute(_DUE, (now_us, MAX_DUE_PER_BATCH)), _LOT_BLOBS))

    def lock_rows(
        self,
        driver: Driver,
        ids: Collection[bytes],
        counters: Mapping[bytes, Counter],
    ) -> dict[bytes, CounterState]:
        """See ``LedgerSql``. ``save`` makes those that are new."""
        return {counter_id: CounterState() for counter_id in counters} | self.rows(driver, ids)

    def rows(self, driver: Driver, ids: Collection[bytes]) -> dict[bytes, CounterState]:
        """See ``LedgerSql``."""
        answers = ask(driver, _ROWS, _alone(ids), _ROW_BLOBS)
        return {
            counter_id: CounterState(held, used, last_us, since_us, lately=lately)
            for counter_id, held, used, last_us, since_us, lately in answers
        }

    def taken_after(self, driver: Driver, asks: Sequence[Ask]) -> list[int]:
        """See ``LedgerSql``."""
        answers = ask(driver, _TAKEN_AFTER, asks, _ROW_BLOBS)
        counts = {(counter_id, instant): count for counter_id, instant, count in answers}
        return [counts[ask] for ask in asks]

    def steps(self, driver: Driver, ids: Collection[bytes]) -> list[Step]:
        """See ``LedgerSql``."""
        return [step_of(row) for row in ask(driver, _STEPS, _alone(ids), _STEP_BLOBS)]

    def over(self, driver: Driver, before_us: int, max_rows: int) -> list[Lot]:
        """See ``LedgerSql``."""
        return _lots(rows_in(driver.execute(_OVER, (before_us, max_rows)), _LOT_BLOBS))

    def forget(self, driver: Driver, lots: Collection[bytes], counters: Collection[bytes]) -> int:
        """See ``LedgerSql``."""
        run(driver, _FORGET_CLAIMS, _alone(lots))
        removed = [
            *run(driver, _FORGET_STEPS, _alone(lots)),
            *run(driver, _FORGET_LOTS, _alone(lots)),
            *run(driver, _FORGET_COUNTERS, _alone(counters)),
        ]
        return sum(cursor.rowcount for cursor in removed)

    def forget_ended(self, driver: Driver, before_us: int, max_rows: int) -> int:
        """See ``LedgerSql``."""
        return driver.execute(_FORGET_ENDED, (before_us, max_rows)).rowcount

    def save(self, driver: Driver, book: LedgerBatch, known: Collection[bytes]) -> None:  # noqa: ARG002 -- one statement for both
        """See ``LedgerSql``."""
        made_at = (book.now_us,)
        run(driver, _SAVE_COUNTERS, [_counter(book, *item) for item in book.touched.items()])
        # Those that are live no more first: of a place one claim at most is live at any moment.
        moved = sorted((book.lots[lot_id] for lot_id in book.moved), key=lambda lot: lot.is_live)
        run(driver, _SAVE_LOTS, [lot_values(lot) + made_at for lot in moved])
        run(driver, _SAVE_STEPS, [step_values(book.steps[step_id]) + made_at for step_id in book.stepped])
        run(driver, _ADD_UNITS, [(unit.counter, unit.taken_us, lot_id) for unit, lot_id in book.added])
        run(driver, _REMOVE_UNITS, [(unit.counter, unit.taken_us, lot_id) for unit, lot_id in book.removed])


def _counter(book: LedgerBatch, counter_id: bytes, counter: Counter | None) -> Values:
    row = book.rows[counter_id]
    values = counter_values(counter) if counter else (counter_id, *_THERE_ALREADY)
    return (*values, row.held, row.used, row.last_us, row.since_us, row.lately)


def _lots(rows: Iterable[Sequence[Any]]) -> list[Lot]:
    return [lot_of(row) for row in rows]


def _alone(values: Iterable[bytes]) -> list[Values]:
    return [(value,) for value in values]
