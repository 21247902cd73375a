"""What customers did: appending batches on either database, and reading them back.

``person.events`` counts how often events of a customer were written: who has read them with one
count has them still while it is the same. Rows of one customer come in order of time.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.engine import Connection

from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.engine.ports.store import EventRow, StoreConflict
from maitred.store import messages
from maitred.store.databases.connections import Driver
from maitred.store.databases.parts import ask, run
from maitred.store.ledger.rows import columns
from maitred.store.tables import EVENT

_COLUMNS = "event_id, fingerprint, ref, kind, happened_at, over_at, withdraws, body"
_INTO = f"INSERT INTO event ({_COLUMNS})"
_UNLESS_THERE = "ON CONFLICT (event_id) DO NOTHING"
_POSTGRES_ADD = f"""
{_INTO} SELECT * FROM unnest(%b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bigint[],
                             %b::bigint[], %b::bytea[], %b::bytea[])
{_UNLESS_THERE}
"""  # noqa: S608 -- of constants
_POSTGRES_FIND = "SELECT event_id, fingerprint FROM event WHERE event_id = ANY (%b::bytea[])"
_POSTGRES_OF = f"""
SELECT {_COLUMNS} FROM event WHERE ref = ANY (%b::bytea[]) ORDER BY ref, happened_at, event_id
"""  # noqa: S608 -- of constants
# In one order everywhere: two replicas with the same customers do not wait for each other in a ring.
_POSTGRES_COUNT = """
UPDATE person SET events = events + 1 FROM (
    SELECT ref FROM person WHERE ref = ANY (%b::bytea[]) ORDER BY ref FOR NO KEY UPDATE
) AS those WHERE person.ref = those.ref
"""
_SQLITE_ADD = f"{_INTO} VALUES {{}} {_UNLESS_THERE}"
_SQLITE_FIND = """
SELECT json_group_array(json_array(hex(event_id), hex(fingerprint)))
FROM event WHERE event_id IN (VALUES {})
"""
_SQLITE_OF = """
SELECT json_group_array(json_array(hex(event_id), hex(fingerprint), hex(ref), hex(kind), happened_at,
                                   over_at, hex(withdraws), hex(body)))
FROM (SELECT * FROM event WHERE ref IN (VALUES {}) ORDER BY ref, happened_at, event_id)
"""
_SQLITE_COUNT = "UPDATE person SET events = events + 1 WHERE ref IN (VALUES {})"
_SQLITE_BLOBS = (0, 1, 2, 3, 6, 7)
_E = EVENT.c
_ROW = tuple(_E[name] for name in _COLUMNS.split(", "))

OfEach = Mapping[bytes, Sequence[EventRow]]


def append_sqlite(driver: Driver, rows: Sequence[EventRow]) -> None:
    """Writes the events. Raises ``StoreConflict`` where an id is there already."""
    _check_new(sum(part.rowcount for part in run(driver, _SQLITE_ADD, list(map(_values, rows)))), rows)
    run(driver, _SQLITE_COUNT, [(ref,) for ref in sorted({row.ref for row in rows})])


def append_postgres(driver: Driver, rows: Sequence[EventRow]) -> None:
    """Writes the events. Raises ``StoreConflict`` where an id is there already."""
    values = columns(map(_values, sorted(rows, key=attrgetter("id"))))
    _check_new(driver.execute(_POSTGRES_ADD, values).rowcount, rows)
    driver.execute(_POSTGRES_COUNT, (sorted({row.ref for row in rows}),))


def find_sqlite(driver: Driver, ids: Collection[bytes]) -> Mapping[bytes, bytes]:
    """The fingerprints of those of the events that are there."""
    return dict(ask(driver, _SQLITE_FIND, [(event_id,) for event_id in ids], (0, 1)))


def find_postgres(driver: Driver, ids: Collection[bytes]) -> Mapping[bytes, bytes]:
    """The fingerprints of those of the events that are there."""
    return dict(driver.execute(_POSTGRES_FIND, (list(ids),)).fetchall())


def of_sqlite(driver: Driver, refs: Collection[bytes]) -> OfEach:
    """All events of those customers, each customer's in order of time."""
    return _by_ref(ask(driver, _SQLITE_OF, [(ref,) for ref in refs], _SQLITE_BLOBS))


def of_postgres(driver: Driver, refs: Collection[bytes]) -> OfEach:
    """All events of those customers, each customer's in order of time."""
    return _by_ref(driver.execute(_POSTGRES_OF, (list(refs),)).fetchall())


def of(connection: Connection, ref: bytes) -> Sequence[EventRow]:
    """All events of a customer in order of time."""
    wanted = select(*_ROW).where(_E.ref == ref).order_by(_E.happened_at, _E.event_id)
    return [_row(values) for values in connection.execute(wanted)]


def purge(connection: Connection, now: datetime, before: datetime, max_rows: int) -> int:
    """Deletes at most so many events that are over by now, or happened before that instant."""
    some = select(_E.event_id).where(_is_over(now, before)).limit(max_rows)
    return connection.execute(delete(EVENT).where(_E.event_id.in_(some))).rowcount


def count_over(connection: Connection, now: datetime, before: datetime) -> int:
    """How many events ``purge`` would delete."""
    return connection.scalar(select(func.count()).select_from(EVENT).where(_is_over(now, before))) or 0


def _is_over(now: datetime, before: datetime) -> ColumnElement[bool]:
    return (_E.over_at <= to_microseconds(now)) | (_E.happened_at < to_microseconds(before))


def erase(connection: Connection, ref: bytes, max_rows: int) -> int:
    """Deletes at most so many events of a customer."""
    some = select(_E.event_id).where(_E.ref == ref).limit(max_rows)
    return connection.execute(delete(EVENT).where(_E.event_id.in_(some))).rowcount


def _check_new(written: int, rows: Sequence[EventRow]) -> None:
    if written != len(rows):
        raise StoreConflict(messages.id_used_meanwhile())


def _by_ref(rows: Iterable[Sequence[Any]]) -> OfEach:
    by_ref: dict[bytes, list[EventRow]] = defaultdict(list)
    for row in map(_row, rows):
        by_ref[row.ref].append(row)
    return by_ref


def _values(row: EventRow) -> tuple[Any, ...]:
    happened, over = to_microseconds(row.happened_at), to_microseconds(row.over_at)
    return row.id, row.fingerprint, row.ref, row.kind.encode(), happened, over, row.withdraws, row.body


def _row(values: Sequence[Any]) -> EventRow:
    event_id, fingerprint, ref, kind, happened_at, over_at, withdraws, body = values
    return EventRow(
        event_id,
        fingerprint,
        ref,
        kind.decode(),
        from_microseconds(happened_at),
        from_microseconds(over_at),
        withdraws,
        body,
    )
