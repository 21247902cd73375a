"""Whose the granted claims are: found by customer, session and place, however many have ended.

A row is written once, with the claim. Its hold ends at ``expires_at``, so that no claim is open from
then on: what is open of a customer is a range of an index, whatever they have claimed before. How a
claim stands is told by its lot, without which the row counts for nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.engine import Connection

from maitred.core.limits.lots import UnitState
from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.engine.ports.store import ClaimPlace, ClaimRow, ClaimsOf, ListedClaim
from maitred.store.drivers.connections import Driver, ask, columns, run
from maitred.store.tables import CLAIM, LOT

OPEN_MAX = 100
"""Open claims of one customer that are read, soonest expiry first; answers show fewer."""

_INTO = "INSERT INTO claim (lot_id, decision_id, action, customer, location, expires_at, session)"
# Taken anew after it had expired, a claim may be held for longer.
_AGAIN = "ON CONFLICT (lot_id) DO UPDATE SET expires_at = excluded.expires_at"
_SQLITE_ADD = f"""
{_INTO} SELECT column1, column2, column3, column4, column5, column6, coalesce(
    (SELECT session FROM session_decision WHERE decision_id = column2 LIMIT 1), x''
) FROM (VALUES {{}}) WHERE true {_AGAIN}
"""  # noqa: S608 -- of constants
_POSTGRES_ADD = f"""
{_INTO} SELECT lot_id, decision_id, action, customer, location, expires_at, coalesce(
    (SELECT session FROM session_decision AS of WHERE of.decision_id = new.decision_id LIMIT 1), ''::bytea
) FROM unnest(%b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bigint[])
    AS new (lot_id, decision_id, action, customer, location, expires_at) {_AGAIN}
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


def append_sqlite(driver: Driver, rows: Sequence[ClaimRow]) -> None:
    """Writes down whose the claims are."""
    run(driver, _SQLITE_ADD, list(map(_values, rows)))


def append_postgres(driver: Driver, rows: Sequence[ClaimRow]) -> None:
    """Writes down whose the claims are."""
    driver.execute(_POSTGRES_ADD, columns(sorted(map(_values, rows))))


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
    return [ListedClaim(_row(row), UnitState(state)) for *row, state in connection.execute(wanted)]


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
