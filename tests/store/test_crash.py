import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.store.append_forever import CUSTOMER

from maitred.store import open_store

ROUNDS = 2
TORTURE_ROUNDS = 50
LOAD_SECONDS = 0.3
PART_ROWS = 50
"""Of some hundred rows a round, so that most kills come while rows are filled into the indexes."""
APPEND_FOREVER = Path(__file__).parent / "append_forever.py"


def kill_under_load(url: str, *options: str) -> set[bytes]:
    """The ids that a process had answered when it was killed, in the middle of its work."""
    command = [sys.executable, str(APPEND_FOREVER), url, *options]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        first = writer.stdout.readline()
        time.sleep(LOAD_SECONDS)
    finally:
        writer.kill()
    rest, _ = writer.communicate()
    whole_lines = (first + rest).splitlines(keepends=True)
    return {bytes.fromhex(key) for line in whole_lines if line.endswith("\n") for key in line.split()}


def check_nothing_is_lost(url: str, rounds: int) -> None:
    answered: set[bytes] = set()
    for _ in range(rounds):
        new = kill_under_load(url)
        assert new
        answered |= new
        with closing(open_store(url)) as store:
            # Until something is written, each reading looks through what is not indexed.
            with store.transaction():
                pass
            assert all(store.decision(key) for key in new)
            with store._readers.connect() as connection:
                ids = connection.exec_driver_sql("SELECT decision_id FROM decision").scalars()
                rows = [bytes(decision_id) for decision_id in ids]
        assert len(rows) == len(set(rows))
        assert answered <= set(rows)


def test_what_was_answered_is_there_after_a_kill(database_url):
    check_nothing_is_lost(database_url, ROUNDS)


@pytest.mark.torture
def test_what_was_answered_is_there_after_many_kills(database_url):
    check_nothing_is_lost(database_url, TORTURE_ROUNDS)


def test_after_a_kill_no_decision_is_accepted_again_and_all_are_found_by_customer(sqlite_url, append):
    killed = set.union(*(kill_under_load(sqlite_url, str(PART_ROWS)) for _ in range(ROUNDS)))
    with closing(open_store(sqlite_url)) as store:
        stored = {record.decision_id: record for record in store.decisions_of(CUSTOMER, b"", 1_000_000)}
        assert killed <= stored.keys()
        again = [record._replace(body=b"again") for record in stored.values()]
        assert append(store, *again) == stored
        assert len(store.decisions_of(CUSTOMER, b"", 1_000_000)) == len(stored)
