"""The ledger in SQLite: one writer, so that nothing is locked and nothing changes meanwhile."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, repeat
from typing import Any

from maitred.core.ledger import Book, Row
from maitred.core.limits import Counter
from maitred.core.lots import Lot, Step
from maitred.engine.ledger import MAX_DUE_PER_BATCH

from .ledger import Ask, LedgerSql
from .ledger_rows import (
    COUNTER_COLUMNS,
    LOT_COLUMNS,
    NONE,
    STEP_COLUMNS,
    Values,
    counter_values,
    lot_of,
    lot_values,
    step_of,
    step_values,
)
from .lines import Cursor, Driver

SIZES = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Rows that statements are made for: the last row is repeated up to the next size, which does no
harm to any of them, so that few statements are kept prepared."""

# The driver gives the interpreter away at every row, and among many busy threads each time waits
# to get it back: so all rows come as one, in JSON, their blobs in hexadecimal.
_LOT = """json_array(hex(lot_id), hex(fingerprint), state, choice, hex(units), expires_at,
                    refused_limit, refused_reason, hex(reuse))"""
_LOT_BLOBS = (0, 1, 4, 8)
_LOTS = f"SELECT json_group_array({_LOT}) FROM ledger_lot WHERE lot_id IN (VALUES {{}})"  # noqa: S608 -- of constants
_REUSABLE = f"""
SELECT json_group_array({_LOT}) FROM ledger_lot
WHERE state = 1 AND length(reuse) > 0 AND reuse IN (VALUES {{}})
"""  # noqa: S608 -- of constants
_DUE = f"""
SELECT json_group_array({_LOT}) FROM (
    SELECT * FROM ledger_lot WHERE state = 1 AND expires_at <= ? ORDER BY expires_at LIMIT ?
)
"""  # noqa: S608 -- of constants
_STEPS = """
SELECT json_group_array(json_array(
    hex(step_id), hex(fingerprint), hex(lot_id), event, status, refused_limit, refused_reason
)) FROM ledger_step WHERE step_id IN (VALUES {})
"""
_STEP_BLOBS = (0, 1, 2)
_ROWS = """
SELECT json_group_array(json_array(hex(counter_id), held, used, last_at))
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
DO UPDATE SET held = excluded.held, used = excluded.used, last_at = excluded.last_at
"""  # noqa: S608 -- of constants
_SAVE_LOTS = f"""
INSERT INTO ledger_lot ({LOT_COLUMNS}, made_at) VALUES {{}} ON CONFLICT (lot_id)
DO UPDATE SET state = excluded.state, units = excluded.units
"""  # noqa: S608 -- of constants
_SAVE_STEPS = f"""
INSERT INTO ledger_step ({STEP_COLUMNS}, made_at) VALUES {{}} ON CONFLICT (step_id) DO NOTHING
"""  # noqa: S608 -- of constants
_ADD_UNITS = """
INSERT INTO ledger_unit (counter_id, taken_at, lot_id) VALUES {} ON CONFLICT DO NOTHING
"""
_REMOVE_UNITS = "DELETE FROM ledger_unit WHERE (counter_id, taken_at, lot_id) IN (VALUES {})"

_THERE_ALREADY: Values = (NONE, "", b"", b"", NONE)
"""Columns of a counter that was read, of which only the counts are written."""


class SqliteLedger(LedgerSql):
    """See ``LedgerSql``."""

    def lots(self, driver: Driver, ids: Collection[bytes], *, lock: bool) -> list[Lot]:  # noqa: ARG002 -- one writer
        """See ``LedgerSql``."""
        return _lots(_ask(driver, _LOTS, _alone(ids), _LOT_BLOBS))

    def reusable(self, driver: Driver, keys: Collection[bytes]) -> list[Lot]:
        """See ``LedgerSql``."""
        return _lots(_ask(driver, _REUSABLE, _alone(keys), _LOT_BLOBS))

    def due(self, driver: Driver, now_us: int) -> list[Lot]:
        """See ``LedgerSql``."""
        return _lots(_rows_in(driver.execute(_DUE, (now_us, MAX_DUE_PER_BATCH)), _LOT_BLOBS))

    def lock_rows(
        self,
        driver: Driver,
        ids: Collection[bytes],
        counters: Mapping[bytes, Counter],  # noqa: ARG002 -- ``save`` makes those that are new
    ) -> dict[bytes, Row]:
        """See ``LedgerSql``."""
        found = self.rows(driver, ids)
        return {counter_id: found.get(counter_id) or Row() for counter_id in ids}

    def rows(self, driver: Driver, ids: Collection[bytes]) -> dict[bytes, Row]:
        """See ``LedgerSql``."""
        found = _ask(driver, _ROWS, _alone(ids), _ROW_BLOBS)
        return {counter_id: Row(held, used, last_us) for counter_id, held, used, last_us in found}

    def taken_after(self, driver: Driver, asks: Sequence[Ask]) -> list[int]:
        """See ``LedgerSql``."""
        found = _ask(driver, _TAKEN_AFTER, asks, _ROW_BLOBS)
        counts = {(counter_id, instant): count for counter_id, instant, count in found}
        return [counts[ask] for ask in asks]

    def steps(self, driver: Driver, ids: Collection[bytes]) -> list[Step]:
        """See ``LedgerSql``."""
        return [step_of(row) for row in _ask(driver, _STEPS, _alone(ids), _STEP_BLOBS)]

    def save(self, driver: Driver, book: Book, known: Collection[bytes]) -> None:  # noqa: ARG002 -- one statement for both
        """See ``LedgerSql``."""
        made_at = (book.now_us,)
        _run(driver, _SAVE_COUNTERS, [_counter(book, *item) for item in book.touched.items()])
        _run(driver, _SAVE_LOTS, [lot_values(book.lots[lot_id]) + made_at for lot_id in book.moved])
        _run(driver, _SAVE_STEPS, [step_values(book.steps[step_id]) + made_at for step_id in book.stepped])
        _run(driver, _ADD_UNITS, [(unit.counter, unit.taken_us, lot_id) for unit, lot_id in book.added])
        _run(driver, _REMOVE_UNITS, [(unit.counter, unit.taken_us, lot_id) for unit, lot_id in book.removed])


def _counter(book: Book, counter_id: bytes, counter: Counter | None) -> Values:
    row = book.rows[counter_id]
    told = counter_values(counter) if counter else (counter_id, *_THERE_ALREADY)
    return (*told, row.held, row.used, row.last_us)


def _lots(rows: Iterable[Sequence[Any]]) -> list[Lot]:
    return [lot_of(row) for row in rows]


def _alone(values: Iterable[bytes]) -> list[Values]:
    return [(value,) for value in values]


def _ask(
    driver: Driver, statement: str, rows: Sequence[Values], blobs: tuple[int, ...]
) -> Iterator[list[Any]]:
    """Every row that the statement finds for any of ``rows``; ``blobs`` are the places of octets."""
    for found in _run(driver, statement, rows):
        yield from _rows_in(found, blobs)


def _rows_in(cursor: Cursor, blobs: tuple[int, ...]) -> list[list[Any]]:
    ((text,),) = cursor.fetchall()
    rows: list[list[Any]] = json.loads(text)
    for row in rows:
        for place in blobs:
            row[place] = bytes.fromhex(row[place])
    return rows


def _run(driver: Driver, statement: str, rows: Sequence[Values]) -> list[Cursor]:
    """Executes the statement with all rows, in as few parts as its sizes allow."""
    cursors = []
    for at in range(0, len(rows), SIZES[-1]):
        part = rows[at : at + SIZES[-1]]
        size = next(size for size in SIZES if size >= len(part))
        values = chain.from_iterable([*part, *repeat(part[-1], size - len(part))])
        cursors.append(driver.execute(_of_size(statement, size, len(part[0])), tuple(values)))
    return cursors


@cache
def _of_size(statement: str, size: int, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    return statement.format(", ".join([row] * size))
