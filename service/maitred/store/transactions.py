"""The one connection that writes, and the transactions on it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Lock

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from maitred.engine.ports import DecisionRecord, StoreDown

from . import messages
from .decisions import Stored
from .failures import Classify, Failure, from_sqlalchemy, translated


class SqlTransaction(ABC):
    """What both databases share: the calls of the port, and that an error ends the transaction."""

    def __init__(self, connection: Connection, name: str, classify: Classify) -> None:
        self._connection, self._name, self._classify = connection, name, classify
        self._failure: Failure | None = None
        self._over = False

    def append(self, records: Sequence[DecisionRecord]) -> Mapping[bytes, DecisionRecord]:
        """Writes the records whose id is new; gives the stored record of each id that is not."""
        self._check_usable()
        try:
            return self._append(self._connection, records)
        except SQLAlchemyError as error:
            self._failure = from_sqlalchemy(self._name, self._classify, error)
            raise self._failure from error

    @abstractmethod
    def _append(self, connection: Connection, records: Sequence[DecisionRecord]) -> Stored:
        """The same in the database's own SQL."""

    def check_whole(self) -> None:
        """Raises the error of the transaction again where its block swallowed it.

        A commit after it would be a rollback that reports success.
        """
        if self._failure is not None:
            raise self._failure

    def end(self) -> None:
        """Nothing can be done with the transaction from here on."""
        self._over = True

    def _check_usable(self) -> None:
        if self._over or self._failure is not None:
            raise StoreDown(messages.transaction_over())


class Writer:
    """Owns the connection that writes. One transaction at a time; others wait for it.

    The engine leaves transactions to ``begin_statement``: neither driver says the right BEGIN.
    """

    def __init__(self, engine: Engine, begin_statement: str, name: str, classify: Classify) -> None:
        self._engine, self._begin_statement = engine, begin_statement
        self._name, self._classify = name, classify
        self._lock = Lock()
        self._connection: Connection | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that commits when its block ends without an exception.

        Raises ``StoreDown`` and ``StoreConflict``. After an error the connection is given up,
        so that the next transaction starts on a clean one.
        """
        with self._lock:
            connection = self._begin()
            try:
                yield connection
                with translated(self._name, self._classify):
                    connection.commit()
            except BaseException:
                self._give_up(connection)
                raise

    def close(self) -> None:
        """Waits for the transaction that runs, then closes the connection."""
        with self._lock:
            if self._connection is not None:
                self._give_up(self._connection)
        self._engine.dispose()

    def _begin(self) -> Connection:
        with translated(self._name, self._classify):
            kept = self._connection
            if kept is None:
                return self._connect_and_begin()
            try:
                kept.exec_driver_sql(self._begin_statement)
            except DBAPIError as error:
                self._give_up(kept)
                if not error.connection_invalidated:
                    raise
                # Lost while idle: nothing was under way, so a new connection is as good.
                return self._connect_and_begin()
            return kept

    def _connect_and_begin(self) -> Connection:
        connection = self._connection = self._engine.connect()
        try:
            connection.exec_driver_sql(self._begin_statement)
        except BaseException:
            self._give_up(connection)
            raise
        return connection

    def _give_up(self, connection: Connection) -> None:
        self._connection = None
        with suppress(SQLAlchemyError):
            connection.invalidate()
        with suppress(SQLAlchemyError):
            connection.close()


MakeTransaction = Callable[[Connection, str, Classify], SqlTransaction]
