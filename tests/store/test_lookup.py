"""Decisions are found by id and by customer, wherever the indexes of SQLite have got to."""

import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from shutil import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import exists, select
from tests.store.conftest import NOON

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.engine.ports.store import DecisionRecord, OutcomeRow, StoreConflict
from maitred.store import lookup, open_read_only, open_store, recent
from maitred.store.tables import DECISION, LOT

PART_ROWS = 6
ALIKE = b"the same"


@pytest.fixture(scope="module", autouse=True)
def small_parts():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recent, "PART_ROWS_MIN", PART_ROWS)
        patch.setattr(recent, "PART_ROWS_MAX", PART_ROWS)
        patch.setattr(recent, "KEYS_AT_ONCE", 4)
        yield


# Few, and alike in what an index has of them.
IDS = st.sampled_from(
    [ALIKE + b"%08d" % number for number in range(30)] + [b"%016d" % at for at in range(30)]
)
CUSTOMERS = st.sampled_from([b"", ALIKE + b"customer", ALIKE + b"another.", b"a reference"])
BATCH = st.lists(st.tuples(IDS, CUSTOMERS), max_size=8, unique_by=lambda row: row[0])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), BATCH),
        st.tuples(st.just("append"), BATCH),
        st.tuples(st.just("fail"), BATCH),
        st.tuples(st.just("purge"), st.integers(1, 9)),
        st.tuples(st.just("reopen"), st.none()),
    ),
    max_size=20,
)


class Log:
    """A store and what must be in it, in the order that it was written in."""

    def __init__(self, url):
        self.url, self.store = url, open_store(url)
        self.records: list[DecisionRecord] = []
        self.count = 0

    def append(self, batch):
        records = [self.record(*row) for row in batch]
        known = {record.decision_id: record for record in self.records}
        earlier = {
            record.decision_id: known[record.decision_id] for record in records if record.decision_id in known
        }
        with self.store.transaction() as transaction:
            assert transaction.find([record.decision_id for record in records[::2]]) == {
                record.decision_id: earlier[record.decision_id]
                for record in records[::2]
                if record.decision_id in earlier
            }
            assert transaction.append(records) == earlier
        self.records += [record for record in records if record.decision_id not in known]

    def fail(self, batch):
        with pytest.raises(RuntimeError), self.store.transaction() as transaction:  # noqa: PT012 -- leaving the block is what is tested
            transaction.append([self.record(*row) for row in batch])
            raise RuntimeError

    def purge(self, count):
        # Only the first decisions of the oldest writer go at once: those of others are younger.
        assert self.store.purge_decisions(NOON + timedelta(days=1), count) == min(count, len(self.records))
        del self.records[:count]

    def reopen(self, _):
        self.store.close()
        self.store = open_store(self.url)

    def record(self, decision_id, customer):
        self.count += 1
        at = NOON + timedelta(seconds=self.count)
        return DecisionRecord(decision_id, at, "ab" * 32, customer, b"body %d" % self.count, b"")

    def check(self, store):
        ids = {record.decision_id: record for record in self.records}
        for number in range(30):
            for decision_id in (ALIKE + b"%08d" % number, b"%016d" % number):
                assert store.decision(decision_id) == ids.get(decision_id)
        for customer in {record.customer for record in self.records}:
            theirs = [record for record in self.records if record.customer == customer]
            assert store.last_decisions_of(customer, 100) == theirs[::-1]
            assert store.decisions_of(customer, b"", 100) == sorted(theirs)


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory):
    """A database without decisions, to copy: to make one takes longer than a test does."""
    file = tmp_path_factory.mktemp("empty") / "empty.db"
    open_store(f"sqlite:///{file}").close()
    return file


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_every_decision_is_found_whatever_was_done_before(empty_file, steps):
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{copy(empty_file, Path(folder) / 'log.db')}"
        log = Log(url)
        for name, argument in steps:
            getattr(log, name)(argument)
        log.check(log.store)
        with closing(open_read_only(url)) as other:
            log.check(other)
        log.reopen(None)
        log.check(log.store)
        log.store.close()


def rows_of(store):
    """How many rows the log and its two indexes have, and those behind the marker."""
    with store._readers.connect() as connection:
        statements = ("decision", "decision_by_id", "decision_by_customer")
        counts = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in statements
        ]
        marked = "SELECT count(*) FROM decision WHERE seq > (SELECT seq FROM decision_indexed)"
        return *counts, connection.exec_driver_sql(marked).scalar_one()


def test_indexes_follow_the_log_and_lose_what_is_purged(sqlite_url, make_record, append, closed_after):
    store = closed_after(open_store(sqlite_url))
    for _ in range(100):
        append(store, make_record(customer=b""), make_record(customer=b"somebody"))
    rows, ids, customers, left = rows_of(store)
    assert rows == 200
    assert 0 < left <= 3 * PART_ROWS
    assert min(ids, customers) >= rows - left
    assert store.purge_decisions(NOON + timedelta(days=1), 1_000) == 200
    assert rows_of(store) == (0, 0, 0, 0)
    append(store, make_record())
    assert rows_of(store) == (1, 0, 0, 1)


def test_what_is_known_in_memory_stays_known_where_indexed_rows_are_purged(
    sqlite_url, make_record, append, closed_after
):
    store = closed_after(open_store(sqlite_url))
    for _ in range(20 * PART_ROWS):
        append(store, make_record())
    known = store._writer.recent
    assert store.purge_decisions(NOON + timedelta(days=1), PART_ROWS) == PART_ROWS
    assert store._writer.recent is known


def test_an_id_twice_in_a_batch_is_refused(store, make_record, append, count):
    record = make_record()
    with pytest.raises(StoreConflict):
        append(store, record, record)
    assert count(store) == 0
    assert append(store, record) == {}


def test_outcomes_of_a_customer_are_found_in_memory_and_in_an_index(
    sqlite_url, make_record, append, closed_after
):
    store = closed_after(open_store(sqlite_url))
    ann = [make_record(customer=ALIKE + b"ann") for _ in range(4 * PART_ROWS)]
    ben = [make_record(customer=ALIKE + b"ben") for _ in range(4 * PART_ROWS)]
    for records in zip(ann, ben, strict=True):
        append(store, *records)
        outcomes = [outcome(record) for record in records]
        with store.transaction() as transaction:
            transaction.append_outcomes(outcomes)
    with store.transaction() as transaction:
        of_ann = transaction.outcomes_of([ALIKE + b"ann"], by_calls=False)
        assert {ref: len(outcomes) for ref, outcomes in of_ann.items()} == {ALIKE + b"ann": len(ann)}
        assert transaction.outcomes_of([ALIKE + b"nobody"], by_calls=False) == {}
    assert len(store.deeds_of([ALIKE + b"ann"])) == len(ann)


def outcome(record):
    kind = OutcomeKind.PRESENTED
    return OutcomeRow(
        record.decision_id, b"sent", record.decision_id, "a", kind, NOON, recorded=True, detail=""
    )


def plan(store, statement) -> str:
    with store._writer.begin() as line:
        text = statement(line)
        compiled = text.compile(line.connection, compile_kwargs={"render_postcompile": True})
        return "\n".join(
            row[-1]
            for row in line.connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {compiled}", tuple(compiled.params.values())
            )
        )


@pytest.mark.parametrize(
    "statement",
    [
        lambda line: select(DECISION.c.seq).where(
            lookup.of_ids(line.connection, line.recent, [b"one", b"two"])
        ),
        lambda line: select(exists().where(lookup.of_customers(line.connection, line.recent, [b"one"]))),
        lambda line: (
            select(LOT.c.lot_id)
            .join_from(DECISION, LOT, LOT.c.decision_id == DECISION.c.decision_id)
            .where(lookup.of_customers(line.connection, line.recent, [b"one"]))
        ),
    ],
)
def test_the_log_is_not_read_through(sqlite_url, make_record, append, closed_after, statement):
    store = closed_after(open_store(sqlite_url))
    append(store, make_record())
    found = plan(store, statement)
    assert "SEARCH decision USING INTEGER PRIMARY KEY" in found
    assert "SCAN decision" not in found
