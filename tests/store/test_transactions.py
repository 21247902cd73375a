import threading

import pytest
from sqlalchemy.exc import SQLAlchemyError

from maitred.engine.ports.store import StoreDown


def break_it(transaction) -> None:
    """Makes the next append fail in the database: its table is gone for this transaction."""
    transaction._line.connection.exec_driver_sql("ALTER TABLE decision RENAME TO gone")


def test_a_transaction_is_over_after_its_block(store, make_record):
    with store.transaction() as transaction:
        pass
    with pytest.raises(StoreDown, match="this transaction is over"):
        transaction.append([make_record()])


def test_after_an_error_the_transaction_is_over_and_the_next_one_is_clean(store, make_record, append, count):
    first, second = make_record(), make_record()
    with pytest.raises(StoreDown, match="decision"), store.transaction() as transaction:  # noqa: PT012 -- leaving the block is what is tested
        break_it(transaction)
        with pytest.raises(StoreDown, match="decision"):
            transaction.append([first])
        with pytest.raises(StoreDown, match="this transaction is over"):
            transaction.append([second])
    assert append(store, second) == {}
    assert count(store) == 1


def test_an_error_that_the_block_swallows_still_ends_in_an_error(store, make_record, count):
    earlier = make_record()
    with pytest.raises(StoreDown), store.transaction() as transaction:  # noqa: PT012 -- leaving the block is what is tested
        transaction.append([earlier])
        break_it(transaction)
        with pytest.raises(StoreDown):
            transaction.append([make_record()])
    assert store.decision(earlier.decision_id) is None
    assert count(store) == 0


def test_no_type_of_the_driver_gets_out(store, make_record):
    with pytest.raises(StoreDown) as caught, store.transaction() as transaction:  # noqa: PT012 -- leaving the block is what is tested
        break_it(transaction)
        transaction.append([make_record(body=b"c-secret")])
    assert not isinstance(caught.value, SQLAlchemyError)
    assert "c-secret" not in str(caught.value)
    assert "c-secret" not in str(caught.value.__cause__)


def test_transactions_of_several_threads_take_turns(store, make_record, append, count):
    def work() -> None:
        for _ in range(20):
            append(store, make_record(), make_record())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(store) == 160


def test_records_are_read_from_many_threads_while_one_writes(store, make_record, append):
    record = make_record()
    append(store, record)
    reads, stop = [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            reads.append(store.decision(record.decision_id))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        append(store, make_record())
    stop.set()
    for thread in threads:
        thread.join()
    assert len(reads) > 8
    assert all(stored == record for stored in reads)


def test_a_closed_store_says_so(store):
    store.close()
    store.close()
    with pytest.raises(StoreDown, match="is closed"):
        store.decision(b"x" * 16)
    with pytest.raises(StoreDown, match="is closed"), store.transaction():
        pass


def test_closing_waits_for_the_transaction_that_runs(store, make_record):
    entered, closing = threading.Event(), threading.Event()
    record = make_record()

    def write() -> None:
        with store.transaction() as transaction:
            entered.set()
            closing.wait(5)
            assert transaction.append([record]) == {}

    thread = threading.Thread(target=write)
    thread.start()
    entered.wait(5)
    closer = threading.Thread(target=store.close)
    closer.start()
    closing.set()
    thread.join()
    closer.join()
    with pytest.raises(StoreDown, match="is closed"):
        store.decision(record.decision_id)
