"""A connection by two names: SQLAlchemy's for most, the driver's for what runs for every decision."""

from contextlib import suppress
from typing import Any, Protocol

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from maitred.store.chain import Identity, Tail


class Cursor(Protocol):
    """What the hot statements need of a driver's cursor."""

    rowcount: int

    def fetchall(self) -> list[Any]:
        """The rows of the statement."""
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

    ``tail`` is where the decision log of ``writer`` goes on, once that is known. A line whose
    transaction failed is given up, and with it what is not in the database.
    """

    def __init__(self, connection: Connection, writer: Identity) -> None:
        self.connection, self.writer = connection, writer
        self.driver: Driver = connection.connection.driver_connection  # type: ignore[assignment]  # has no type
        self.tail: Tail | None = None

    def known_tail(self) -> Tail:
        """Where the decision log goes on; for transactions that were begun for it."""
        assert self.tail is not None
        return self.tail

    def commit(self) -> None:
        """Commits what went through either name."""
        self.driver.commit()
        if self.connection.in_transaction():
            self.connection.commit()

    def give_up(self) -> None:
        """Closes the connection, in whatever state it is."""
        with suppress(SQLAlchemyError):
            self.connection.invalidate()
        with suppress(SQLAlchemyError):
            self.connection.close()
