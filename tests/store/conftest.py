import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.store.customers import Customer

from maitred.engine.ports.store import DecisionRecord
from maitred.store import SqlStore

NOON = datetime(2026, 12, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def make_record() -> Callable[..., DecisionRecord]:
    """A record with an id of its own; what the test says stands in it."""

    def make(**fields: Any) -> DecisionRecord:
        plain: dict[str, Any] = {
            "decided_at": NOON,
            "ruleset": "ab" * 32,
            "customer": b"",
            "body": b"sealed",
            "key": b"",
        }
        return DecisionRecord(**({"decision_id": os.urandom(16)} | plain | fields))

    return make


@pytest.fixture
def append() -> Callable[..., dict[bytes, DecisionRecord]]:
    """Appends in a transaction of its own."""

    def run(store: SqlStore, *records: DecisionRecord) -> dict[bytes, DecisionRecord]:
        with store.transaction() as transaction:
            return dict(transaction.append(records))

    return run


@pytest.fixture
def count() -> Callable[[SqlStore], int]:
    """Rows in the decision log."""

    def run(store: SqlStore) -> int:
        with store._readers.connect() as connection:
            return connection.exec_driver_sql("SELECT count(*) FROM decision").scalar_one()

    return run


@pytest.fixture
def customer(make_record: Callable[..., DecisionRecord]) -> Callable[[SqlStore], Customer]:
    """Somebody with a decision of their own."""

    def make(store: SqlStore) -> Customer:
        return Customer(store, make_record)

    return make
