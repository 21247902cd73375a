"""Rows of the log are in memory until an index has them, whatever comes in what order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.store import recent
from maitred.store.recent import HEAD_BYTES, LogIndex, Recent

PART_ROWS = 8


@pytest.fixture(scope="module", autouse=True)
def small_parts():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recent, "PART_ROWS_MIN", PART_ROWS)
        patch.setattr(recent, "PART_ROWS_MAX", PART_ROWS)
        patch.setattr(recent, "KEYS_AT_ONCE", 3)
        yield


KEYS = st.binary(max_size=HEAD_BYTES + 1)
ROWS = st.lists(st.tuples(KEYS, KEYS), max_size=80, unique_by=lambda row: row[0])


@st.composite
def logs(draw):
    """A log as it is written, batch by batch; no id comes twice."""
    rows = [(seq, *row) for seq, row in enumerate(draw(ROWS), start=1)]
    cuts = sorted(draw(st.sets(st.integers(0, len(rows)))))
    return [rows[start:end] for start, end in pairwise([0, *cuts, len(rows)])]


@given(logs())
def test_each_row_is_in_memory_until_both_indexes_have_it(batches):
    held, rows, marker = Recent(0), [], 0
    indexed: dict[LogIndex, set[tuple[bytes, int]]] = {LogIndex.ID: set(), LogIndex.CUSTOMER: set()}
    for batch in batches:
        rows += batch
        held.add(batch)
        for index, keys in held.due(len(batch)):
            assert [key for key, _ in keys] == sorted(key for key, _ in keys)
            indexed[index] |= set(keys)
        marker = held.filled or marker
        held.committed()
        for seq, decision_id, customer in rows:
            by_id = (decision_id[:HEAD_BYTES], seq) in indexed[LogIndex.ID]
            by_customer = (customer[:HEAD_BYTES], seq) in indexed[LogIndex.CUSTOMER]
            assert by_id or held.of_ids([decision_id]) == [seq]
            assert by_customer or seq in held.of_customers([customer])
            assert (by_id and by_customer) or seq > marker


@given(logs())
def test_keys_keep_ahead_of_the_rows_that_come(batches):
    held, waiting = Recent(0), 0
    for batch in batches:
        waiting += len(batch)
        held.add(batch)
        list(held.due(len(batch)))
        if held.filled:
            waiting = batch[-1][0] - held.filled
        held.committed()
        assert waiting <= 3 * (PART_ROWS + len(max(batches, key=len)))


def test_what_is_written_and_not_committed_is_still_in_memory():
    held = Recent(0)
    held.add((seq, b"%d" % seq, b"") for seq in range(1, PART_ROWS + 1))
    while held.filled is None:
        list(held.due(1))
    assert held.of_ids([b"1"]) == [1]
    held.committed()
    assert held.of_ids([b"1"]) == []


@pytest.mark.parametrize(("stored", "rows"), [(0, 4_096), (1_000_000, 15_625), (10**9, 32_768)])
def test_parts_grow_with_the_log(monkeypatch, stored, rows):
    monkeypatch.setattr(recent, "PART_ROWS_MIN", 4_096)
    monkeypatch.setattr(recent, "PART_ROWS_MAX", 32_768)
    held = Recent(stored)
    held.add((seq, b"%d" % seq, b"") for seq in range(1, rows))
    assert list(held.due(0)) == []
    held.add([(rows, b"last", b"")])
    assert list(held.due(1))
    grown = Recent(0)
    list(grown.due(stored))
    grown.add((seq, b"%d" % seq, b"") for seq in range(1, rows))
    assert list(grown.due(0)) == []
    grown.add([(rows, b"last", b"")])
    assert list(grown.due(1))
