"""Database URLs: which kind they name, and how to speak of them without their secrets."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from maitred.store import messages
from maitred.store.drivers.failures import StoreUnusable

_SQLITE_DRIVERS = frozenset({"sqlite", "sqlite+pysqlite"})
_POSTGRES_DRIVERS = frozenset({"postgresql", "postgresql+psycopg"})
_POSTGRES_DRIVER = "postgresql+psycopg"


def parse(url: str) -> URL:
    """Returns the URL, with the driver it is used with. Raises ``StoreUnusable``."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise StoreUnusable(
            f"the database URL is malformed ({type(error).__name__}), write `sqlite:///FILE` or `postgresql://USER@HOST/NAME`"
        ) from None
    if parsed.drivername in _POSTGRES_DRIVERS:
        return parsed.set(drivername=_POSTGRES_DRIVER)
    if parsed.drivername not in _SQLITE_DRIVERS:
        raise StoreUnusable(
            f"database `{parsed.drivername}` is not supported, use `sqlite:///FILE` or `postgresql://USER@HOST/NAME`"
        )
    return parsed


def is_sqlite(url: URL) -> bool:
    """Returns whether the parsed URL names a SQLite file."""
    return url.drivername in _SQLITE_DRIVERS


def sqlite_file(url: URL) -> Path:
    """Returns the file a SQLite URL names. Raises ``StoreUnusable`` where it names none."""
    if url.query:
        raise StoreUnusable(messages.options_on_sqlite(sorted(url.query)))
    if not url.database or url.database == ":memory:":
        raise StoreUnusable("a SQLite database in memory keeps nothing, name a file: `sqlite:///FILE`")
    return Path(url.database)


def postgres_name(url: URL) -> str:
    """Returns a PostgreSQL database without user, password and options."""
    return URL.create("postgresql", host=url.host, port=url.port, database=url.database).render_as_string()
