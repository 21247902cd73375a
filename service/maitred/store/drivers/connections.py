"""A connection by two names, SQLAlchemy's and the driver's, and many rows at once through the second.

Most goes through SQLAlchemy; what runs for every decision goes through the driver: SQLite statements over
many rows, whose answers come as one, and columns for PostgreSQL. SQLite's driver gives the interpreter away
at every row, and among many busy threads each time waits to get it back: so all rows of an answer come as
one, in JSON, their bytes in hexadecimal.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from itertools import chain, repeat
from typing import Any, Protocol

import orjson
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from maitred.store.chain import Identity, Tail
from maitred.store.recent import Recent


class Cursor(Protocol):
    """What the hot statements need of a driver's cursor."""

    rowcount: int

    def fetchall(self) -> list[Any]:
        """Returns the rows of the statement."""
        ...


class Driver(Protocol):
    """What both drivers' connections can do alike."""

    def execute(self, statement: str, parameters: Any = ..., /) -> Cursor:
        """Runs one statement, with the driver's own placeholders."""
        ...

    def commit(self) -> None:
        """Ends the driver's transaction."""
        ...


class WriteConnection:
    """One connection, checked out for as long as it works.

    The driver is in autocommit mode and told BEGIN, so that statements through either name
    are in one transaction. A statement through SQLAlchemy costs some 40 microseconds more
    than through the driver, and a batch has three.

    ``tail`` is where the decision log of ``writer`` goes on, once that is known, and ``recent`` what no
    index has of it in SQLite. A line whose transaction failed is given up, and with it what is not in the
    database.
    """

    def __init__(self, connection: Connection, writer: Identity) -> None:
        self.connection, self.writer = connection, writer
        self.driver: Driver = connection.connection.driver_connection  # type: ignore[assignment]  # has no type
        self.tail: Tail | None = None
        self.recent: Recent | None = None

    def known_tail(self) -> Tail:
        """Where the decision log goes on; for transactions that were begun for it."""
        assert self.tail is not None
        return self.tail

    def commit(self) -> None:
        """Commits what went through either name."""
        self.driver.commit()
        if self.connection.in_transaction():
            self.connection.commit()
        if self.recent:
            self.recent.committed()

    def give_up(self) -> None:
        """Closes the connection, in whatever state it is."""
        with suppress(SQLAlchemyError):
            self.connection.invalidate()
        with suppress(SQLAlchemyError):
            self.connection.close()


SIZES = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Rows that statements are made for: the last row is repeated up to the next size, which does no
harm to any of them, so that few statements are kept prepared."""


def ask(
    driver: Driver, statement: str, rows: Sequence[tuple[Any, ...]], blobs: tuple[int, ...]
) -> Iterator[list[Any]]:
    """Yields every row that the statement finds for any of ``rows``; ``blobs`` are the places of bytes."""
    for cursor in run(driver, statement, rows):
        yield from rows_in(cursor, blobs)


def rows_in(cursor: Cursor, blobs: tuple[int, ...]) -> list[list[Any]]:
    """Returns the rows of a statement that answers with one array of them."""
    ((text,),) = cursor.fetchall()
    rows: list[list[Any]] = orjson.loads(text)
    for row in rows:
        for place in blobs:
            row[place] = bytes.fromhex(row[place])
    return rows


def run(driver: Driver, statement: str, rows: Sequence[tuple[Any, ...]]) -> list[Cursor]:
    """Executes the statement with all rows, in as few parts as its sizes allow."""
    cursors = []
    for at in range(0, len(rows), SIZES[-1]):
        part = rows[at : at + SIZES[-1]]
        size = next(size for size in SIZES if size >= len(part))
        values = bound(chain.from_iterable([*part, *repeat(part[-1], size - len(part))]))
        cursors.append(driver.execute(_of_size(statement, size, len(part[0])), values))
    return cursors


def bound(values: Iterable[Any]) -> list[Any]:
    """Returns values as SQLite's driver binds them at once.

    Of each that is ``bytes`` it asks whether there is an adapter, which takes longer than to copy it.
    """
    return [bytearray(value) if value.__class__ is bytes else value for value in values]


_AMONG = "IN (VALUES {})"


@cache
def _of_size(statement: str, size: int, width: int) -> str:
    if size == width == 1:
        # SQLite puts what is to be among others into a table of its own, which takes half of such a look-up.
        statement = statement.replace(_AMONG, "= {}")
    row = f"({', '.join('?' * width)})"
    return statement.format(", ".join([row] * size))


def columns(rows: Iterable[Sequence[Any]]) -> tuple[list[Any], ...]:
    """Rows turned into columns."""
    return tuple(map(list, zip(*rows, strict=True)))
