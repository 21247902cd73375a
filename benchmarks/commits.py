"""What one commit costs by itself."""

import os
import statistics
import time
from datetime import UTC, datetime

from maitred.engine.ports.store import DecisionRecord, Person, Store

COMMITS = 100


def single_commit_ms(store: Store) -> float:
    """Median time to write one record durably."""
    person = Person(os.urandom(16), os.urandom(32), os.urandom(61), {})
    with store.transaction() as transaction:
        transaction.add_people([person])
    times = []
    for _ in range(COMMITS):
        record = DecisionRecord(
            os.urandom(16), datetime.now(UTC), "0" * 64, person.ref, os.urandom(900), person.key
        )
        started = time.perf_counter()
        with store.transaction() as transaction:
            transaction.append([record])
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3
