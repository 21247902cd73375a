"""Run as a process of its own: appends batches and prints each id once it is durable, until killed.

Usage: append_forever.py URL. A batch is answered in one line, its ids in hexadecimal.
"""

import os
import sys
from datetime import UTC, datetime

from maitred.engine.ports.store import DecisionRecord
from maitred.store import open_store

BATCH = 8


def main() -> None:
    store = open_store(sys.argv[1])
    while True:
        records = [
            DecisionRecord(os.urandom(16), datetime.now(UTC), "ab" * 32, b"", b"%d" % number, b"")
            for number in range(BATCH)
        ]
        with store.transaction() as transaction:
            transaction.append(records)
        sys.stdout.write(" ".join(record.decision_id.hex() for record in records) + "\n")
        sys.stdout.flush()


main()
