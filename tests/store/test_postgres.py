import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy.engine import make_url

from maitred.engine.ports.store import StoreConflict, StoreDown
from maitred.store import StoreUnusable, open_store
from maitred.store.ledger import postgres as ledger
from maitred.store.log import decisions

REPLICAS = 4
IDLE_CLOSED_PORT_URL = "postgresql://user:secret@127.0.0.1:1/maitred"


@pytest.fixture
def store(postgres_url):
    opened = open_store(postgres_url)
    yield opened
    opened.close()


@pytest.fixture
def other(postgres_url):
    opened = open_store(postgres_url)
    yield opened
    opened.close()


@pytest.fixture
def terminate(postgres_server):
    """Ends the server's side of the connection that a transaction is on."""

    def run(connection) -> None:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        postgres_server.run(f"SELECT pg_terminate_backend({pid}, 5000)")

    return run


def test_replicas_that_append_the_same_ids_write_each_once_and_agree(
    postgres_url, make_record, append, count, closed_after
):
    stores = [closed_after(open_store(postgres_url)) for _ in range(REPLICAS)]
    ids = [[make_record().decision_id for _ in range(16)] for _ in range(20)]
    start = threading.Barrier(REPLICAS)

    def replica(number: int) -> list[dict[bytes, str]]:
        winners = []
        start.wait()
        for batch in ids:
            mine = [make_record(decision_id=key, customer=b"replica-%d" % number) for key in batch]
            mine = mine[number:] + mine[:number]
            earlier = append(stores[number], *mine)
            final = {record.decision_id: record for record in mine} | earlier
            winners.append({key: record.customer for key, record in final.items()})
        return winners

    with ThreadPoolExecutor(REPLICAS) as pool:
        winners = list(pool.map(replica, range(REPLICAS)))

    assert all(winner == winners[0] for winner in winners)
    assert count(stores[0]) == sum(map(len, ids))
    assert all(
        stores[0].decision(key).customer == name for batch in winners[0] for key, name in batch.items()
    )


def test_a_record_that_another_replica_is_writing_is_waited_for(store, other, make_record, append):
    first = make_record(customer=b"first")
    with ThreadPoolExecutor(1) as pool:
        with store.transaction() as transaction:
            transaction.append([first])
            waiting = pool.submit(append, other, first._replace(customer=b"second"))
            time.sleep(0.1)
            assert not waiting.done()
        assert waiting.result(10) == {first.decision_id: first}


def test_a_record_that_another_replica_took_back_is_written(store, other, make_record, append):
    first = make_record()
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(RuntimeError), store.transaction() as transaction:  # noqa: PT012 -- leaving
            transaction.append([first])
            waiting = pool.submit(append, other, first)
            time.sleep(0.1)
            raise RuntimeError
        assert waiting.result(10) == {}
    assert store.decision(first.decision_id) == first


def test_of_two_that_wait_for_each_other_one_loses(store, other, make_record):
    one, two = make_record(), make_record()
    both_hold = threading.Barrier(2)

    def run(opened, mine, theirs) -> str:
        try:
            with opened.transaction() as transaction:
                transaction.append([mine])
                both_hold.wait()
                transaction.append([theirs])
        except StoreConflict:
            return "lost"
        return "won"

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run, store, one, two), pool.submit(run, other, two, one)]
        assert sorted(done.result(20) for done in runs) == ["lost", "won"]
    assert store.decision(one.decision_id)
    assert store.decision(two.decision_id)


@pytest.mark.parametrize(
    ("limit", "error", "reason"),
    [
        ("lock_timeout", StoreConflict, "was busy"),
        ("statement_timeout", StoreDown, "does not answer in time"),
    ],
)
def test_waiting_has_an_end(store, other, make_record, append, limit, error, reason):
    record = make_record()
    with store.transaction() as transaction:
        transaction.append([record])
        with pytest.raises(error, match=reason), other.transaction() as late:  # noqa: PT012 -- leaving
            late._line.connection.exec_driver_sql(f"SET LOCAL {limit} = '50ms'")
            late.append([record])
    assert append(other, record) == {record.decision_id: record}


def test_a_connection_lost_in_the_middle_is_an_error_and_the_next_transaction_works(
    store, terminate, make_record, append, count
):
    record = make_record()
    with pytest.raises(StoreDown, match="cannot be reached"), store.transaction() as transaction:  # noqa: PT012 -- leaving
        terminate(transaction._line.connection)
        transaction.append([record])
    assert append(store, record) == {}
    assert count(store) == 1


def test_a_connection_lost_before_the_commit_is_an_error_and_leaves_nothing(
    store, terminate, make_record, append
):
    record = make_record()
    with pytest.raises(StoreDown, match="cannot be reached"), store.transaction() as transaction:  # noqa: PT012 -- leaving
        transaction.append([record])
        terminate(transaction._line.connection)
    assert store.decision(record.decision_id) is None
    assert append(store, record) == {}


def test_connections_lost_while_idle_are_not_noticed(store, terminate, make_record, append):
    append(store, make_record())
    for _ in range(2):
        with store._readers.connect() as reading:
            for connection in (reading, store._writer._line.connection):
                terminate(connection)
        record = make_record()
        assert append(store, record) == {}
        assert store.decision(record.decision_id) == record


def test_a_server_that_stops_is_an_error_until_it_is_back(store, postgres_server, make_record, append):
    if postgres_server.stop is None:
        pytest.skip("the server is not ours to stop")
    before, after = make_record(), make_record()
    append(store, before)
    postgres_server.stop()
    try:
        for _ in range(2):
            with pytest.raises(StoreDown, match="cannot be reached"):
                append(store, after)
            with pytest.raises(StoreDown, match="cannot be reached"):
                store.decision(before.decision_id)
    finally:
        postgres_server.start()
    assert append(store, after) == {}
    assert store.decision(before.decision_id) == before


def test_a_server_that_is_not_there_is_named_without_secrets():
    with pytest.raises(StoreDown, match="cannot be reached") as caught:
        open_store(IDLE_CLOSED_PORT_URL)
    assert not isinstance(caught.value, StoreUnusable)
    assert "secret" not in str(caught.value)
    assert "127.0.0.1:1/maitred" in str(caught.value)


def test_a_database_that_does_not_exist_is_named(postgres_server):
    url = make_url(postgres_server.url).set(database="no_such_database").render_as_string(hide_password=False)
    with pytest.raises(StoreDown, match='database "no_such_database" does not exist'):
        open_store(url)


def test_every_commit_is_durable_whatever_the_server_says(postgres_url, closed_after):
    url = make_url(postgres_url)
    options = f"{url.query['options']} -csynchronous_commit=off -cdefault_transaction_isolation=serializable"
    options += " -cdefault_transaction_read_only=on"
    store = closed_after(
        open_store(url.update_query_dict({"options": options}).render_as_string(hide_password=False))
    )
    with store.transaction() as transaction:
        ask = transaction._line.connection.exec_driver_sql
        assert ask("SHOW synchronous_commit").scalar_one() == "on"
        assert ask("SHOW transaction_isolation").scalar_one() == "read committed"
        assert ask("SHOW statement_timeout").scalar_one() == "10s"
        assert ask("SHOW lock_timeout").scalar_one() == "3s"


@pytest.mark.parametrize(
    "statement",
    [
        decisions._POSTGRES_FIND,
        ledger._LOTS,
        ledger._OF_DECISIONS,
        ledger._LOCK_OF_DECISIONS,
        ledger._HELD_UNDER,
        ledger._LOCK_ROWS,
        ledger._STEPS,
    ],
)
def test_what_is_planned_while_the_tables_are_empty_goes_by_an_index(store, statement):
    with store.transaction() as transaction:
        ask = transaction._line.connection.exec_driver_sql
        ask("SET LOCAL plan_cache_mode = force_generic_plan")
        ask(f"PREPARE planned (bytea[]) AS {statement.replace('%b', '$1')}")
        plan = "\n".join(ask("EXPLAIN EXECUTE planned ('{}')").scalars())
        ask("DEALLOCATE planned")
    assert "Index" in plan
    assert "Seq Scan" not in plan


def test_a_stricter_commit_stays(postgres_url, closed_after):
    url = make_url(postgres_url)
    strict = url.update_query_dict({"options": f"{url.query['options']} -csynchronous_commit=remote_apply"})
    store = closed_after(open_store(strict.render_as_string(hide_password=False)))
    with store.transaction() as transaction:
        assert (
            transaction._line.connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
            == "remote_apply"
        )


def test_a_server_without_fsync_is_warned_of(store, postgres_server):
    ((fsync,),) = postgres_server.run("SHOW fsync")
    assert [("fsync = off" in warning) for warning in store.warnings] == ([] if fsync == "on" else [True])


HELD = """
INSERT INTO ledger_lot
SELECT int4send(n), '', 1, 0, '', n, '', 0, int4send(n), 0, '', '', 0, 0, '' FROM generate_series(1, %s) AS n
"""


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("rows", [0, 10, 100, 1_000])
def test_holds_are_looked_up_by_their_keys_while_tables_have_no_statistics(postgres_url, rows):
    """Plans that are made then are kept until there are some."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute(HELD, (rows,))
        connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
        under, due = (statement.replace("%b", "$1") for statement in (ledger._HELD_UNDER, ledger._DUE))
        connection.execute(f"PREPARE under (bytea[]) AS {under}; PREPARE due (bigint) AS {due}")
        by_key = connection.execute("EXPLAIN EXECUTE under (NULL)").fetchall()
        by_time = connection.execute("EXPLAIN EXECUTE due (1)").fetchall()
    assert "ledger_lot_reuse" in str(by_key)
    assert "ledger_lot_due" in str(by_time)
