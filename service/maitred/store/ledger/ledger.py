"""The ledger's rows: lots, steps and counters, read and written for a batch, and whose claims are whose.

How many statements a batch takes depends on what kinds of operations it has, not on how many.

A claim's row is written once, with the claim, among those made at the same time (``made_at`` of its lot). It
is found by customer, session and place, however many have ended. Its hold ends at ``expires_at``, so that no
claim is open from then on: what is open of a customer is a range of an index, whatever they have claimed
before. How a claim stands is told by its lot, without which the row counts for nothing.
"""

from abc import ABC, abstractmethod
from collections import Counter as Multiset
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from struct import Struct
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, text, tuple_
from sqlalchemy.engine import Connection

from maitred.core.limits.counters import CounterState
from maitred.core.limits.ledger import LedgerBatch, is_due
from maitred.core.limits.limits import Counter, Need
from maitred.core.limits.lots import (
    Claim,
    Confirm,
    Lot,
    LotEvent,
    Operation,
    Origin,
    Part,
    Redeem,
    Refused,
    Release,
    Settled,
    Status,
    Step,
    Take,
    Unit,
    UnitState,
    counters_of,
    lots_begin,
    lots_looked_at,
    lots_moved,
    moves_claims,
    needs_in,
    origin_of,
)
from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.core.values.reasons import Reason
from maitred.engine.ports.ledger import Count
from maitred.engine.ports.store import ClaimPlace, ClaimRow, ClaimsOf, ListedClaim, StoreConflict
from maitred.store import messages
from maitred.store.drivers.connections import Driver, ask, columns, run
from maitred.store.tables import BY_DECISION, CLAIM, LOT

LOT_COLUMNS = (
    "lot_id, fingerprint, state, choice, units, expires_at, refused_limit, refused_reason, reuse, "
    "decision_id, action, decided_at, over_at, part, place"
)
STEP_COLUMNS = "step_id, fingerprint, lot_id, event, status, refused_limit, refused_reason"
COUNTER_COLUMNS = (
    "counter_id, heat, limit_name, subject, window_key, resets_at, held, used, last_at, since, lately"
)

NONE = 0
"""Stands for no instant and no reason."""

_UNIT = Struct(">16sqB")
"""A unit among those of its lot: counter id, when it was taken, whether its window is rolling."""

_NO_ORIGIN = Origin(b"", "", NONE)
_STATES: Mapping[int, UnitState] = {state.value: state for state in UnitState}
_PARTS: Mapping[int, Part] = {part.value: part for part in Part}
"""By number: an enum takes five times as long to find a member by its value."""

Values = tuple[Any, ...]


def lot_values(lot: Lot) -> Values:
    """In the order of ``LOT_COLUMNS``."""
    units = b"".join(map(_packed, lot.units))
    return (
        lot.id,
        lot.fingerprint,
        lot.state.value,
        lot.choice,
        units,
        NONE if lot.expires_us is None else lot.expires_us,
        *_refused_values(lot.refused),
        lot.reuse,
        *(lot.origin or _NO_ORIGIN),
        lot.over_us or NONE,
        lot.part.value,
        lot.place,
    )


def lot_of(row: Sequence[Any]) -> Lot:
    """From ``LOT_COLUMNS``."""
    lot_id, fingerprint, state, choice, units, expires_at, limit, reason, reuse, *more = row
    decision, action, decided_us, over, part, place = more
    return Lot(
        lot_id,
        fingerprint,
        _STATES[state],
        choice,
        tuple([Unit(counter, at_us, bool(rolling)) for counter, at_us, rolling in _UNIT.iter_unpack(units)]),
        expires_at or None,
        _refused(limit, reason),
        reuse,
        Origin(decision, action, decided_us) if decision else None,
        over or None,
        _PARTS[part],
        place,
    )


def step_values(step: Step) -> Values:
    """In the order of ``STEP_COLUMNS``."""
    return (
        step.id,
        step.fingerprint,
        step.lot,
        step.event.value,
        step.status.value,
        *_refused_values(step.refused),
    )


def step_of(row: Sequence[Any]) -> Step:
    """From ``STEP_COLUMNS``."""
    step_id, fingerprint, lot_id, event, status, limit, reason = row
    return Step(step_id, fingerprint, lot_id, LotEvent(event), Status(status), _refused(limit, reason))


def counter_values(counter: Counter) -> Values:
    """In the order of ``COUNTER_COLUMNS``, without what is counted."""
    resets_at = NONE if counter.resets_at is None else to_microseconds(counter.resets_at)
    subject, window = (text.encode("utf-8", "surrogatepass") for text in (counter.subject, counter.window))
    return counter.id, counter.heat.value, counter.limit, subject, window, resets_at


def _packed(unit: Unit) -> bytes:
    return _UNIT.pack(unit.counter, unit.taken_us, unit.rolling)


def _refused_values(refused: Refused | None) -> tuple[str, int]:
    return (refused.limit, refused.reason.value) if refused else ("", NONE)


def _refused(limit: str, reason: int) -> Refused | None:
    return Refused(limit, Reason(reason)) if reason else None


def own_range(decision: bytes, decided_at: datetime) -> tuple[bytes, bytes]:
    """Between which ids those lots are that a decision took as it was made."""
    first = lots_begin(decision, decided_at)
    return first, first + _BEHIND


_BEHIND = b"\xff" * 16
"""Longer than what ids have behind what they begin with, so that it is greater than any of them."""

Ask = tuple[bytes, int]
"""A counter's id, and an instant: how many of its units were taken after it."""
Decided = tuple[int, bytes]
"""When a decision was made (microseconds), and its id: SQLite finds the lots of its claims by both."""


def later_lots(dialect: str, decision_id: Any, decided_us: Any) -> ColumnElement[bool]:
    """Returns the condition that a lot was taken after its decision was made, which is this one."""
    of_it = and_(text(BY_DECISION), LOT.c.decision_id == decision_id)
    return of_it if dialect == "postgresql" else and_(of_it, LOT.c.decided_at == decided_us)


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
    def of_decisions(self, driver: Driver, decisions: Collection[Decided], *, lock: bool) -> list[Lot]:
        """The lots that were taken for the decisions after these were made, and maybe those taken by them.

        Locked in order of id where told.
        """

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
    whole = frozenset([_decided(origin) for operation in operations if (origin := _moved_origin(operation))])
    locked = {lot.id: lot for lot in sql.lots(driver, sorted(named), lock=True)} if named else {}
    locked |= {lot.id: lot for lot in sql.of_decisions(driver, sorted(whole), lock=True)} if whole else {}
    now_us = to_microseconds(now)
    locked |= {lot.id: lot for lot in sql.due(driver, now_us, lock=True)}
    if not (locked or operations):
        return [], {}
    book = _open_book(sql, driver, now_us, operations, locked)
    decisions = {decision for _, decision in whole}
    if any(_is_of(lot, named, decisions) for lot_id, lot in book.lots.items() if lot_id not in locked):
        raise StoreConflict(messages.id_used_meanwhile())
    known = frozenset(book.lots)
    expired = Multiset(lot.origin.action if lot.origin else "" for lot in _due(locked, now_us))
    book.expire(locked)
    answers = book.settle(operations)
    sql.save(driver, book, known)
    return answers, expired


_BY_ID = {Part.DECIDED, Part.HOLD}
"""What a decision takes as it is made is known by its id, and not looked for by its decision."""


def _is_of(lot: Lot, named: Collection[bytes], decisions: Collection[bytes]) -> bool:
    """Whether a lot should have been locked, and so was made in the meantime."""
    if lot.id in named:
        return True
    return lot.origin is not None and lot.origin.decision in decisions and lot.part not in _BY_ID


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


def _decisions_of(operations: Sequence[Operation], locked: Mapping[bytes, Lot]) -> set[Decided]:
    """Decisions all lots of which are to be known: a claim that expired may have been replaced."""
    decisions = {_decided(origin) for operation in operations if (origin := origin_of(operation))}
    for operation in operations:
        lot = locked.get(operation.lot) if isinstance(operation, Confirm | Release) else None
        if lot and lot.place and lot.origin and lot.state in _MAY_BE_REPLACED:
            decisions.add(_decided(lot.origin))
    return decisions


def _decided(origin: Origin) -> Decided:
    return origin.decided_us, origin.decision


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


OPEN_MAX = 100
"""Open claims of one customer that are read, soonest expiry first; answers show fewer."""

_INTO = "INSERT INTO claim (made_at, lot_id, decision_id, action, customer, location, expires_at, session)"
_SESSION_OF = "SELECT session FROM session_decision AS own WHERE own.decision_id ="
_SQLITE_ADD = f"""
{_INTO} SELECT column1, column2, column3, column4, column5, column6, column7, coalesce(
    ({_SESSION_OF} column3 LIMIT 1), x''
) FROM (VALUES {{}}) WHERE true ON CONFLICT DO NOTHING
"""  # noqa: S608 -- of constants
_POSTGRES_ADD = f"""
{_INTO} SELECT made_at, lot_id, decision_id, action, customer, location, expires_at, coalesce(
    ({_SESSION_OF} new.decision_id LIMIT 1), ''::bytea
) FROM unnest(%b::bigint[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bigint[])
    AS new (made_at, lot_id, decision_id, action, customer, location, expires_at) ON CONFLICT DO NOTHING
"""  # noqa: S608 -- of constants
_OPEN = f"""
SELECT claim.lot_id, claim.decision_id, claim.action, claim.customer, claim.location, claim.expires_at,
    row_number() OVER (PARTITION BY claim.customer ORDER BY claim.expires_at, claim.lot_id) AS place
FROM {{}} JOIN claim ON claim.customer = wanted.ref AND claim.expires_at > wanted.after_us
    AND length(claim.customer) > 0
JOIN ledger_lot ON ledger_lot.lot_id = claim.lot_id AND ledger_lot.state = {UnitState.HELD.value}
"""  # noqa: S608 -- of constants
_WANTED = "unnest(%b::bytea[], %b::bigint[]) AS wanted (ref, after_us)"
_POSTGRES_OPEN = f"""
SELECT lot_id, decision_id, action, customer, location, expires_at FROM ({_OPEN.format(_WANTED)}) AS found
WHERE place <= {OPEN_MAX} ORDER BY customer, place
"""  # noqa: S608 -- of constants
# Distinct: a statement repeats its last row up to the size it is kept for.
_DISTINCT = "(SELECT DISTINCT column1 AS ref, column2 AS after_us FROM (VALUES {})) AS wanted"
_SQLITE_OPEN = f"""
SELECT json_group_array(json_array(
    hex(lot_id), hex(decision_id), hex(action), hex(customer), hex(location), expires_at
)) FROM (
    SELECT * FROM ({_OPEN.format(_DISTINCT)}) WHERE place <= {OPEN_MAX} ORDER BY customer, place
)
"""  # noqa: S608 -- of constants
_SQLITE_BLOBS = (0, 1, 2, 3, 4)
_C = CLAIM.c
_BY: Mapping[ClaimsOf, Any] = {
    ClaimsOf.CUSTOMER: _C.customer,
    ClaimsOf.SESSION: _C.session,
    ClaimsOf.LOCATION: _C.location,
}

OfEach = Mapping[bytes, Sequence[ClaimRow]]


def append_sqlite(driver: Driver, now: datetime, rows: Sequence[ClaimRow]) -> None:
    """Writes down whose the claims are that were made now."""
    run(driver, _SQLITE_ADD, _in_order(now, rows))


def append_postgres(driver: Driver, now: datetime, rows: Sequence[ClaimRow]) -> None:
    """Writes down whose the claims are that were made now."""
    driver.execute(_POSTGRES_ADD, columns(_in_order(now, rows)))


def _in_order(now: datetime, rows: Sequence[ClaimRow]) -> list[Values]:
    now_us = to_microseconds(now)
    return sorted([(now_us, *_values(row)) for row in rows])


def open_sqlite(driver: Driver, customers: Collection[bytes], after: datetime) -> OfEach:
    """The claims of each customer that are held and expire after that instant, soonest first."""
    after_us = to_microseconds(after)
    return _by_customer(
        ask(driver, _SQLITE_OPEN, [(customer, after_us) for customer in customers], _SQLITE_BLOBS)
    )


def open_postgres(driver: Driver, customers: Collection[bytes], after: datetime) -> OfEach:
    """The same."""
    instants = [to_microseconds(after)] * len(customers)
    cursor = driver.execute(_POSTGRES_OPEN, (list(customers), instants))
    return _by_customer(cursor.fetchall())


def listed(
    connection: Connection, of: ClaimsOf, key: bytes, before: ClaimPlace | None, max_rows: int
) -> Sequence[ListedClaim]:
    """Claims, the last to expire first, from behind a place on."""
    column = _BY[of]
    wanted = (
        select(_C.lot_id, _C.decision_id, _C.action, _C.customer, _C.location, _C.expires_at, LOT.c.state)
        .join_from(CLAIM, LOT, LOT.c.lot_id == _C.lot_id)
        .where(func.length(column) > 0, column == key)
        .order_by(_C.expires_at.desc(), _C.lot_id.desc())
        .limit(max_rows)
    )
    if before is not None:
        place = to_microseconds(before.expires_at), before.id
        wanted = wanted.where(tuple_(_C.expires_at, _C.lot_id) < place)
    rows: Iterable[Sequence[Any]] = connection.execute(wanted)
    return [ListedClaim(_row(row), UnitState(state)) for *row, state in rows]


def _values(row: ClaimRow) -> tuple[Any, ...]:
    action, location = (text.encode("utf-8", "surrogatepass") for text in (row.action, row.location))
    return row.id, row.decision_id, action, row.customer, location, to_microseconds(row.expires_at)


def _row(values: Sequence[Any]) -> ClaimRow:
    lot, decision, action, customer, location, expires_us = values
    texts = (data.decode("utf-8", "surrogatepass") for data in (action, location))
    action, location = texts
    return ClaimRow(lot, decision, action, customer, location, from_microseconds(expires_us))


def _by_customer(rows: Iterable[Sequence[Any]]) -> OfEach:
    rows_by_customer: dict[bytes, list[ClaimRow]] = defaultdict(list)
    for values in rows:
        row = _row(values)
        rows_by_customer[row.customer].append(row)
    return rows_by_customer
