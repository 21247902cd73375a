"""The ledger on either database: lock and read, settle in memory, write what has changed.

How many statements that takes depends on what kinds of operations a batch has, not on how many.
"""

from abc import ABC, abstractmethod
from collections import Counter as Multiset
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from maitred.core.limits.counters import CounterState
from maitred.core.limits.ledger import LedgerBatch, is_due
from maitred.core.limits.limits import Counter, Need
from maitred.core.limits.lots import (
    Claim,
    Confirm,
    Lot,
    Operation,
    Origin,
    Redeem,
    Release,
    Settled,
    Step,
    Take,
    UnitState,
    counters_of,
    lots_looked_at,
    lots_moved,
    moves_claims,
    needs_in,
    origin_of,
)
from maitred.core.values.instants import to_microseconds
from maitred.engine.ports.ledger import Count
from maitred.engine.ports.store import StoreConflict
from maitred.store import messages
from maitred.store.drivers.connections import Driver

Ask = tuple[bytes, int]
"""A counter's id, and an instant: how many of its units were taken after it."""


class LedgerSql(ABC):
    """The statements of one database. Ids come without duplicates."""

    @abstractmethod
    def lots(self, driver: Driver, ids: Collection[bytes], *, lock: bool) -> list[Lot]:
        """Those of the lots that are there; locked in order of id where told."""

    @abstractmethod
    def reusable(self, driver: Driver, keys: Collection[bytes]) -> list[Lot]:
        """The lots that are held under the keys, not locked."""

    @abstractmethod
    def held_under(self, driver: Driver, keys: Collection[bytes]) -> Iterable[Sequence[Any]]:
        """The keys under which a lot is held, with its id and when its hold expires."""

    @abstractmethod
    def of_decisions(self, driver: Driver, ids: Collection[bytes], *, lock: bool) -> list[Lot]:
        """Every lot that was taken for the decisions; locked in order of id where told."""

    @abstractmethod
    def due(self, driver: Driver, now_us: int, *, lock: bool) -> list[Lot]:
        """Lots held whose time has come, the first first; where locked, none that another has locked."""

    @abstractmethod
    def lock_rows(
        self, driver: Driver, ids: Collection[bytes], counters: Mapping[bytes, Counter]
    ) -> dict[bytes, CounterState]:
        """The counters, coldest first, each locked; those of ``counters`` that are new with zeros."""

    @abstractmethod
    def rows(self, driver: Driver, ids: Collection[bytes]) -> dict[bytes, CounterState]:
        """Those of the counters that are there, not locked."""

    @abstractmethod
    def taken_after(self, driver: Driver, asks: Sequence[Ask]) -> list[int]:
        """How many live units of rolling windows, for each ask."""

    @abstractmethod
    def steps(self, driver: Driver, ids: Collection[bytes]) -> list[Step]:
        """Those of the steps that are there."""

    @abstractmethod
    def over(self, driver: Driver, before_us: int, max_rows: int) -> list[Lot]:
        """Lots of which nothing has counted since then, locked; none that another has locked."""

    @abstractmethod
    def forget(self, driver: Driver, lots: Collection[bytes], counters: Collection[bytes]) -> int:
        """Removes lots with their steps, and counters; all of them locked. How many rows went."""

    @abstractmethod
    def forget_ended(self, driver: Driver, before_us: int, max_rows: int) -> int:
        """Removes counters whose window ended before then, none that another has locked."""

    @abstractmethod
    def save(self, driver: Driver, book: LedgerBatch, known: Collection[bytes]) -> None:
        """Writes what the book has changed; ``known`` are the lots that were there before.

        Raises ``StoreConflict`` where another transaction has used an id in the meantime.
        """


def settle(
    sql: LedgerSql, driver: Driver, now: datetime, operations: Sequence[Operation]
) -> tuple[Sequence[Settled], Mapping[str, int]]:
    """The answers, and the lots that were due, by name of the action. See ``engine.ports.ledger.Ledger``."""
    named = frozenset([lot for operation in operations for lot in lots_moved(operation)])
    whole = frozenset([origin.decision for operation in operations if (origin := _moved_origin(operation))])
    locked = {lot.id: lot for lot in sql.lots(driver, sorted(named), lock=True)} if named else {}
    locked |= {lot.id: lot for lot in sql.of_decisions(driver, sorted(whole), lock=True)} if whole else {}
    now_us = to_microseconds(now)
    locked |= {lot.id: lot for lot in sql.due(driver, now_us, lock=True)}
    if not (locked or operations):
        return [], {}
    book = _open_book(sql, driver, now_us, operations, locked)
    if any(_is_of(lot, named, whole) for lot_id, lot in book.lots.items() if lot_id not in locked):
        raise StoreConflict(messages.id_used_meanwhile())
    known = frozenset(book.lots)
    expired = Multiset(lot.origin.action if lot.origin else "" for lot in _due(locked, now_us))
    book.expire(locked)
    answers = book.settle(operations)
    sql.save(driver, book, known)
    return answers, expired


def _is_of(lot: Lot, named: Collection[bytes], decisions: Collection[bytes]) -> bool:
    """Whether a lot should have been locked, and so was made in the meantime."""
    return lot.id in named or (lot.origin is not None and lot.origin.decision in decisions)


def _due(lots: Mapping[bytes, Lot], now_us: int) -> Iterable[Lot]:
    return (lot for lot in lots.values() if is_due(lot, now_us))


def read_counts(sql: LedgerSql, driver: Driver, now: datetime, needs: Sequence[Need]) -> Sequence[Count]:
    """See ``engine.ports.ledger.Ledger``."""
    if not needs:
        return []
    now_us = to_microseconds(now)
    rows = sql.rows(driver, {need.counter.id for need in needs})
    held = any(row.held for row in rows.values())
    due = {lot.id: lot for lot in sql.due(driver, now_us, lock=False)} if held else {}
    batch = LedgerBatch(now_us, rows, due)
    _count_recent(sql, driver, rows, needs)
    # What is due is given back by the batch before anything is taken: it does not count any more.
    batch.expire(due)
    return [_count(rows.get(need.counter.id), need) for need in needs]


def read_held(
    sql: LedgerSql, driver: Driver, now: datetime, keys: Collection[bytes]
) -> Mapping[bytes, tuple[bytes, int]]:
    """See ``engine.ports.ledger.Ledger``."""
    now_us = to_microseconds(now)
    held = sql.held_under(driver, set(keys)) if keys else ()
    return {key: (lot, expires_us) for key, lot, expires_us in held if expires_us > now_us}


def purge(sql: LedgerSql, driver: Driver, before: datetime, max_rows: int) -> int:
    """See ``engine.ports.store.LedgerReader.purge_ledger``."""
    before_us = to_microseconds(before)
    lots = {lot.id: lot for lot in sql.over(driver, before_us, max_rows)}
    return _forget(sql, driver, lots, before_us) + sql.forget_ended(driver, before_us, max_rows)


def _forget(sql: LedgerSql, driver: Driver, lots: dict[bytes, Lot], before_us: int) -> int:
    """Removes the lots, and their units from the counters that go on: counters are the sum of lots."""
    if not lots:
        return 0
    ids = {unit.counter for lot in lots.values() for unit in lot.units}
    book = LedgerBatch(before_us, sql.lock_rows(driver, ids, {}) if ids else {}, lots)
    book.forget(lots)
    sql.save(driver, book, lots.keys())
    empty = [
        counter_id
        for counter_id, row in book.rows.items()
        if row.held == row.used == 0 and row.last_us < before_us
    ]
    return sql.forget(driver, lots.keys(), empty)


def _open_book(
    sql: LedgerSql,
    driver: Driver,
    now_us: int,
    operations: Sequence[Operation],
    locked: Mapping[bytes, Lot],
) -> LedgerBatch:
    counters = counters_of(operations)
    ids = counters.keys() | {unit.counter for lot in locked.values() for unit in lot.units}
    rows = sql.lock_rows(driver, ids, counters) if ids else {}
    # Only now: whoever had the same id first had the same counters locked, and has committed.
    lots = _lots_looked_at(sql, driver, operations, locked)
    step_ids = {operation.id for operation in operations if isinstance(operation, _STEPPING)}
    steps = {step.id: step for step in sql.steps(driver, step_ids)} if step_ids else {}
    book = LedgerBatch(now_us, rows, lots, steps)
    _count_recent(sql, driver, rows, needs_in(operations))
    return book


_MAY_BE_REPLACED = {UnitState.HELD, UnitState.EXPIRED}
"""What is held may be due by now, and then its place may be another claim's."""
_STEPPING = (Confirm, Release, Claim, Redeem)
"""Operations that may be kept as steps."""


def _moved_origin(operation: Operation) -> Origin | None:
    return origin_of(operation) if moves_claims(operation) else None


def _lots_looked_at(
    sql: LedgerSql, driver: Driver, operations: Sequence[Operation], locked: Mapping[bytes, Lot]
) -> dict[bytes, Lot]:
    ids = {lot for operation in operations for lot in lots_looked_at(operation)} - locked.keys()
    lots = {lot.id: lot for lot in sql.lots(driver, ids, lock=False)} if ids else {}
    keys = {key for take in operations if isinstance(take, Take) for key in take.reuse if key}
    lots |= {lot.id: lot for lot in sql.reusable(driver, keys)} if keys else {}
    decisions = _decisions_of(operations, locked)
    of_decisions = sql.of_decisions(driver, decisions, lock=False) if decisions else []
    lots |= {lot.id: lot for lot in of_decisions}
    return lots | dict(locked)


def _decisions_of(operations: Sequence[Operation], locked: Mapping[bytes, Lot]) -> set[bytes]:
    """Decisions all lots of which are to be known: a claim that expired may have been replaced."""
    decisions = {origin.decision for operation in operations if (origin := origin_of(operation))}
    for operation in operations:
        lot = locked.get(operation.lot) if isinstance(operation, Confirm | Release) else None
        if lot and lot.place and lot.origin and lot.state in _MAY_BE_REPLACED:
            decisions.add(lot.origin.decision)
    return decisions


def _count_recent(
    sql: LedgerSql, driver: Driver, rows: Mapping[bytes, CounterState], needs: Iterable[Need]
) -> None:
    wanted = {
        (need.counter.id, need.lookback_us)
        for need in needs
        if need.lookback_us is not None and need.counter.id in rows
    }
    if not wanted:
        return
    pairs = sorted(wanted)
    asks = [(counter_id, rows[counter_id].floor_us - lookback) for counter_id, lookback in pairs]
    for (counter_id, lookback), live in zip(pairs, sql.taken_after(driver, asks), strict=True):
        rows[counter_id].recent[lookback] = live


def _count(row: CounterState | None, need: Need) -> Count:
    return Count(row.held, row.used, row.live(need.lookback_us)) if row else Count()
