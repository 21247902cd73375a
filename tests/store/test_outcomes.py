import os
from datetime import UTC, datetime, timedelta

import pytest

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.engine.ports.store import OutcomeRow, StoreConflict

NOON = datetime(2026, 12, 1, 12, 0, 0, 1, tzinfo=UTC)
DECISION = b"a decision of 16"


def outcome(**fields):
    plain = OutcomeRow(
        os.urandom(16),
        b"as sent",
        DECISION,
        "free-pizza",
        OutcomeKind.PRESENTED,
        NOON,
        recorded=True,
        detail="",
    )
    return plain._replace(**fields)


def report(store, *rows):
    with store.transaction() as transaction:
        transaction.append_outcomes(rows)


def test_outcomes_come_back_in_order_of_time(store):
    rows = [outcome(kind=kind, happened_at=NOON - timedelta(kind.value)) for kind in OutcomeKind]
    report(store, *rows, outcome(decision_id=b"another decision"))
    assert list(store.outcomes(DECISION)) == rows[::-1]
    assert list(store.outcomes(b"x" * 16)) == []


def test_those_reported_before_are_found(store):
    rows = [outcome() for _ in range(200)]
    report(store, *rows)
    with store.transaction() as transaction:
        wanted = [row.id for row in rows] + [rows[0].id, b"x" * 16]
        assert transaction.find_outcomes(wanted) == {row.id: row for row in rows}
        assert transaction.find_outcomes([]) == {}


def test_an_id_that_is_there_already_is_a_conflict_and_nothing_is_written(store):
    row = outcome()
    report(store, row)
    with pytest.raises(StoreConflict, match="was used by another replica"):
        report(store, outcome(), row._replace(recorded=False))
    assert list(store.outcomes(DECISION)) == [row]


def test_nothing_to_write_is_fine(store):
    report(store)
    assert list(store.outcomes(DECISION)) == []


@pytest.mark.parametrize("text", ["", "\x00", "'; --", "\ud800", "\U0001f355", "x" * 10_000])
def test_whatever_a_caller_writes_comes_back(store, text):
    row = outcome(action=text, detail=text, recorded=False)
    report(store, row)
    assert list(store.outcomes(DECISION)) == [row]
