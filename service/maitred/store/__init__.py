"""The durable state, in SQLite or PostgreSQL. The only place that knows SQL."""

import os
from datetime import UTC, datetime

from maitred.core.values.instants import to_microseconds
from maitred.store.databases import address
from maitred.store.databases.readers import ReadOnlyStore, open_sqlite_read_only
from maitred.store.databases.sqlite import is_free, open_sqlite
from maitred.store.drivers.failures import StoreUnusable

from .chain import Identity
from .learned import leave
from .stores import SqlStore

_ID_BYTES = 16

__all__ = ["ReadOnlyStore", "SqlStore", "StoreUnusable", "keep_learned", "open_read_only", "open_store"]


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


def keep_learned(url: str, content: bytes) -> bool:
    """Keeps a snapshot of what has been learned, or leaves it for the service that has the file.

    Whether it stands in the database already. Raises ``StoreDown``, also as ``StoreUnusable``.
    """
    parsed = address.parse(url)
    if address.is_sqlite(parsed) and not is_free(address.sqlite_file(parsed)):
        leave(address.sqlite_file(parsed), content)
        return False
    opened = open_store(url)
    try:
        opened.save_learned(content, datetime.now(UTC))
    finally:
        opened.close()
    return True


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
