"""What customers did: appending batches on either database, and reading them back.

``person.events`` counts how often events of a customer were written, and each event has the count it
made: who has read them as of one count has them still while it is the same, and else reads those after it.
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
from maitred.store.drivers.connections import Driver, ask, columns, run
from maitred.store.tables import EVENT

_COLUMNS = "event_id, fingerprint, ref, kind, happened_at, over_at, withdraws, body, number"
_INTO = f"INSERT INTO event ({_COLUMNS})"
_UNLESS_THERE = "ON CONFLICT (event_id) DO NOTHING"
_POSTGRES_ADD = f"""
{_INTO} SELECT * FROM unnest(%b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bigint[],
                             %b::bigint[], %b::bytea[], %b::bytea[], %b::bigint[])
{_UNLESS_THERE}
"""  # noqa: S608 -- of constants
_POSTGRES_FIND = "SELECT event_id, fingerprint FROM event WHERE event_id = ANY (%b::bytea[])"
_POSTGRES_OF = f"""
SELECT {_COLUMNS} FROM event JOIN unnest(%b::bytea[], %b::bigint[]) AS asked (of_ref, known)
ON ref = of_ref AND number > known
"""  # noqa: S608 -- of constants
# In one order everywhere: two replicas with the same customers do not wait for each other in a ring.
_POSTGRES_COUNT = """
UPDATE person SET events = events + 1 FROM (
    SELECT ref FROM person WHERE ref = ANY (%b::bytea[]) ORDER BY ref FOR NO KEY UPDATE
) AS those WHERE person.ref = those.ref RETURNING person.ref, events
"""
_SQLITE_ADD = f"{_INTO} VALUES {{}} {_UNLESS_THERE}"
_SQLITE_FIND = """
SELECT json_group_array(json_array(hex(event_id), hex(fingerprint)))
FROM event WHERE event_id IN (VALUES {})
"""
_SQLITE_OF = """
SELECT json_group_array(json_array(hex(event_id), hex(fingerprint), hex(ref), hex(kind), happened_at,
                                   over_at, hex(withdraws), hex(body), number))
FROM (SELECT DISTINCT column1 AS of_ref, column2 AS known FROM (VALUES {})) CROSS JOIN event
ON ref = of_ref AND number > known
"""
_SQLITE_COUNT = "UPDATE person SET events = events + 1 WHERE ref IN (VALUES {}) RETURNING ref, events"
_SQLITE_BLOBS = (0, 1, 2, 3, 6, 7)
_E = EVENT.c
_ROW = tuple(_E[name] for name in _COLUMNS.split(", "))

OfEach = Mapping[bytes, Sequence[EventRow]]


def append_sqlite(driver: Driver, rows: Sequence[EventRow]) -> Mapping[bytes, int]:
    """Writes the events; the count of each customer. Raises ``StoreConflict`` where an id is there."""
    counted = run(driver, _SQLITE_COUNT, [(ref,) for ref in sorted({row.ref for row in rows})])
    numbers = {ref: number for part in counted for ref, number in part.fetchall()}
    values = [_values(row, numbers) for row in rows]
    _check_new(sum(part.rowcount for part in run(driver, _SQLITE_ADD, values)), rows)
    return numbers


def append_postgres(driver: Driver, rows: Sequence[EventRow]) -> Mapping[bytes, int]:
    """Writes the events; the count of each customer. Raises ``StoreConflict`` where an id is there."""
    numbers = dict(driver.execute(_POSTGRES_COUNT, (sorted({row.ref for row in rows}),)).fetchall())
    values = columns(_values(row, numbers) for row in sorted(rows, key=attrgetter("id")))
    _check_new(driver.execute(_POSTGRES_ADD, values).rowcount, rows)
    return numbers


def find_sqlite(driver: Driver, ids: Collection[bytes]) -> Mapping[bytes, bytes]:
    """Returns the fingerprints of those of the events that are there."""
    return dict(ask(driver, _SQLITE_FIND, [(event_id,) for event_id in ids], (0, 1)))


def find_postgres(driver: Driver, ids: Collection[bytes]) -> Mapping[bytes, bytes]:
    """Returns the fingerprints of those of the events that are there."""
    return dict(driver.execute(_POSTGRES_FIND, (list(ids),)).fetchall())


def of_sqlite(driver: Driver, after: Mapping[bytes, int]) -> OfEach:
    """Returns the events of those customers that were written after a count of theirs."""
    return _by_ref(ask(driver, _SQLITE_OF, list(after.items()), _SQLITE_BLOBS))


def of_postgres(driver: Driver, after: Mapping[bytes, int]) -> OfEach:
    """Returns the events of those customers that were written after a count of theirs."""
    return _by_ref(driver.execute(_POSTGRES_OF, (list(after), list(after.values()))).fetchall())


def of(connection: Connection, ref: bytes) -> Sequence[EventRow]:
    """Returns all events of a customer in order of time."""
    wanted = select(*_ROW).where(_E.ref == ref).order_by(_E.happened_at, _E.event_id)
    return [_row(values) for values in connection.execute(wanted)]


def purge(connection: Connection, now: datetime, before: datetime, max_rows: int) -> int:
    """Deletes at most so many events that are over by now, or happened before that instant."""
    some = select(_E.event_id).where(_is_over(now, before)).limit(max_rows)
    return connection.execute(delete(EVENT).where(_E.event_id.in_(some))).rowcount


def count_over(connection: Connection, now: datetime, before: datetime) -> int:
    """Returns how many events ``purge`` would delete."""
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


def _values(row: EventRow, numbers: Mapping[bytes, int]) -> tuple[Any, ...]:
    happened, over = to_microseconds(row.happened_at), to_microseconds(row.over_at)
    kind, number = row.kind.encode(), numbers[row.ref]
    return row.id, row.fingerprint, row.ref, kind, happened, over, row.withdraws, row.body, number


def _row(values: Sequence[Any]) -> EventRow:
    event_id, fingerprint, ref, kind, happened_at, over_at, withdraws, body, number = values
    return EventRow(
        event_id,
        fingerprint,
        ref,
        kind.decode(),
        from_microseconds(happened_at),
        from_microseconds(over_at),
        withdraws,
        body,
        number,
    )
