"""What one commit costs by itself."""

import os
import statistics
import time
from datetime import UTC, datetime

from maitred.engine.ports import DecisionRecord, Store

COMMITS = 500


def single_commit_ms(store: Store) -> float:
    """Median time to write one record durably."""
    times = []
    for _ in range(COMMITS):
        record = DecisionRecord(os.urandom(16), datetime.now(UTC), "0" * 64, "900", b"{}" * 400)
        started = time.perf_counter()
        with store.transaction() as transaction:
            transaction.append([record])
        times.append(time.perf_counter() - started)
    store.close()
    return statistics.median(times) * 1e3
