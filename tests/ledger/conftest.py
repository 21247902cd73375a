import pytest
from tests.ledger.asks import NOW, needs


@pytest.fixture
def settle(store):
    """Settles one batch in a transaction of its own."""

    def run(*operations, now=NOW):
        with store.transaction() as transaction:
            return list(transaction.settle(now, operations))

    return run


@pytest.fixture
def counts(store):
    """Reads the counters of limits."""

    def run(*limits, now=NOW):
        with store.transaction() as transaction:
            return list(transaction.read_counts(now, needs(*limits, now=now)))

    return run
