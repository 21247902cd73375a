from datetime import UTC, datetime

import pytest

from maitred.store import keep_learned, learned

NOON = datetime(2026, 12, 1, 12, 0, 0, 1, tzinfo=UTC)


def test_the_newest_snapshot_is_found_by_who_knows_an_earlier_one(store):
    assert store.learned_after(0) is None
    first = store.save_learned(b"one", NOON)
    assert store.learned_after(0) == (first, NOON, b"one")
    assert store.learned_after(first) is None
    second = store.save_learned(b"two", NOON)
    assert store.learned_after(first) == store.learned_after(0) == (second, NOON, b"two")


def test_snapshots_that_are_long_replaced_go(store, monkeypatch):
    monkeypatch.setattr(learned, "KEPT", 3)
    numbers = [store.save_learned(b"%d" % number, NOON) for number in range(5)]
    assert numbers == sorted(set(numbers))
    assert store.learned_after(0).content == b"4"


@pytest.mark.empty_database
def test_a_snapshot_reaches_whoever_has_the_database(database_url, store):
    is_kept = keep_learned(database_url, b"while it serves")
    assert is_kept == (not database_url.startswith("sqlite"))
    assert store.learned_after(0).content == b"while it serves"
    keep_learned(database_url, b"lost")
    keep_learned(database_url, b"newer")
    assert store.learned_after(1).content == b"newer"
    assert store.learned_after(3) is None
