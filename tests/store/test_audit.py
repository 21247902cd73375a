import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from tests.databases import opened

from maitred.store import open_store, schema_version
from maitred.store.chain import Identity, Tail, encoded, link, linked, place

ROWS = 6


@pytest.fixture
def tamper(database_url):
    """Runs raw SQL on the database, past every guard."""
    with opened(database_url) as engine:

        def run(*statements, **values):
            with engine.begin() as connection:
                return [connection.execute(text(statement), values) for statement in statements]

        yield run


@pytest.fixture
def log(store, make_record, append):
    """Two batches in the log, of one writer."""
    records = [make_record(customer=os.urandom(16), body=os.urandom(100)) for _ in range(ROWS)]
    append(store, *sorted(records[:4]))
    append(store, *sorted(records[4:]))
    return [*sorted(records[:4]), *sorted(records[4:])]


def audit(store):
    progress: list[int] = []
    report = store.audit(progress.append)
    assert progress == sorted(progress)
    assert not progress or progress[-1] == report.rows
    return report


def first_break(store):
    (broken,) = audit(store).broken
    return broken


def test_an_empty_log_is_whole(store):
    report = audit(store)
    assert (report.rows, report.broken) == (0, ())


def test_a_log_is_whole_and_its_chains_are_told(store, log):
    report = audit(store)
    assert (report.rows, report.broken) == (len(log), ())
    (chain,) = report.chains
    assert (chain.rows, chain.purged, len(chain.head)) == (len(log), 0, 64)
    assert int(chain.writer, 16)


def test_every_process_has_a_chain_of_its_own(database_url, make_record, append, closed_after):
    for _ in range(3):
        store = closed_after(open_store(database_url))
        append(store, make_record(), make_record())
        report = audit(store)
        store.close()
    assert report.broken == ()
    assert [chain.rows for chain in report.chains] == [2, 2, 2]
    assert len({chain.writer for chain in report.chains}) == 3


def test_a_process_that_only_looks_writes_no_chain(store, make_record):
    store.audit(lambda _: None)
    store.purge_ledger(make_record().decided_at, 10)
    assert audit(store).chains == ()


BYTES = ["decision_id", "customer", "body", "hash"]


@pytest.mark.parametrize("column", [*BYTES, "decided_at", "ruleset"])
def test_one_byte_changed_is_found(store, log, tamper, column):
    for number in (ROWS, 4, 1):  # each is the first that is bad
        seq = place(1, number)
        if column in BYTES:
            ((before,),) = tamper(f"SELECT {column} FROM decision WHERE seq = :seq", seq=seq)[0]
            changed = bytes(before)
            values = {"seq": seq, "new": changed[:-1] + bytes([changed[-1] ^ 1])}
            tamper(f"UPDATE decision SET {column} = :new WHERE seq = :seq", **values)
        else:
            new = "decided_at + 1" if column == "decided_at" else "replace(ruleset, 'a', 'c')"
            tamper(f"UPDATE decision SET {column} = {new} WHERE seq = {seq}")
        broken = first_break(store)
        assert (broken.row, broken.why) == (number, "the row is not as it was written")
        assert (broken.decision_id == log[number - 1].decision_id.hex()) == (column != "decision_id")
        assert broken.writer == audit(store).chains[0].writer


@pytest.mark.usefixtures("log")
def test_a_row_removed_is_found(store, tamper):
    for number in (ROWS, 4, 1):
        tamper(f"DELETE FROM decision WHERE seq = {place(1, number)}")
        broken = first_break(store)
        assert (broken.row, broken.decision_id, broken.why) == (number, "", "the row is missing")


@pytest.mark.usefixtures("log")
def test_two_rows_swapped_are_found(store, tamper):
    first, second, aside = place(1, 2), place(1, 5), place(1, 99)
    tamper(
        *(
            f"UPDATE decision SET seq = {to} WHERE seq = {at}"
            for at, to in [(first, aside), (second, first), (aside, second)]
        )
    )
    assert (first_break(store).row, first_break(store).why) == (2, "the row is not as it was written")


@pytest.mark.parametrize(
    ("seq", "row", "why"),
    [
        (place(1, ROWS + 1), ROWS + 1, "its writer has not counted the row"),
        (place(1, ROWS + 7), ROWS + 1, "the row is missing"),
        (place(1, 0), 1, "the row is missing"),
        (place(2, 1), 1, "the row has no writer"),
        (5, 5, "the row has no writer"),
        (-1, (1 << 40) - 1, "the row has no writer"),
    ],
)
@pytest.mark.usefixtures("log")
def test_a_row_put_in_is_found(store, tamper, seq, row, why):
    copied = "decided_at, ruleset, customer, body, hash"
    insert = f"INSERT INTO decision (seq, decision_id, {copied}) SELECT {seq}, :id, {copied} FROM decision "
    tamper(f"{insert} WHERE seq = {place(1, 1)}", id=b"an inserted row.")
    assert (first_break(store).row, first_break(store).why) == (row, why)


CHANGES = [
    "id = :new",
    "started_at = started_at + 1",
    "rows = rows + 1",
    "rows = rows - 1",
    "rows = 0",
    "purged = 1",
    "purged = -1",
    "begin = :new",
    "head = :new",
    "number = 2",
]


@pytest.mark.usefixtures("log")
def test_a_writer_changed_is_found(store, tamper):
    (row,) = (dict(writer._mapping) for writer in tamper("SELECT * FROM log_writer")[0])
    restore = f"UPDATE log_writer SET {', '.join(f'{name} = :{name}' for name in row)}"
    for change in CHANGES:
        tamper(f"UPDATE log_writer SET {change}", **({"new": b"x" * 32} if ":new" in change else {}))
        assert audit(store).broken, change
        tamper(restore, **row)
        assert not audit(store).broken


@pytest.mark.usefixtures("log")
def test_a_writer_removed_is_found(store, tamper, database_url, make_record, append, closed_after):
    store.close()
    again = closed_after(open_store(database_url))
    append(again, make_record())
    tamper("DELETE FROM log_writer WHERE number = 1")
    assert [broken.why for broken in audit(again).broken] == ["the writer is missing"]
    tamper("DELETE FROM log_writer")
    assert [broken.why for broken in audit(again).broken] == [
        "the row has no writer",
        "the row has no writer",
    ]


def test_the_first_of_each_broken_chain_is_named(database_url, tamper, make_record, append, closed_after):
    for _ in range(3):
        store = closed_after(open_store(database_url))
        append(store, *(make_record() for _ in range(4)))
        store.close()
    for seq in (place(1, 3), place(1, 4), place(3, 1)):
        tamper(f"UPDATE decision SET body = :new WHERE seq = {seq}", new=b"another")
    store = closed_after(open_store(database_url))
    assert [broken.row for broken in audit(store).broken] == [3, 1]


@pytest.mark.parametrize("change", ["decided_at = 'x'", "ruleset = x'00'", "body = 'x'", "hash = 1.5"])
def test_a_row_of_other_types_is_found(sqlite_url, make_record, append, change, closed_after):
    store = closed_after(open_store(sqlite_url))
    append(store, make_record(), make_record())
    with store._writer.begin() as line:
        line.driver.execute(f"UPDATE decision SET {change} WHERE seq = {place(1, 2)}")
    broken = first_break(store)
    store.close()
    assert (broken.row, broken.why) == (2, "the row is not as it was written")


def test_records_that_are_there_leave_no_gaps(store, make_record, append, tamper):
    old = [make_record() for _ in range(5)]
    append(store, *old)
    for new_count in (0, 1, 3, 140):
        new = [make_record() for _ in range(new_count)]
        assert append(store, *new, *old) == {record.decision_id: record for record in old}
        assert append(store, *old, *new, make_record()).keys() == {
            written.decision_id for written in [*old, *new]
        }
    report = audit(store)
    assert report.broken == ()
    assert report.rows == report.chains[0].rows == 5 + 144 + 4
    assert tamper("SELECT max(seq) FROM decision")[0].scalar_one() == place(1, report.rows)


def test_a_transaction_that_is_taken_back_leaves_no_trace(store, make_record, append):
    append(store, make_record())
    for _ in range(2):
        with pytest.raises(RuntimeError), store.transaction() as transaction:  # noqa: PT012 -- leaving
            transaction.append([make_record()])
            raise RuntimeError
        append(store, make_record())
    assert (audit(store).rows, audit(store).broken) == (3, ())


def test_a_log_that_is_being_written_and_purged_is_whole(store, make_record, append):
    at = make_record().decided_at
    records = [make_record(decided_at=at + timedelta(seconds=number)) for number in range(1_500)]
    append(store, *records[:1_000])

    def work():
        for number in range(1_000, 1_500, 4):
            append(store, *records[number : number + 4])
            store.purge_decisions(records[number - 100].decided_at, 40)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(work)
        while not writing.done():
            # Its progress goes back where rows are purged that it has been through.
            assert store.audit(lambda _rows: None).broken == ()
        writing.result()
    report = audit(store)
    assert report.broken == ()
    assert report.rows + report.chains[0].purged == 1_500


@pytest.mark.empty_database
def test_decisions_from_before_there_were_chains_are_chained(database_url, tamper, monkeypatch, closed_after):
    with monkeypatch.context() as before:
        before.setattr(schema_version, "HEAD", "0004")
        open_store(database_url).close()
    for number in range(1_100):
        values = {"id": b"%016d" % number, "body": b"a body"}
        if number % 3:
            tamper(
                "INSERT INTO decision (decision_id, decided_at, ruleset, customer_id, body) "
                "VALUES (:id, 5, 'hash', :id, :body)",
                **values,
            )
    store = closed_after(open_store(database_url))
    report = audit(store)
    assert (report.rows, report.broken) == (733, ())
    assert store.decision(b"%016d" % 1).customer == b""
    assert store.decision(b"%016d" % 1).body == b"a body"
    store.close()


ROW = st.tuples(
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=20),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.binary(max_size=20),
    st.binary(max_size=20),
)
WRITERS = st.builds(Identity, st.binary(min_size=16, max_size=16), st.integers(0, 2**62))
HASHES = st.binary(min_size=32, max_size=32)


@given(st.tuples(WRITERS, HASHES, ROW), st.tuples(WRITERS, HASHES, ROW))
def test_no_two_rows_are_encoded_alike(one, other):
    assert (encoded(*one) == encoded(*other)) == (one == other)


@given(WRITERS, HASHES, ROW, st.integers(0, 20), st.sampled_from([1, 3, 4, 5]), st.sampled_from([1, 3, 4, 5]))
def test_what_moves_from_one_column_to_another_is_encoded_differently(writer, before, row, count, one, other):
    moved = list(row)
    source, target = row[one], row[other]
    taken = source[:count]
    if isinstance(taken, str) != isinstance(target, str):
        taken = taken.encode() if isinstance(taken, str) else taken.decode("latin-1")
    moved[one] = source[count:]
    moved[other] = moved[other] + taken
    assert (encoded(writer, before, row) == encoded(writer, before, tuple(moved))) == (list(row) == moved)


@given(WRITERS, HASHES, st.lists(ROW, min_size=1, max_size=5), st.integers(0, 3_000))
def test_each_row_follows_the_one_before(writer, head, rows, more):
    tail = Tail(writer, 3, 7, head)
    whole = linked(tail, [(*row[1:5], row[5] + b"x" * more) for row in rows])
    assert [row[0] for row in whole] == [place(3, 8 + at) for at in range(len(rows))]
    assert link(writer, head, whole[0][:-1]) == whole[0][-1]
    assert all(link(writer, one[-1], other[:-1]) == other[-1] for one, other in pairwise(whole))
