"""The durable state, in SQLite or PostgreSQL. The only place that knows SQL."""

from . import address
from .errors import StoreUnusable
from .sqlite import open_sqlite
from .stores import SqlStore

__all__ = ["SqlStore", "StoreUnusable", "open_store"]


def open_store(url: str) -> SqlStore:
    """Opens the database of a SQLAlchemy URL, and makes or migrates its tables.

    ``sqlite:///FILE`` (one process at a time) or ``postgresql://...`` (many).
    Raises ``StoreDown`` where the database cannot be reached, ``StoreUnusable`` where trying
    again does not help.
    """
    parsed = address.parse(url)
    if address.is_sqlite(parsed):
        return open_sqlite(parsed)
    from .postgres import open_postgres  # noqa: PLC0415 -- its driver takes a tenth of a second to load

    return open_postgres(parsed)
