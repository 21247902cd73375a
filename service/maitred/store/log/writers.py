"""The rows of those who write the decision log, and where a chain goes on on a new connection."""

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection

from maitred.store.chain import FIRST_WRITER, Identity, Tail, genesis
from maitred.store.drivers.connections import WriteConnection
from maitred.store.tables import LOG_WRITER

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
