"""A database that is only looked at."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.engine import URL

from maitred.core.privacy.purposes import Consent, ConsentState
from maitred.engine.ports.store import Pause, Person, StoreDown
from maitred.store import StoreUnusable, open_read_only, open_store

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def reader(store, database_url):  # noqa: ARG001 -- makes the tables
    opened = open_read_only(database_url)
    yield opened
    opened.close()


def test_it_sees_what_is_written_beside_it(store, reader, append, make_record):
    record = make_record()
    append(store, record)
    assert reader.decision(record.decision_id) == record


def test_it_cannot_write(store, reader, append, make_record):
    with pytest.raises(StoreDown):
        append(reader, make_record())
    with pytest.raises(StoreDown):
        reader.pause(Pause("lounge", NOON))
    assert store.pauses() == []


def test_it_may_be_opened_again_and_again_and_leaves_the_writer_alone(
    store, database_url, append, make_record, count, closed_after
):
    for number in range(3):
        opened = closed_after(open_read_only(database_url))
        append(store, make_record())
        opened.close()
        assert count(store) == number + 1


def test_it_opens_what_nobody_has_open(database_url, append, make_record, closed_after):
    store, record = closed_after(open_store(database_url)), make_record()
    append(store, record)
    store.close()
    opened = open_read_only(database_url)
    assert opened.decision(record.decision_id) == record
    opened.close()
    again = closed_after(open_store(database_url))
    append(again, make_record())


def test_a_hash_is_found_in_its_chain_alone(store, reader, append, make_record):
    append(store, make_record(), make_record())
    with store._readers.connect() as connection:
        (writer,) = connection.exec_driver_sql("SELECT id FROM log_writer").scalars()
        hashes = list(connection.exec_driver_sql("SELECT hash FROM decision").scalars())
    for digest in hashes:
        assert reader.has_written(bytes(writer).hex(), bytes(digest).hex())
        assert not reader.has_written(os.urandom(16).hex(), bytes(digest).hex())
    assert not reader.has_written(bytes(writer).hex(), os.urandom(32).hex())
    assert not reader.has_written("no hex", "no hex")


def test_what_a_purge_would_delete_is_counted(store, reader, append, make_record):
    append(store, make_record(decided_at=NOON - 3 * DAY), make_record(decided_at=NOON))
    person = Person(os.urandom(16), os.urandom(18), os.urandom(60), {})
    stated = [Consent("ads", ConsentState.GRANTED, "app", NOON - days * DAY) for days in (4, 3)]
    with store.transaction() as transaction:
        transaction.record_consents(person, os.urandom(16), b"as sent", stated, stated[0].at)
    terms = {"decisions": NOON - DAY, "consents": NOON - DAY, "ledger": NOON, "events": NOON}
    assert reader.old(terms, NOON) == {"decisions": 1, "consents": 1, "ledger": 0, "events": 0}
    assert reader.old({}, NOON) == {}


def test_nothing_is_made_where_nothing_is(tmp_path):
    file = tmp_path / "maitred.db"
    with pytest.raises(StoreUnusable, match="does not exist"):
        open_read_only(f"sqlite:///{file}")
    assert list(tmp_path.iterdir()) == []
    file.touch()
    with pytest.raises(StoreUnusable, match="is empty"):
        open_read_only(f"sqlite:///{file}")
    assert file.stat().st_size == 0
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreUnusable, match="not a SQLite database"):
        open_read_only(f"sqlite:///{file}")


@pytest.mark.parametrize(
    ("version", "message"), [("0001", "start `maitred serve`"), ("9999", "run a newer one")]
)
def test_another_version_is_neither_read_nor_migrated(tmp_path, version, message, closed_after):
    url = f"sqlite:///{tmp_path}/maitred.db"
    store = closed_after(open_store(url))
    store._write(
        lambda connection: connection.exec_driver_sql(f"UPDATE maitred_schema SET version_num = '{version}'")
    )
    store.close()
    with pytest.raises(StoreUnusable, match=message):
        open_read_only(url)


def test_names_of_files_that_mean_something_in_a_uri_are_names(tmp_path):
    file = tmp_path / "a b?mode=rwc#%41.db"
    url = URL.create("sqlite", database=str(file)).render_as_string()
    open_store(url).close()
    assert file.is_file()
    open_read_only(url).close()
