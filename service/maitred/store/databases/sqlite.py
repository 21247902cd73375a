"""SQLite: one process, one writing connection, a write-ahead log that is synced at every commit."""

import fcntl
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine

from maitred.store import lookup, messages, schema_version
from maitred.store.chain import Identity
from maitred.store.dialect import Dialect
from maitred.store.drivers.failures import Failures, StoreUnusable, from_sqlite
from maitred.store.learned import Left
from maitred.store.ledger import ledger
from maitred.store.ledger.sqlite import SqliteLedger
from maitred.store.log import outcomes, sessions
from maitred.store.log.decisions import SQLITE_MAX_ROWS, append_sqlite, find_sqlite
from maitred.store.people import events, people
from maitred.store.stores import SqlStore
from maitred.store.transactions import Writer

from .address import sqlite_file

LOCK_SUFFIX = "-lock"
_MODE = 0o644
_LONGEST_PID_BYTES = 20


class InUse(StoreUnusable):
    """Another process has the file."""


class FileLock:
    """Held from the call of ``take`` until ``release`` or the end of the process, however it ends.

    The file stays: were it removed, two processes could hold two files of one name. Not the
    database itself is locked: SQLite has its own locks there.
    """

    def __init__(self, database: Path) -> None:
        self._path = Path(f"{database.resolve()}{LOCK_SUFFIX}")
        self._name = str(database)
        self._descriptor = -1

    def take(self) -> None:
        """Raises ``InUse`` where another process, or another store of this one, holds it."""
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        except OSError as error:
            raise StoreUnusable(
                f"database `{self._name}`: cannot make its lock file ({error.strerror}), let this "
                "user write to the folder"
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._descriptor, _LONGEST_PID_BYTES, 0).decode("ascii", "replace").strip()
            self.release()
            raise InUse(messages.in_use(self._name, holder)) from error
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Lets the next one in."""
        os.close(self._descriptor)
        self._descriptor = -1


BUSY_TIMEOUT_MS = 2_000
"""How long to wait for a program that is not maitred (a backup, a shell) to let go of the file."""
READERS = 4
"""Reads are rare (one record by its id) and short; more would only take turns on the interpreter."""
READER_WAIT_SECONDS = 5.0
WRITER_CACHE_KIB = 65_536
"""Ids are random, so their index is read all over; this holds that of some two million decisions."""
CHECKPOINT_PAGES = 4_000
"""16 MiB of log: four times SQLite's default, for a quarter of the pauses."""
CHECKPOINT_TRIES = 3
"""Each waits for readers as long as ``BUSY_TIMEOUT_MS``; whoever reads longer has the log emptied later."""
KEPT_STATEMENTS = 2 * SQLITE_MAX_ROWS
"""One INSERT per batch size, and room for the rest."""
FIXED_VERSION = (3, 51, 3)
"""Before it, connections that write and checkpoint at once could damage the write-ahead log."""

# IMMEDIATE: a transaction that reads first and wants to write later can lose the lock in between.
_BEGIN = "BEGIN IMMEDIATE"
# BEGIN IMMEDIATE on a file that cannot be written is silently a reading transaction.
_TRY_TO_WRITE = "DELETE FROM decision WHERE false"
# A statement with many rows keeps the pages that it changes until it ends, to take all of it back if one row
# fails: some megabyte, for which memory is faster than a file.
_SMALL_TEMPORARIES, _LARGE_TEMPORARIES = "PRAGMA temp_store = MEMORY", "PRAGMA temp_store = DEFAULT"
_EVERY_CONNECTION = (f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}", "PRAGMA foreign_keys = ON")
_WRITER = (
    *_EVERY_CONNECTION,
    "PRAGMA synchronous = FULL",
    _SMALL_TEMPORARIES,
    # What is deleted is written over: a customer who is erased is nowhere in the file.
    "PRAGMA secure_delete = ON",
    f"PRAGMA cache_size = -{WRITER_CACHE_KIB}",
    f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}",
)
_READER = (*_EVERY_CONNECTION, "PRAGMA query_only = ON", "PRAGMA wal_autocheckpoint = 0")


SQLITE = Dialect(
    find_decisions=find_sqlite,
    append_decisions=append_sqlite,
    find_people=people.find_sqlite,
    add_people=people.add_sqlite,
    place_people=people.place_sqlite,
    renew_people=people.renew_sqlite,
    find_outcomes=outcomes.find_sqlite,
    append_outcomes=outcomes.append_sqlite,
    append_sessions=sessions.append_sqlite,
    find_events=events.find_sqlite,
    append_events=events.append_sqlite,
    events_of=events.of_sqlite,
    outcomes_of=outcomes.of_customers_sqlite,
    rejections_in=sessions.rejections_sqlite,
    append_claims=ledger.append_sqlite,
    open_claims=ledger.open_sqlite,
    ledger=SqliteLedger(),
    clock=lambda _, local: local,
)
"""One process at a time: its own clock is the ledger's."""


def open_sqlite(url: URL, identity: Identity) -> SqlStore:
    """Opens or makes the file. Raises ``StoreDown``, mostly as ``StoreUnusable``."""
    file = sqlite_file(url)
    _check_place(file)
    failures = Failures(str(file), sqlite3.Error, from_sqlite)
    lock = FileLock(file)
    lock.take()
    writer = _engine(url, _WRITER, connections=1)
    try:
        _prepare(writer, failures)
    except BaseException:
        writer.dispose()
        lock.release()
        raise
    return SqlStore(
        failures,
        writer=Writer(writer, _BEGIN, failures, identity, set_up=lookup.recent_of),
        readers=_engine(url, _READER, connections=READERS),
        dialect=SQLITE,
        warnings=warnings_for(sqlite3.sqlite_version_info),
        on_close=lock.release,
        after_erasing=_empty_log,
        left=Left(file).contents,
    )


def is_free(file: Path) -> bool:
    """Returns whether no process has the file, at this moment."""
    lock = FileLock(file)
    try:
        lock.take()
    except InUse:
        return False
    lock.release()
    return True


def _empty_log(writer: Writer) -> None:
    """Nothing of what was erased stays in the write-ahead log, once no reader needs it any more."""
    for _ in range(CHECKPOINT_TRIES):
        ((is_busy, *_rest),) = writer.run_apart("PRAGMA wal_checkpoint(TRUNCATE)")
        if not is_busy:
            return


def warnings_for(version: tuple[int, ...]) -> tuple[str, ...]:
    """Returns what to tell the operator of this SQLite."""
    if version >= FIXED_VERSION:
        return ()
    return (messages.old_sqlite(".".join(map(str, version)), ".".join(map(str, FIXED_VERSION))),)


def _check_place(file: Path) -> None:
    if file.is_dir():
        raise StoreUnusable(f"database `{file}` is a folder, name a file in it")
    if not file.parent.is_dir():
        raise StoreUnusable(f"database `{file}`: the folder `{file.parent}` does not exist, create it")
    if not os.access(file.parent, os.W_OK | os.X_OK, effective_ids=True):
        raise StoreUnusable(
            f"database `{file}`: the folder `{file.parent}` is read-only, let this user write to it"
        )
    # SQLite opens such a file all the same, and leaves files beside it that cannot be written either.
    if file.exists() and not os.access(file, os.R_OK | os.W_OK, effective_ids=True):
        raise StoreUnusable(messages.read_only(str(file)))


def _prepare(writer: Engine, failures: Failures) -> None:
    """Makes the tables, then turns to the write-ahead log.

    In this order, because the mode is written into the file, which may be somebody else's.
    """
    with failures.translated(), writer.connect() as connection:
        # An index of a table that is there already sorts all of its rows.
        connection.exec_driver_sql(_LARGE_TEMPORARIES)
        connection.exec_driver_sql(_BEGIN)
        schema_version.bring_up_to_date(connection, failures.name)
        connection.exec_driver_sql(_TRY_TO_WRITE)
        connection.commit()
        connection.exec_driver_sql(_SMALL_TEMPORARIES)
        mode = connection.exec_driver_sql("PRAGMA journal_mode = WAL").scalar_one()
    if mode != "wal":
        raise StoreUnusable(
            f"database `{failures.name}` cannot keep a write-ahead log (mode `{mode}`), put it on a "
            "local disk"
        )


def _engine(url: URL, pragmas: Sequence[str], *, connections: int) -> Engine:
    engine = create_engine(
        url,
        connect_args={"cached_statements": KEPT_STATEMENTS},
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=READER_WAIT_SECONDS,
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver begins no transactions of its own
        for pragma in pragmas:
            connection.execute(pragma)

    return engine
