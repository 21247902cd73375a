"""The decision log: appending batches on either database, and reading single records."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any

from sqlalchemy import LargeBinary, func, literal, select
from sqlalchemy.engine import Connection

from maitred.engine.ports import DecisionRecord

from .instants import from_microseconds, to_microseconds
from .lines import Line
from .parts import ask
from .tables import DECISION, PERSON

SQLITE_MAX_ROWS = 128
"""Rows of one INSERT. One statement per number of rows is kept prepared: 6 MiB with all of them."""

_INTO = "INSERT INTO decision (decision_id, decided_at, ruleset, customer, body)"
_UNLESS_THERE = "ON CONFLICT (decision_id) DO NOTHING"
_POSTGRES_ONE = f"{_INTO} VALUES (%b, %b, %b, %b, %b) {_UNLESS_THERE} RETURNING decision_id"
_POSTGRES_MANY = f"""
{_INTO} SELECT * FROM unnest(%b::bytea[], %b::bigint[], %b::text[], %b::bytea[], %b::bytea[])
{_UNLESS_THERE} RETURNING decision_id
"""  # noqa: S608 -- of constants

_POSTGRES_FIND = """
SELECT decision_id, decided_at, ruleset, customer, body, coalesce(key, ''::bytea)
FROM decision LEFT JOIN person ON ref = customer WHERE decision_id = ANY (%b::bytea[])
"""
_SQLITE_FIND = """
SELECT json_group_array(json_array(
    hex(decision_id), decided_at, ruleset, hex(customer), hex(body), coalesce(hex(key), '')
)) FROM decision LEFT JOIN person ON ref = customer WHERE decision_id IN (VALUES {})
"""
_SQLITE_BLOBS = (0, 3, 4, 5)

_NO_KEY = literal(b"", LargeBinary)
_D = DECISION.c
_RECORD = (_D.decision_id, _D.decided_at, _D.ruleset, _D.customer, _D.body)
_WITH_KEY = select(*_RECORD, func.coalesce(PERSON.c.key, _NO_KEY)).select_from(
    DECISION.outerjoin(PERSON, PERSON.c.ref == _D.customer)
)

Stored = Mapping[bytes, DecisionRecord]


def append_sqlite(line: Line, records: Sequence[DecisionRecord]) -> Stored:
    """Writes the records whose id is new; gives the stored record of each id that is not."""
    if len(records) <= SQLITE_MAX_ROWS:
        return _append_sqlite(line, records) if records else {}
    parts = (records[at : at + SQLITE_MAX_ROWS] for at in range(0, len(records), SQLITE_MAX_ROWS))
    return dict(chain.from_iterable(_append_sqlite(line, part).items() for part in parts))


def _append_sqlite(line: Line, records: Sequence[DecisionRecord]) -> Stored:
    # One execute for all rows: the driver gives the interpreter away on every step, and
    # among many busy threads each time costs milliseconds to get it back.
    values = tuple(chain.from_iterable(map(_values, records)))
    written = line.driver.execute(_sqlite_insert(len(records)), values).rowcount
    if written == len(records):
        return {}
    found = _find(line.connection, [record.decision_id for record in records])
    # The only writer, and ``seq`` only grows: what was written just now comes last.
    return {record.decision_id: record for record in found[: len(found) - written]}


@lru_cache(maxsize=SQLITE_MAX_ROWS)
def _sqlite_insert(rows: int) -> str:
    return f"{_INTO} VALUES {', '.join(['(?, ?, ?, ?, ?)'] * rows)} {_UNLESS_THERE}"


def append_postgres(line: Line, records: Sequence[DecisionRecord]) -> Stored:
    """Writes the records whose id is new; gives the stored record of each id that is not."""
    if not records:
        return {}
    # In one order on every replica, so that two with the same ids do not wait for each other in a ring.
    rows = [_values(record) for record in sorted(records, key=attrgetter("decision_id"))]
    if len(rows) == 1:
        result = line.driver.execute(_POSTGRES_ONE, rows[0])
    else:
        result = line.driver.execute(_POSTGRES_MANY, tuple(map(list, zip(*rows, strict=True))))
    if result.rowcount == len(records):
        return {}
    written = {row[0] for row in result.fetchall()}
    found = _find(
        line.connection, [record.decision_id for record in records if record.decision_id not in written]
    )
    return {record.decision_id: record for record in found}


def find_sqlite(line: Line, decision_ids: Collection[bytes]) -> Stored:
    """Those of the decisions that have a record, with it."""
    found = ask(line.driver, _SQLITE_FIND, [(decision_id,) for decision_id in decision_ids], _SQLITE_BLOBS)
    return _by_id(found)


def find_postgres(line: Line, decision_ids: Collection[bytes]) -> Stored:
    """Those of the decisions that have a record, with it."""
    return _by_id(line.driver.execute(_POSTGRES_FIND, (list(decision_ids),)).fetchall())


def find(connection: Connection, decision_id: bytes) -> DecisionRecord | None:
    """The record of one decision."""
    return next(iter(_find(connection, (decision_id,))), None)


def _find(connection: Connection, decision_ids: Collection[bytes]) -> list[DecisionRecord]:
    """The records of those ids that have one, in the order of the log."""
    wanted = _WITH_KEY.where(DECISION.c.decision_id.in_(decision_ids)).order_by(DECISION.c.seq)
    return [_record(row) for row in connection.execute(wanted)]


def _values(record: DecisionRecord) -> tuple[bytes, int, str, bytes, bytes]:
    decision_id, decided_at, ruleset, customer, body, _ = record
    return decision_id, to_microseconds(decided_at), ruleset, customer, body


def _by_id(rows: Iterable[Sequence[Any]]) -> Stored:
    return {record.decision_id: record for record in map(_record, rows)}


def _record(row: Sequence[Any]) -> DecisionRecord:
    decision_id, decided_at, ruleset, customer, body, key = row
    return DecisionRecord(decision_id, from_microseconds(decided_at), ruleset, customer, body, key)
