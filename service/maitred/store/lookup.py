"""Finds decisions by id and by customer: in PostgreSQL by indexes, in SQLite as ``recent`` says."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Delete,
    LargeBinary,
    Select,
    Table,
    bindparam,
    delete,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.engine import Connection

from maitred.store.chain import Linked
from maitred.store.drivers.connections import WriteConnection, run
from maitred.store.recent import HEAD_BYTES, LogIndex, Recent, head
from maitred.store.tables import DECISION, DECISION_BY_CUSTOMER, DECISION_BY_ID, DECISION_INDEXED

_D = DECISION.c
_TABLES: Mapping[LogIndex, Table] = {LogIndex.ID: DECISION_BY_ID, LogIndex.CUSTOMER: DECISION_BY_CUSTOMER}
_FILL = {
    index: f"INSERT INTO {table.name} (head, seq) VALUES {{}} ON CONFLICT DO NOTHING"  # noqa: S608 -- of constants
    for index, table in _TABLES.items()
}
_MOVE = "UPDATE decision_indexed SET seq = ?"
_STORED = "SELECT coalesce(sum(rows - purged), 0) FROM log_writer"
_NOT_INDEXED = """
SELECT seq, decision_id, customer FROM decision
WHERE seq > (SELECT seq FROM decision_indexed) ORDER BY seq
"""
_INDEXED = select(DECISION_INDEXED.c.seq)


def recent_of(line: WriteConnection) -> Recent:
    """Returns what no index has yet; reads it, within a transaction, where the connection does not know."""
    if line.recent is None:
        ((stored,),) = line.driver.execute(_STORED).fetchall()
        recent = Recent(stored)
        recent.add(line.driver.execute(_NOT_INDEXED).fetchall())
        line.recent = recent
    return line.recent


def add(line: WriteConnection, rows: Linked) -> None:
    """Lets decisions be found that have been written in SQLite, and fills earlier ones into the indexes."""
    recent = recent_of(line)
    recent.add((seq, decision_id, customer) for seq, decision_id, _, _, customer, *_ in rows)
    for index, keys in recent.due(len(rows)):
        run(line.driver, _FILL[index], keys)
    if recent.filled is not None:
        line.driver.execute(_MOVE, (recent.filled,))


def of_ids(
    connection: Connection, recent: Recent | None, decision_ids: Collection[bytes]
) -> ColumnElement[bool]:
    """Returns the condition that a decision is one of these.

    For a statement that follows at once. ``recent`` is of the connection that writes; without one in this
    process the rows that SQLite has not indexed are looked through.
    """
    if connection.dialect.name != "sqlite":
        return _D.decision_id.in_(decision_ids)
    seqs = recent.of_ids(decision_ids) if recent else not_indexed(connection, LogIndex.ID, decision_ids)
    return _in(LogIndex.ID, decision_ids, seqs)


def of_customers(
    connection: Connection, recent: Recent | None, refs: Collection[bytes]
) -> ColumnElement[bool]:
    """Returns the condition that a decision is of one of these customers; the rest as with ``of_ids``."""
    if connection.dialect.name != "sqlite":
        return _D.customer.in_(refs)
    seqs = recent.of_customers(refs) if recent else not_indexed(connection, LogIndex.CUSTOMER, refs)
    return _in(LogIndex.CUSTOMER, refs, seqs)


def not_indexed(connection: Connection, index: LogIndex, keys: Collection[bytes]) -> Sequence[int]:
    """Returns where those of these keys are that SQLite has not indexed: some thousand rows are read."""
    marker = select(DECISION_INDEXED.c.seq).scalar_subquery()
    return connection.scalars(select(_D.seq).where(_D.seq > marker, _D[index.value].in_(keys))).all()


def _in(index: LogIndex, keys: Collection[bytes], seqs: Sequence[int]) -> ColumnElement[bool]:
    table = _TABLES[index]
    indexed = select(table.c.seq).where(table.c.head.in_(set(map(head, keys))))
    return _D.seq.in_(indexed.union_all(seqs_in(seqs_json(seqs)))) & _D[index.value].in_(keys)


def seqs_json(seqs: Sequence[int]) -> str:
    """Writes down numbers for ``seqs_in``."""
    return orjson.dumps(seqs).decode()


def seqs_in(array: Any) -> Select[Any]:
    """Returns the numbers of a JSON array, a value or a parameter."""
    return select(func.json_each(array).table_valued("value").c.value)


def _forgetting(index: LogIndex, table: Table) -> Delete:
    # Of no bytes SQLite has no part.
    part = func.coalesce(func.substr(_D[index.value], 1, HEAD_BYTES), literal(b"", LargeBinary))
    going = select(part, _D.seq).where(_D.seq.between(bindparam("first"), bindparam("last")))
    return delete(table).where(tuple_(table.c.head, table.c.seq).in_(going))


_FORGET = tuple(_forgetting(index, table) for index, table in _TABLES.items())


def forget(line: WriteConnection, first: int, last: int) -> None:
    """Takes decisions out of the indexes that are about to be deleted."""
    if line.connection.dialect.name != "sqlite":
        return
    for statement in _FORGET:
        line.connection.execute(statement, {"first": first, "last": last})
    if last > line.connection.scalars(_INDEXED).one():
        # Some of them are in memory, and would be filled in.
        line.recent = None
