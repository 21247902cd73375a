"""A database opened to be looked at only, beside whoever serves on it."""

import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import create_engine, event, exists, func, select
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.pool import QueuePool

from maitred.core.limits.lots import UnitState
from maitred.core.values.instants import to_microseconds
from maitred.store import schema_version
from maitred.store.chain import Identity, place
from maitred.store.dialect import Dialect
from maitred.store.drivers.failures import Failures, StoreUnusable, from_sqlite
from maitred.store.people import consents, events
from maitred.store.stores import SqlStore
from maitred.store.tables import COUNTER, DECISION, LOG_WRITER, LOT, STEP
from maitred.store.transactions import Writer

from .address import sqlite_file
from .sqlite import BUSY_TIMEOUT_MS, SQLITE

_NOBODY = Identity(b"", 0)


class ReadOnlyStore(SqlStore):
    """What a store answers without writing. Writing raises ``StoreDown``.

    Every method is for any thread and may raise ``StoreDown``.
    """

    def has_written(self, writer: str, digest: str) -> bool:
        """Whether a row in the writer's chain has that hash, or the last of those purged from it had."""
        try:
            wanted = bytes.fromhex(writer), bytes.fromhex(digest)
        except ValueError:
            return False
        return self._read(lambda connection: _has_written(connection, *wanted))

    def old(self, terms: Mapping[str, datetime], at: datetime) -> Mapping[str, int]:
        """For each class of data about how many rows a purge at that instant would delete."""
        return self._read(
            lambda connection: {data: _OLD[data](connection, before, at) for data, before in terms.items()}
        )


def made_of(failures: Failures, engine: Engine, begin: str, dialect: Dialect) -> ReadOnlyStore:
    """Returns the store once its tables are known to be of this version."""
    try:
        with failures.translated(), engine.connect() as connection:
            schema_version.check_up_to_date(connection, failures.name)
    except BaseException:
        engine.dispose()
        raise
    return ReadOnlyStore(
        failures,
        writer=Writer(engine, begin, failures, _NOBODY),
        readers=engine,
        dialect=dialect,
    )


def open_sqlite_read_only(url: URL) -> ReadOnlyStore:
    """Opens a file that is there. Raises ``StoreUnusable``."""
    file = sqlite_file(url)
    if not file.is_file():
        raise StoreUnusable(f"database `{file}` does not exist, name the one that `maitred serve` writes to")
    failures = Failures(str(file), sqlite3.Error, from_sqlite)
    return made_of(failures, _sqlite_engine(file), "BEGIN", SQLITE)


def _sqlite_engine(file: Path) -> Engine:
    # Opened for reading, the file is not checkpointed by this process either, which is the writer's to do.
    uri = f"file:{quote(str(file.resolve()))}?mode=ro"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False),
        poolclass=QueuePool,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: object) -> None:
        # What was written over need not be text, and an audit is to name the row.
        connection.text_factory = _any_text
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")

    return engine


def _any_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _has_written(connection: Connection, writer: bytes, digest: bytes) -> bool:
    row = connection.execute(
        select(LOG_WRITER.c.number, LOG_WRITER.c.begin).where(LOG_WRITER.c.id == writer)
    ).one_or_none()
    if row is None:
        return False
    of_writer = DECISION.c.seq.between(place(row.number, 0), place(row.number + 1, 0))
    there = select(exists().where(of_writer, DECISION.c.hash == digest))
    return bytes(row.begin) == digest or bool(connection.scalar(there))


def _old_decisions(connection: Connection, before: datetime, _at: datetime) -> int:
    wanted = select(func.count()).where(DECISION.c.decided_at < to_microseconds(before))
    return connection.scalar(wanted) or 0


def _old_ledger(connection: Connection, before: datetime, _at: datetime) -> int:
    before_us = to_microseconds(before)
    over = (LOT.c.over_at > 0) & (LOT.c.over_at < before_us) & (LOT.c.state != UnitState.HELD.value)
    ended = (COUNTER.c.resets_at > 0) & (COUNTER.c.resets_at < before_us)
    counts = (
        select(func.count()).select_from(LOT).where(over),
        select(func.count()).select_from(STEP).where(STEP.c.lot_id.in_(select(LOT.c.lot_id).where(over))),
        select(func.count()).select_from(COUNTER).where(ended),
    )
    return sum(connection.scalar(count) or 0 for count in counts)


def _old_consents(connection: Connection, before: datetime, _at: datetime) -> int:
    return consents.count_replaced(connection, before)


def _old_events(connection: Connection, before: datetime, at: datetime) -> int:
    return events.count_over(connection, at, before)


_OLD: Mapping[str, Callable[[Connection, datetime, datetime], int]] = {
    "decisions": _old_decisions,
    "consents": _old_consents,
    "ledger": _old_ledger,
    "events": _old_events,
}
