"""Looks into the databases of tests past the store."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import make_url


@contextmanager
def opened(database: str) -> Iterator[Engine]:
    """An engine of its own for the database of a URL as `maitred serve` takes it."""
    url = make_url(database)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def connected(database: str) -> Iterator[Connection]:
    """A connection to it."""
    with opened(database) as engine, engine.connect() as connection:
        yield connection
