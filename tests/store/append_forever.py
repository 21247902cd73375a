"""Run as a process of its own: appends batches and prints each id once it is durable, until killed.

Usage: append_forever.py URL [ROWS]. A batch is answered in one line, its ids in hexadecimal.
With ROWS, so many decisions are filled into the indexes of SQLite at once.
"""

import os
import sys
from datetime import UTC, datetime

from maitred.engine.ports.store import DecisionRecord
from maitred.store import open_store, recent

BATCH = 8
CUSTOMER = b"a customer of 16"


def main() -> None:
    if sys.argv[2:]:
        recent.PART_ROWS_MIN = recent.PART_ROWS_MAX = int(sys.argv[2])
    store = open_store(sys.argv[1])
    while True:
        records = [
            DecisionRecord(os.urandom(16), datetime.now(UTC), "ab" * 32, CUSTOMER, b"%d" % number, b"")
            for number in range(BATCH)
        ]
        with store.transaction() as transaction:
            transaction.append(records)
        sys.stdout.write(" ".join(record.decision_id.hex() for record in records) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
