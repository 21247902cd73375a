"""A store leaves no connection behind, whatever was going on as it was closed."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import event

from maitred.engine.ports.store import StoreDown

READERS = 3
WAIT_SECONDS = 20


def connections_of(engine):
    """The driver's connections that are made from now on."""
    made = []
    event.listen(engine, "connect", lambda connection, _: made.append(connection))
    return made


def is_open(connection):
    try:
        connection.execute("SELECT 1")
    except (sqlite3.ProgrammingError, psycopg.OperationalError):
        return False
    return True


def test_what_is_read_with_while_the_store_is_closed_is_closed_after_it(store):
    made = connections_of(store._readers)
    all_read, closed = threading.Barrier(READERS + 1), threading.Event()

    def find(connection):
        all_read.wait(WAIT_SECONDS)
        assert closed.wait(WAIT_SECONDS)
        return connection.exec_driver_sql("SELECT 1").scalar_one()

    with ThreadPoolExecutor(READERS) as pool:
        reads = [pool.submit(store._read, find) for _ in range(READERS)]
        all_read.wait(WAIT_SECONDS)
        store.close()
        closed.set()
        assert [read.result() for read in reads] == [1] * READERS
    assert len(made) == READERS
    assert not any(map(is_open, made))


def test_what_is_connected_while_the_store_is_closed_is_closed_after_it(store):
    made = connections_of(store._readers)
    event.listen(store._readers, "do_connect", lambda *_: store.close())
    assert store.decision(b"x" * 16) is None
    assert len(made) == 1
    assert not is_open(made[0])


def test_whoever_waited_to_write_while_the_store_was_closed_does_not_connect(store):
    made = connections_of(store._writer._engine)
    store.close()
    # As after the store's own look at whether it is closed.
    with pytest.raises(StoreDown, match="is closed"), store._writer.begin():
        pass
    assert made == []
