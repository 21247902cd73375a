from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maitred.engine.ports.store import DecisionRecord

BATCH_SIZES = [1, 8, 257, 700]


@pytest.mark.parametrize("size", BATCH_SIZES)
def test_a_batch_comes_back_record_by_record(store, make_record, append, count, size):
    records = [make_record(customer=b"%d" % number) for number in range(size)]

    assert append(store, *records) == {}

    assert count(store) == size
    assert [store.decision(record.decision_id) for record in records[-70:]] == records[-70:]


def test_an_empty_batch_is_fine(store, append, count):
    assert append(store) == {}
    assert count(store) == 0


def test_an_unknown_id_has_no_record(store):
    assert store.decision(b"\x00" * 16) is None
    assert store.decision(b"") is None


def test_the_stored_record_comes_back_for_an_id_that_is_there(store, make_record, append, count):
    first = make_record(body=b'{"first":true}')
    append(store, first)

    again = first._replace(body=b'{"second":true}', decided_at=first.decided_at + timedelta(seconds=1))

    assert append(store, again) == {first.decision_id: first}
    assert store.decision(first.decision_id) == first
    assert count(store) == 1


def test_a_record_that_is_there_with_the_very_same_content_counts_as_there(store, make_record, append):
    record = make_record()
    append(store, record)
    assert append(store, record) == {record.decision_id: record}


@pytest.mark.parametrize("size", BATCH_SIZES)
def test_new_and_stored_ids_may_be_mixed(store, make_record, append, count, size):
    old = [make_record() for _ in range(size)]
    append(store, *old)
    new = [make_record() for _ in range(size)]
    mixed = [record for pair in zip(new, old, strict=True) for record in pair]

    assert append(store, *mixed) == {record.decision_id: record for record in old}
    assert append(store, *mixed) == {record.decision_id: record for record in mixed}
    assert count(store) == 2 * size


def test_a_transaction_sees_what_it_has_written(store, make_record, count):
    first, second = make_record(), make_record()
    with store.transaction() as transaction:
        assert transaction.append([first]) == {}
        assert transaction.append([second, first]) == {first.decision_id: first}
    assert count(store) == 2


def test_an_exception_in_the_block_leaves_nothing(store, make_record, append, count):
    kept, lost = make_record(), make_record()
    append(store, kept)

    with pytest.raises(RuntimeError, match="halfway"), store.transaction() as transaction:  # noqa: PT012 -- leaving the block is what is tested
        transaction.append([lost])
        raise RuntimeError("halfway")

    assert store.decision(lost.decision_id) is None
    assert append(store, lost) == {}
    assert count(store) == 2


def test_a_record_is_not_seen_before_its_commit(store, make_record):
    record = make_record()
    with store.transaction() as transaction:
        transaction.append([record])
        assert store.decision(record.decision_id) is None
    assert store.decision(record.decision_id) == record


def test_bodies_of_a_mebibyte_are_fine(store, make_record, append):
    records = [make_record(body=bytes([65 + number]) * 1024 * 1024) for number in range(8)]
    append(store, *records)
    assert [store.decision(record.decision_id) for record in records] == records


def test_the_instant_is_kept_to_the_microsecond_and_read_in_utc(store, make_record, append):
    zone = timezone(timedelta(hours=-4))
    record = make_record(decided_at=datetime(2026, 3, 8, 1, 59, 59, 999_999, tzinfo=zone))
    append(store, record)
    stored = store.decision(record.decision_id)
    assert stored.decided_at == record.decided_at
    assert stored.decided_at.tzinfo is UTC


def test_the_log_is_numbered_in_the_order_of_its_transactions(store, make_record, append):
    records = [make_record() for _ in range(20)]
    for record in records:
        append(store, record)
    with store._readers.connect() as connection:
        rows = connection.exec_driver_sql("SELECT decision_id FROM decision ORDER BY seq")
        assert [bytes(row[0]) for row in rows] == [record.decision_id for record in records]


RECORDS = st.builds(
    DecisionRecord,
    decision_id=st.binary(min_size=16, max_size=16),
    decided_at=st.datetimes(timezones=st.just(UTC)),
    ruleset=st.text("0123456789abcdef", min_size=64, max_size=64),
    customer=st.binary(max_size=16),
    body=st.binary(max_size=2000),
    key=st.just(b""),
    statements=st.just({}),
    session=st.just(b""),
    arms=st.just(""),
)


BATCHES = st.lists(RECORDS, max_size=12, unique_by=lambda record: record.decision_id)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(st.lists(RECORDS, max_size=12, unique_by=lambda record: record.decision_id), max_size=4)
)
def test_the_log_is_a_map_that_keeps_the_first(store, append, batches):
    with store._writer.begin() as line:
        line.driver.execute("DELETE FROM decision")
    model: dict[bytes, DecisionRecord] = {}
    for batch in batches:
        expected = {
            record.decision_id: model[record.decision_id] for record in batch if record.decision_id in model
        }
        assert append(store, *batch) == expected
        for record in batch:
            model.setdefault(record.decision_id, record)
    assert {key: store.decision(key) for key in model} == model


def test_many_records_are_found_in_a_transaction_and_its_own_among_them(store, make_record, append):
    earlier = [make_record(customer=b"\x00\xff", body=bytes([number, 0, 255])) for number in range(200)]
    append(store, *earlier)
    own = make_record()
    with store.transaction() as transaction:
        transaction.append([own])
        wanted = [record.decision_id for record in earlier] + [own.decision_id, own.decision_id, b"x" * 16]
        assert transaction.find(wanted) == {record.decision_id: record for record in [*earlier, own]}
        assert transaction.find([b"x" * 16]) == {}
        assert transaction.find([]) == {}
