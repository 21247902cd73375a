import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from maitred.engine.ports.store import StoreConflict, StoreDown
from maitred.store import StoreUnusable, open_store
from maitred.store.databases.sqlite import FIXED_VERSION, warnings_for

pytestmark = pytest.mark.empty_database

NOBODY = 65534


@pytest.fixture
def store(sqlite_url):
    opened = open_store(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def file(sqlite_url) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


def pragma(engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def test_the_writer_syncs_every_commit_and_alone_checkpoints(store, make_record, append):
    append(store, make_record())
    writer = store._writer._line.connection
    asked = {
        name: writer.exec_driver_sql(f"PRAGMA {name}").scalar_one()
        for name in ("journal_mode", "synchronous")
    }
    assert asked == {"journal_mode": "wal", "synchronous": 2}
    assert writer.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one() > 0
    assert writer.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    assert writer.exec_driver_sql("PRAGMA busy_timeout").scalar_one() > 0
    assert pragma(store._readers, "wal_autocheckpoint") == 0
    assert pragma(store._readers, "query_only") == 1


def test_closing_leaves_one_whole_file(store, file, make_record, append):
    record = make_record()
    append(store, record)
    assert store.decision(record.decision_id) == record
    store.close()
    assert not Path(f"{file}-wal").exists()
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM decision").fetchone() == (1,)
    connection.close()


@pytest.mark.usefixtures("store")
def test_a_file_that_another_store_has_open_is_refused(sqlite_url):
    with pytest.raises(StoreUnusable, match=f"is in use by process {os.getpid()}"):
        open_store(sqlite_url)


@pytest.mark.usefixtures("store")
def test_a_file_that_another_process_has_open_is_refused_by_any_name(file, tmp_path):
    (tmp_path / "link.db").symlink_to(file)
    (file.parent / "folder").mkdir()
    for name in (tmp_path / "link.db", file.parent / "folder" / ".." / file.name):
        script = f"from maitred.store import open_store; open_store('sqlite:///{name}')"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert f"is in use by process {os.getpid()}" in done.stderr


def test_a_file_can_be_opened_again_after_it_was_closed(store, sqlite_url):
    store.close()
    with closing(open_store(sqlite_url)) as again:
        assert again.pauses() == []


def test_a_file_can_be_opened_after_it_was_refused(tmp_path):
    file = tmp_path / "maitred.db"
    file.write_bytes(b"no database at all, " * 1000)
    with pytest.raises(StoreUnusable, match="is not a SQLite database"):
        open_store(f"sqlite:///{file}")
    assert file.read_bytes() == b"no database at all, " * 1000
    file.unlink()
    open_store(f"sqlite:///{file}").close()


def test_an_empty_file_is_an_empty_database(tmp_path):
    (tmp_path / "maitred.db").touch()
    with closing(open_store(f"sqlite:///{tmp_path / 'maitred.db'}")) as opened:
        assert opened.pauses() == []


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(StoreUnusable, match=r"the folder `.*nowhere` does not exist, create it"):
        open_store(f"sqlite:///{tmp_path / 'nowhere' / 'maitred.db'}")


def test_a_folder_is_not_a_database(tmp_path):
    with pytest.raises(StoreUnusable, match="is a folder, name a file in it"):
        open_store(f"sqlite:///{tmp_path}")


@contextmanager
def as_an_ordinary_user(folder: Path) -> Iterator[None]:
    """Root may write everything: gives up its rights for a while."""
    if os.geteuid() != 0:
        yield
        return
    for path in (folder, *folder.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user can reach."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_a_file_that_cannot_be_written_is_named(open_folder):
    file = open_folder / "maitred.db"
    open_store(f"sqlite:///{file}").close()
    with as_an_ordinary_user(open_folder):
        for mode in (0o444, 0o000):
            file.chmod(mode)
            with pytest.raises(StoreUnusable, match="is read-only, let this user read and write it"):
                open_store(f"sqlite:///{file}")
        file.chmod(0o644)
        open_store(f"sqlite:///{file}").close()


def test_a_folder_that_cannot_be_written_is_named(open_folder):
    with as_an_ordinary_user(open_folder):
        open_folder.chmod(0o555)
        try:
            with pytest.raises(StoreUnusable, match=r"the folder `.*` is read-only"):
                open_store(f"sqlite:///{open_folder / 'maitred.db'}")
        finally:
            open_folder.chmod(0o755)


def test_a_full_database_refuses_and_keeps_what_it_has(store, make_record, append, count):
    kept = [make_record(body=b"x" * 10_000) for _ in range(20)]
    append(store, *kept)
    writer = store._writer._line.connection
    writer.exec_driver_sql(
        f"PRAGMA max_page_count = {writer.exec_driver_sql('PRAGMA page_count').scalar_one() + 10}"
    )

    with pytest.raises(StoreDown, match="has no room left to write"):
        append(store, *(make_record(body=b"y" * 10_000) for _ in range(20)))

    assert count(store) == 20
    assert [store.decision(record.decision_id) for record in kept] == kept
    append(store, make_record())  # on a new connection, without the limit


def test_a_full_disk_loses_nothing(store, sqlite_url, make_record, append, count, file, closed_after):
    kept = [make_record(body=b"x" * 10_000) for _ in range(20)]
    append(store, *kept)
    used, (_, hard_limit) = Path(f"{file}-wal").stat().st_size, resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (used + 50_000, hard_limit))
    try:
        with pytest.raises(StoreDown, match="has no room left to write"):
            append(store, *(make_record(body=b"y" * 10_000) for _ in range(20)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard_limit, hard_limit))

    assert count(store) == 20
    append(store, make_record())
    store.close()
    reopened = closed_after(open_store(sqlite_url))
    assert [reopened.decision(record.decision_id) for record in kept] == kept
    assert count(reopened) == 21


def test_a_damaged_file_is_named(store, file, sqlite_url, make_record, append, closed_after):
    records = [make_record(body=b"x" * 3000) for _ in range(200)]
    append(store, *records)
    store.close()
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(5 * 4096)
        opened.write(b"\xa5" * (size - 5 * 4096))

    with pytest.raises(StoreUnusable, match="is damaged, restore it from a backup"):  # noqa: PT012 -- on opening or on use
        store = closed_after(open_store(sqlite_url))
        try:
            append(store, make_record(), records[0])
        finally:
            store.close()


def test_a_file_cut_short_is_named(store, file, sqlite_url, make_record, append, closed_after):
    append(store, *(make_record(body=b"x" * 3000) for _ in range(200)))
    store.close()
    os.truncate(file, 3 * 4096)
    with pytest.raises(StoreUnusable, match="is damaged"):  # noqa: PT012 -- on opening or on use
        store = closed_after(open_store(sqlite_url))
        try:
            append(store, make_record())
        finally:
            store.close()


def test_another_program_that_writes_is_waited_for_and_then_named(store, file, make_record, append):
    append(store, make_record())
    store._writer._line.connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreConflict, match="was busy"):
        append(store, make_record())
    other.execute("COMMIT")
    other.close()
    append(store, make_record())


def test_old_versions_of_sqlite_are_warned_of():
    assert warnings_for(FIXED_VERSION) == ()
    assert warnings_for((3, 52, 0)) == ()
    (warning,) = warnings_for((3, 51, 2))
    assert "3.51.2" in warning
    assert "3.51.3" in warning


def test_the_store_carries_its_warnings(store):
    assert store.warnings == warnings_for(sqlite3.sqlite_version_info)
