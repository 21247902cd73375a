"""The durable state, in SQLite or PostgreSQL. The only place that knows SQL."""

import os
from datetime import UTC, datetime

from maitred.core.values.instants import to_microseconds
from maitred.store.databases import address
from maitred.store.databases.failures import StoreUnusable
from maitred.store.databases.readers import ReadOnlyStore, open_sqlite_read_only
from maitred.store.databases.sqlite import open_sqlite
from maitred.store.log.chain import Identity

from .stores import SqlStore

_ID_BYTES = 16

__all__ = ["ReadOnlyStore", "SqlStore", "StoreUnusable", "open_read_only", "open_store"]


def open_store(url: str) -> SqlStore:
    """Opens the database of a SQLAlchemy URL, and makes or migrates its tables.

    ``sqlite:///FILE`` (one process at a time) or ``postgresql://...`` (many).
    Raises ``StoreDown`` where the database cannot be reached, ``StoreUnusable`` where trying
    again does not help.
    """
    parsed = address.parse(url)
    identity = Identity(os.urandom(_ID_BYTES), to_microseconds(datetime.now(UTC)))
    if address.is_sqlite(parsed):
        return open_sqlite(parsed, identity)
    from maitred.store.databases.postgres import open_postgres  # noqa: PLC0415 -- its driver takes a tenth of a second to load

    return open_postgres(parsed, identity)


def open_read_only(url: str) -> ReadOnlyStore:
    """Opens what is there; makes and migrates nothing. A service may be running on it.

    Raises ``StoreDown`` where the database cannot be reached, ``StoreUnusable`` where there is
    none, or one of another version.
    """
    parsed = address.parse(url)
    if address.is_sqlite(parsed):
        return open_sqlite_read_only(parsed)
    from maitred.store.databases.postgres import open_postgres_read_only  # noqa: PLC0415 -- likewise

    return open_postgres_read_only(parsed)
