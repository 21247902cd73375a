import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from tests.databases import opened

from maitred.core.limits.limits import LockRank
from maitred.core.limits.lots import Claim, Origin, Part, Unit
from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.engine.ports.store import CounterQuery
from maitred.store import StoreUnusable, open_store, schema_version
from maitred.store.tables import METADATA, SQLITE_METADATA

pytestmark = pytest.mark.empty_database

STARTERS = 3
OPEN_AND_CLOSE = "import sys; from maitred.store import open_store; open_store(sys.argv[1]).close()"


@pytest.fixture
def engine(database_url):
    with opened(database_url) as made:
        yield made


@pytest.fixture
def tables(engine):
    """The tables that the code uses in this database."""
    return [METADATA, SQLITE_METADATA] if engine.dialect.name == "sqlite" else [METADATA]


def test_an_empty_database_gets_the_tables_and_keeps_them(
    database_url, engine, tables, make_record, append, closed_after
):
    record = make_record()
    store = closed_after(open_store(database_url))
    append(store, record)
    store.close()

    store = closed_after(open_store(database_url))
    assert store.decision(record.decision_id) == record
    store.close()
    names = {name for metadata in tables for name in metadata.tables}
    assert set(inspect(engine).get_table_names()) == {*names, schema_version.VERSION_TABLE}


def test_the_migrations_end_in_the_tables_the_code_uses(database_url, engine, tables):
    open_store(database_url).close()

    def is_here(item, *_) -> bool:
        only = getattr(item, "_ddl_if", None)
        return only is None or only.dialect == engine.dialect.name

    options = {"version_table": schema_version.VERSION_TABLE, "include_object": is_here}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables) == []


def test_what_stood_in_the_ledger_before_lots_had_origins_is_kept(
    database_url, engine, monkeypatch, closed_after
):
    with monkeypatch.context() as before:
        before.setattr(schema_version, "HEAD", "0002")
        open_store(database_url).close()
    flags = {"rolling": b"\x01", "plain": b"\x00"}
    counter, taken = b"a counter of 16!", (1_000_000).to_bytes(8, "big")
    insert = text("INSERT INTO ledger_lot VALUES (:id, :id, :state, 0, :units, 0, '', 0, :none, 1000000)")
    with engine.begin() as connection:
        for state, lot_id in enumerate([b"confirmed lot 16", b"released lot 16!"], start=2):
            units = b"".join(counter + taken + flag for flag in flags.values())
            connection.execute(insert, {"id": lot_id, "state": state, "units": units, "none": b""})
    store = closed_after(open_store(database_url))
    confirmed, released = store.lot(b"confirmed lot 16"), store.lot(b"released lot 16!")
    store.close()
    assert confirmed.units == (
        Unit(counter, 1_000_000, rolling=True),
        Unit(counter, 1_000_000, rolling=False),
    )
    assert (confirmed.origin, confirmed.reuse, confirmed.over_us) == (None, b"", None)
    assert released.over_us == 1_000_000


def test_claims_of_before_they_were_ordered_are_kept(database_url, engine, monkeypatch, closed_after):
    with monkeypatch.context() as before:
        before.setattr(schema_version, "HEAD", "0017")
        open_store(database_url).close()
    insert_lot = text(
        "INSERT INTO ledger_lot (lot_id, fingerprint, state, choice, units, expires_at, refused_limit,"
        " refused_reason, reuse, made_at, decision_id, action, over_at, part, place) VALUES"
        " (:lot, :lot, 1, 0, :none, :expires, '', 0, :none, 1000000, :decision, 'pizza', 0, 4, 'pizza')"
    )
    insert_claim = text(
        "INSERT INTO claim VALUES (:lot, :decision, :action, :customer, :none, :none, :expires)"
    )
    lot, gone, customer = b"a lot of 16 byte", b"another lot, gon", b"somebody's ref.."
    made = {
        "lot": lot,
        "none": b"",
        "decision": b"a decision of 16",
        "action": b"pizza",
        "expires": 2_000_000,
    }
    with engine.begin() as connection:
        connection.execute(insert_lot, made)
        for lot_id in (lot, gone):
            connection.execute(insert_claim, made | {"lot": lot_id, "customer": customer})
    store = closed_after(open_store(database_url))
    with store.transaction() as transaction:
        claims = transaction.open_claims([customer], from_microseconds(0))
    store.close()
    assert [(claim.id, claim.action) for claim in claims[customer]] == [(lot, "pizza")]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT made_at, lot_id FROM claim")).all() == [(1_000_000, lot)]


def test_lots_and_counters_of_before_they_lay_by_time_are_found(
    database_url, engine, monkeypatch, closed_after
):
    with monkeypatch.context() as before:
        before.setattr(schema_version, "HEAD", "0018")
        open_store(database_url).close()
    insert_lot = text(
        "INSERT INTO ledger_lot (lot_id, fingerprint, state, choice, units, expires_at, refused_limit,"
        " refused_reason, reuse, made_at, decision_id, action, over_at, part, place) VALUES"
        " (:lot, :lot, 2, 0, :none, 0, '', 0, :none, 1000000, :decision, 'pizza', 0, :part, '')"
    )
    insert_counter = text(
        "INSERT INTO ledger_counter VALUES (:id, :heat, :limit, :none, :window, 0, 0, 1, 1000000, 0, 1)"
    )
    decision = b"a decision of 16"
    lots = {
        Part.DECIDED: b"a lot of 16 byte",
        Part.HOLD: b"another lot of it",
        Part.CLAIM: b"claim of 16 byte",
    }
    with engine.begin() as connection:
        for part, lot in lots.items():
            values = {"lot": lot, "none": b"", "decision": decision, "part": part.value}
            connection.execute(insert_lot, values)
        for rank in (LockRank.PERSON, LockRank.EVERYBODY):
            numbers = {"id": rank.name.encode(), "heat": rank.value}
            words = {"limit": rank.name, "none": b"", "window": b"day"}
            connection.execute(insert_counter, {**numbers, **words})
    store = closed_after(open_store(database_url))
    histories = store.histories(decision)
    tallies = store.tallies(
        from_microseconds(2_000_000),
        [CounterQuery("PERSON"), CounterQuery("EVERYBODY"), CounterQuery("EVERYBODY", is_shared=True)],
        1,
        9,
    )
    store.close()
    assert {history.lot.part: history.lot.id for history in histories} == lots
    assert [tally.limit for tally in tallies] == ["PERSON", "EVERYBODY", "EVERYBODY"]


@pytest.mark.parametrize("is_known", [True, False])
def test_claims_of_before_they_lay_by_their_decisions_are_found_by_them(
    database_url, engine, monkeypatch, make_record, append, closed_after, is_known
):
    record = make_record()
    with monkeypatch.context() as before:
        before.setattr(schema_version, "HEAD", "0020")
        store = closed_after(open_store(database_url))
        if is_known:
            append(store, record)
        store.close()
    insert_lot = text(
        "INSERT INTO ledger_lot (lot_id, fingerprint, state, choice, units, expires_at, refused_limit,"
        " refused_reason, reuse, made_at, decision_id, action, over_at, part, place) VALUES"
        " (:lot, :lot, 1, 0, :none, 99000000000000000, '', 0, :none, 1000000, :decision, 'pizza', 0, 4,"
        " 'pizza')"
    )
    lot = b"claim of 16 byte"
    with engine.begin() as connection:
        connection.execute(insert_lot, {"lot": lot, "none": b"", "decision": record.decision_id})
    store = closed_after(open_store(database_url))
    assert [history.lot.id for history in store.histories(record.decision_id)] == [lot]
    if is_known:
        origin = Origin(record.decision_id, "pizza", to_microseconds(record.decided_at))
        again = Claim(b"an id of its own", b"again", origin, "pizza", hold_us=1)
        with store.transaction() as transaction:
            (settled,) = transaction.settle(record.decided_at, [again])
        assert (settled.lot, settled.reused) == (lot, True)
    store.close()


def forks(folder):
    """What keeps the migrations of a folder from being one after the other, by number."""
    follows, faults = {}, []
    for file in sorted(folder.glob("*.py")):
        names = dict(re.findall(r'^(revision|down_revision) = "?(\w+)"?$', file.read_text(), re.MULTILINE))
        number = names["revision"]
        if not file.name.startswith(f"{number}_"):
            faults.append(f"{file.name} says it is {number}")
        if number in follows:
            faults.append(f"two are {number}")
        follows[number] = names["down_revision"]
    numbers = sorted(follows)
    expected = dict(zip(numbers, ["None", *numbers], strict=False))
    return faults + [
        f"{number} follows {follows[number]}" for number in numbers if follows[number] != expected[number]
    ]


def test_migrations_are_one_after_the_other_and_the_code_names_the_newest():
    versions = schema_version._MIGRATIONS / "versions"
    assert forks(versions) == []
    assert max(file.name for file in versions.glob("*.py")).startswith(f"{schema_version.HEAD}_")


@pytest.mark.parametrize(
    ("name", "revision", "after", "fault"),
    [
        ("0003_again.py", "0003", "0002", "two are 0003"),
        ("0004_fork.py", "0004", "0002", "0004 follows 0002"),
        ("0004_name.py", "0005", "0003", "0004_name.py says it is 0005"),
        ("0004_first.py", "0004", None, "0004 follows None"),
    ],
)
def test_migrations_that_two_have_made_at_once_are_told(tmp_path, name, revision, after, fault):
    chain = [("0001_a.py", "0001", None), ("0002_b.py", "0002", "0001"), ("0003_c.py", "0003", "0002")]
    for file, number, before in chain:
        write_migration(tmp_path / file, number, before)
    assert forks(tmp_path) == []
    write_migration(tmp_path / name, revision, after)
    assert fault in forks(tmp_path)


def write_migration(file, number, before):
    earlier = f'"{before}"' if before else "None"
    file.write_text(f'revision = "{number}"\ndown_revision = {earlier}\n')


def test_the_migrations_are_packaged():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    packaged = project["tool"]["setuptools"]["package-data"]["maitred"]
    assert {"store/migrations/*", "store/migrations/versions/*"} <= set(packaged)


def test_a_database_of_a_newer_maitred_is_refused(database_url, engine):
    open_store(database_url).close()
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {schema_version.VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(StoreUnusable, match="is at schema `9999`, this maitred knows `"):
        open_store(database_url)


def test_a_database_of_somebody_else_is_refused_and_left_alone(database_url, engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE accounts (id integer)")
        connection.exec_driver_sql("CREATE TABLE bookings (id integer)")
    with pytest.raises(StoreUnusable, match=r"tables that are not maitred's \(`accounts`, `bookings`\)"):
        open_store(database_url)
    assert set(inspect(engine).get_table_names()) == {"accounts", "bookings"}
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "delete"


def test_a_failed_migration_leaves_nothing(database_url, engine, monkeypatch):
    def fail(connection) -> None:
        migrate(connection)
        raise RuntimeError("halfway")

    migrate = schema_version._migrate
    monkeypatch.setattr(schema_version, "_migrate", fail)
    with pytest.raises(RuntimeError, match="halfway"):
        open_store(database_url)
    assert inspect(engine).get_table_names() == []
    monkeypatch.undo()
    open_store(database_url).close()


def test_replicas_that_start_together_migrate_once(postgres_url, postgres_server):
    starters = [
        subprocess.Popen([sys.executable, "-c", OPEN_AND_CLOSE, postgres_url]) for _ in range(STARTERS)
    ]
    assert [starter.wait() for starter in starters] == [0] * STARTERS
    assert postgres_server.run(f"SELECT version_num FROM {schema_version.VERSION_TABLE}", postgres_url) == [
        (schema_version.HEAD,)
    ]


def test_of_processes_that_start_together_on_one_file_each_gets_the_tables_or_the_reason(sqlite_url):
    def start(_: int) -> str:
        try:
            open_store(sqlite_url).close()
        except StoreUnusable as error:
            return str(error)
        return "opened"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(start, range(24)))
    assert "opened" in results
    assert all(answer == "opened" or "is in use by" in answer for answer in results)
    open_store(sqlite_url).close()
