"""The decision log: appending batches on either database, and reading single records."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any

from sqlalchemy import LargeBinary, bindparam, func, insert, literal, select
from sqlalchemy.engine import Connection

from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.engine.ports.store import DecisionRecord, StoreConflict
from maitred.store import lookup
from maitred.store.chain import FIRST_WRITER, Identity, Linked, Tail, Values, genesis, linked, place
from maitred.store.drivers.connections import Cursor, WriteConnection, ask, bound, columns
from maitred.store.people import people
from maitred.store.recent import LogIndex, Recent, head
from maitred.store.tables import DECISION, DECISION_BY_ID, LOG_WRITER, PERSON

SQLITE_MAX_ROWS = 128
"""Rows of one INSERT. One statement per number of rows is kept prepared: 6 MiB with all of them."""

_INTO = "INSERT INTO decision (seq, decision_id, decided_at, ruleset, customer, body, hash, arms)"
_HASH = -2
"""Where in a row its hash is."""
_UNLESS_THERE = "ON CONFLICT (decision_id) DO NOTHING"
_SQLITE_MOVE = "UPDATE log_writer SET rows = ?, head = ? WHERE number = ? AND rows = ? AND head = ?"
# In one round trip. A chain that is not as this process has left it gets no rows.
_POSTGRES_MOVE = """
UPDATE log_writer SET rows = %b::bigint, head = %b::bytea
WHERE number = %b::bigint AND rows = %b::bigint AND head = %b::bytea
"""
_POSTGRES_MOVED = f"WITH moved AS ({_POSTGRES_MOVE} RETURNING 1) {_INTO}"
_POSTGRES_ONE = f"""
{_POSTGRES_MOVED}
SELECT %b::bigint, %b::bytea, %b::bigint, %b::text, %b::bytea, %b::bytea, %b::bytea,
       %b::text FROM moved
{_UNLESS_THERE} RETURNING decision_id
"""  # noqa: S608 -- of constants
_POSTGRES_MANY = f"""
{_POSTGRES_MOVED}
SELECT * FROM unnest(%b::bigint[], %b::bytea[], %b::bigint[], %b::text[],
                     %b::bytea[], %b::bytea[], %b::bytea[], %b::text[])
WHERE (SELECT count(*) FROM moved) = 1
{_UNLESS_THERE} RETURNING decision_id
"""  # noqa: S608 -- of constants
_POSTGRES_TAKE_BACK = "DELETE FROM decision WHERE seq > %b::bigint AND seq <= %b::bigint"

_POSTGRES_FIND = """
SELECT decision_id, decided_at, ruleset, customer, body, coalesce(key, ''::bytea), coalesce(statements, '')
FROM decision LEFT JOIN person ON ref = customer WHERE decision_id = ANY (%b::bytea[])
"""
_SQLITE_RECORDS = """
SELECT json_group_array(json_array(
    hex(decision_id), decided_at, ruleset, hex(customer), hex(body), coalesce(hex(key), ''),
    coalesce(statements, '')
)) FROM
"""
# Crossed, tables are read in the order that they are written in.
_SQLITE_INDEXED = f"""
{_SQLITE_RECORDS} decision_by_id CROSS JOIN decision ON decision.seq = decision_by_id.seq
LEFT JOIN person ON ref = customer WHERE head IN (VALUES {{}})
"""
_SQLITE_RECENT = (
    f"{_SQLITE_RECORDS} decision LEFT JOIN person ON ref = customer WHERE decision.seq IN (VALUES {{}})"
)
_SQLITE_BLOBS = (0, 3, 4, 5)

_NO_KEY = literal(b"", LargeBinary)
_D = DECISION.c
_RECORD = (_D.decision_id, _D.decided_at, _D.ruleset, _D.customer, _D.body)
_WITH_KEY = select(
    *_RECORD, func.coalesce(PERSON.c.key, _NO_KEY), func.coalesce(PERSON.c.statements, "")
).select_from(DECISION.outerjoin(PERSON, PERSON.c.ref == _D.customer))

# Made once: making one anew costs thirty times as much as asking it.
_BY_ID = _WITH_KEY.where(_D.decision_id == bindparam("decision_id"))
_INDEXED = select(DECISION_BY_ID.c.seq).where(DECISION_BY_ID.c.head == bindparam("head"))
_SQLITE_BY_ID = _BY_ID.where(_D.seq.in_(_INDEXED.union_all(lookup.seqs_in(bindparam("recent")))))

Stored = Mapping[bytes, DecisionRecord]


def append_sqlite(line: WriteConnection, records: Sequence[DecisionRecord]) -> Stored:
    """Writes the records whose id is new; gives the stored record of each id that is not."""
    if len(records) <= SQLITE_MAX_ROWS:
        return _append_sqlite(line, records) if records else {}
    parts = (records[at : at + SQLITE_MAX_ROWS] for at in range(0, len(records), SQLITE_MAX_ROWS))
    return dict(chain.from_iterable(_append_sqlite(line, part).items() for part in parts))


def _append_sqlite(line: WriteConnection, records: Sequence[DecisionRecord]) -> Stored:
    absent = lookup.recent_of(line).absent
    ids = {record.decision_id for record in records}
    _check_whole(len(ids), len(records))
    earlier = find_sqlite(line, ids - absent)
    tail = line.known_tail()
    rows = _rows(tail, [record for record in records if record.decision_id not in earlier])
    if rows:
        # One execute for all rows: the driver gives the interpreter away on every step, and
        # among many busy threads each time costs milliseconds to get it back.
        line.driver.execute(_sqlite_insert(len(rows)), bound(chain.from_iterable(rows)))
        _move_sqlite(line, tail, rows)
        lookup.add(line, rows)
        absent -= ids
    return earlier


def _move_sqlite(line: WriteConnection, tail: Tail, rows: Linked) -> None:
    line.tail = _tail_after(tail, rows)
    _check_whole(line.driver.execute(_SQLITE_MOVE, _move(tail, line.tail)).rowcount, 1)


@lru_cache(maxsize=SQLITE_MAX_ROWS)
def _sqlite_insert(rows: int) -> str:
    return f"{_INTO} VALUES {', '.join(['(?, ?, ?, ?, ?, ?, ?, ?)'] * rows)}"


def append_postgres(line: WriteConnection, records: Sequence[DecisionRecord]) -> Stored:
    """Writes the records whose id is new; gives the stored record of each id that is not."""
    if not records:
        return {}
    tail = line.known_tail()
    # In one order on every replica, so that two with the same ids do not wait for each other in a ring.
    ordered = sorted(records, key=attrgetter("decision_id"))
    rows = _rows(tail, ordered)
    line.tail = _tail_after(tail, rows)
    written = _insert_postgres(line, tail, line.tail, rows)
    if written.rowcount == len(rows):
        return {}
    new, earlier = _parted(line, ordered, written.fetchall())
    line.driver.execute(_POSTGRES_TAKE_BACK, _span(tail, rows))
    _append_again(line, tail, new)
    return earlier


def _append_again(line: WriteConnection, tail: Tail, records: Sequence[DecisionRecord]) -> None:
    """After the ids that are not new were left out, so that the chain has no gaps."""
    assumed, rows = line.tail, _rows(tail, records)
    assert assumed is not None
    line.tail = _tail_after(tail, rows) if rows else tail
    if rows:
        _check_whole(_insert_postgres(line, assumed, line.tail, rows).rowcount, len(rows))
    else:
        _check_whole(line.driver.execute(_POSTGRES_MOVE, _move(assumed, tail)).rowcount, 1)


def _insert_postgres(line: WriteConnection, before: Tail, after: Tail, rows: Linked) -> Cursor:
    if len(rows) == 1:
        return line.driver.execute(_POSTGRES_ONE, (*_move(before, after), *rows[0]))
    return line.driver.execute(_POSTGRES_MANY, (*_move(before, after), *columns(rows)))


def _parted(
    line: WriteConnection, records: Sequence[DecisionRecord], written: Iterable[Sequence[bytes]]
) -> tuple[list[DecisionRecord], Stored]:
    """Those that are new, and what is stored of the others."""
    ids = {row[0] for row in written}
    others = [record.decision_id for record in records if record.decision_id not in ids]
    earlier = {record.decision_id: record for record in _find(line.connection, others)}
    _check_whole(len(earlier), len(others))
    return [record for record in records if record.decision_id in ids], earlier


def _check_whole(written: int, expected: int) -> None:
    if written != expected:
        raise StoreConflict("the decision log changed at the same moment")


def _tail_after(tail: Tail, rows: Linked) -> Tail:
    return tail.after(len(rows), rows[-1][_HASH])


def _move(before: Tail, after: Tail) -> tuple[Any, ...]:
    return after.rows, after.head, before.number, before.rows, before.head


def _span(tail: Tail, rows: Linked) -> tuple[int, int]:
    return place(tail.number, tail.rows), rows[-1][0]


def find_sqlite(line: WriteConnection, decision_ids: Collection[bytes]) -> Stored:
    """Those of the decisions that have a record, with it."""
    recent, asked = lookup.recent_of(line), set(decision_ids)
    stored = _find_at(line, asked, _SQLITE_RECENT, recent.of_ids(asked))
    left = asked.difference(stored, recent.absent)
    stored |= _find_at(line, left, _SQLITE_INDEXED, list(map(head, left)))
    recent.absent |= asked.difference(stored)
    return stored


def _find_at(
    line: WriteConnection, asked: Collection[bytes], statement: str, places: Sequence[Any]
) -> dict[bytes, DecisionRecord]:
    """Of the records in these places those that were asked for: the first bytes of an id may be another's."""
    rows = ask(line.driver, statement, [(place,) for place in places], _SQLITE_BLOBS)
    return {key: record for key, record in _by_id(rows).items() if key in asked}


def find_postgres(line: WriteConnection, decision_ids: Collection[bytes]) -> Stored:
    """Returns those of the decisions that have a record, with it."""
    return _by_id(line.driver.execute(_POSTGRES_FIND, (list(decision_ids),)).fetchall())


def find(connection: Connection, recent: Recent | None, decision_id: bytes) -> DecisionRecord | None:
    """Returns the record of one decision. ``recent`` here and below: see ``lookup``."""
    if connection.dialect.name != "sqlite":
        row = connection.execute(_BY_ID, {"decision_id": decision_id}).one_or_none()
    else:
        ids = (decision_id,)
        seqs = recent.of_ids(ids) if recent else lookup.not_indexed(connection, LogIndex.ID, ids)
        asked = {
            "decision_id": decision_id,
            "head": head(decision_id),
            "recent": lookup.seqs_json(seqs),
        }
        row = connection.execute(_SQLITE_BY_ID, asked).one_or_none()
    return _record(row) if row else None


def find_of(
    connection: Connection, recent: Recent | None, ref: bytes, after: bytes, max_rows: int
) -> list[DecisionRecord]:
    """Returns a customer's decisions in order of id, from after that one on, so many at most."""
    wanted = _WITH_KEY.where(lookup.of_customers(connection, recent, (ref,)), _D.decision_id > after)
    return [_record(row) for row in connection.execute(wanted.order_by(_D.decision_id).limit(max_rows))]


def find_last_of(
    connection: Connection, recent: Recent | None, ref: bytes, max_rows: int
) -> list[DecisionRecord]:
    """Returns a customer's last so many decisions, the newest first."""
    wanted = _WITH_KEY.where(lookup.of_customers(connection, recent, (ref,)))
    latest = wanted.order_by(_D.decided_at.desc(), _D.decision_id).limit(max_rows)
    return [_record(row) for row in connection.execute(latest)]


def _find(connection: Connection, decision_ids: Collection[bytes]) -> list[DecisionRecord]:
    """The records of those ids that have one, in the order of the log."""
    wanted = _WITH_KEY.where(DECISION.c.decision_id.in_(decision_ids)).order_by(DECISION.c.seq)
    return [_record(row) for row in connection.execute(wanted)]


def _rows(tail: Tail, records: Sequence[DecisionRecord]) -> Linked:
    """What is written. The arms come last: they are in the body, too, and no part of the chain."""
    rows = linked(tail, [_values(record) for record in records])
    return [(*row, record.arms) for row, record in zip(rows, records, strict=True)]


def _values(record: DecisionRecord) -> Values:
    decision_id, decided_at, ruleset, customer, body, *_ = record
    return decision_id, to_microseconds(decided_at), ruleset, customer, body


def _by_id(rows: Iterable[Sequence[Any]]) -> Stored:
    return {record.decision_id: record for record in map(_record, rows)}


def _record(row: Sequence[Any]) -> DecisionRecord:
    decision_id, decided_at, ruleset, customer, body, key, statements = row
    at, stated = from_microseconds(decided_at), people.unpacked(statements)
    return DecisionRecord(decision_id, at, ruleset, customer, body, key, stated)


NUMBERING_LOCK = 0x6D61_6974_7265_6401
"""Advisory lock in PostgreSQL: two processes that start at once get different numbers."""

_W = LOG_WRITER.c
_LOCK = f"SELECT pg_advisory_xact_lock({NUMBERING_LOCK})"


def find_tail(line: WriteConnection) -> Tail:
    """The end of this process's chain, read back on a new connection, or that of a new chain."""
    return _read(line.connection, line.writer) or _begun(line.connection, line.writer)


def _read(connection: Connection, writer: Identity) -> Tail | None:
    wanted = select(_W.number, _W.rows, _W.head).where(_W.id == writer.id)
    row = connection.execute(wanted).one_or_none()
    return Tail(writer, row.number, row.rows, row.head) if row else None


def _begun(connection: Connection, writer: Identity) -> Tail:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_LOCK)
    number = connection.scalars(select(func.coalesce(func.max(_W.number) + 1, FIRST_WRITER))).one()
    start = genesis(writer, number)
    connection.execute(
        insert(LOG_WRITER).values(
            number=number,
            id=writer.id,
            started_at=writer.started_at,
            rows=0,
            purged=0,
            begin=start,
            head=start,
        )
    )
    return Tail(writer, number, 0, start)
