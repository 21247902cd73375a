import os
import threading
import time

from tests.waiting import eventually

from maitred.upkeep import watching
from maitred.upkeep.watching import DirectoryWatch, signature_of

SOON_SECONDS = 5.0


class Loads:
    """Counts the loads; gives what it was told to, then true."""

    def __init__(self, *results):
        self.results = list(results)
        self.count = 0

    def __call__(self):
        self.count += 1
        return self.results.pop(0) if self.results else True


def test_a_change_is_taken_up_once(tmp_path):
    loads = Loads()
    watched = DirectoryWatch(tmp_path, 0.01, loads)
    watched.start()
    (tmp_path / "rules.yaml").write_text("a: 1")
    eventually(lambda: loads.count == 1)
    time.sleep(0.1)
    watched.stop()
    assert loads.count == 1


def test_what_could_not_be_loaded_is_tried_again_until_it_can(tmp_path):
    loads = Loads(False, False)
    watched = DirectoryWatch(tmp_path, 0.01, loads)
    watched.start()
    (tmp_path / "rules.yaml").write_text("a: 1")
    eventually(lambda: loads.count == 3)
    time.sleep(0.2)
    watched.stop()
    assert loads.count == 3


def test_what_was_not_loaded_at_the_start_counts_as_a_change(tmp_path):
    loads = Loads()
    watched = DirectoryWatch(tmp_path, 0.01, loads)
    watched.start(loaded=False)
    eventually(lambda: loads.count == 1)
    watched.stop()
    assert loads.count == 1


def test_a_stop_does_not_wait_for_the_next_try(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "RETRY_LOOKS", 100_000)
    loads = Loads(False)
    watched = DirectoryWatch(tmp_path, 0.01, loads)
    watched.start(loaded=False)
    eventually(lambda: loads.count == 1)
    started = time.monotonic()
    watched.stop()
    assert time.monotonic() - started < SOON_SECONDS


def test_directories_that_come_and_go_while_it_looks_do_no_harm(tmp_path):
    done = threading.Event()

    def churn():
        while not done.is_set():
            for number in range(20):
                (tmp_path / f"{number}" / "inner").mkdir(parents=True)
            for number in range(20):
                (tmp_path / f"{number}" / "inner").rmdir()
                (tmp_path / f"{number}").rmdir()

    churning = threading.Thread(target=churn)
    churning.start()
    try:
        for _ in range(1_000):
            signature_of(tmp_path)
    finally:
        done.set()
        churning.join()
    assert signature_of(tmp_path) == frozenset()


def test_a_change_anywhere_below_changes_the_signature(tmp_path):
    below = tmp_path / "tables"
    below.mkdir()
    table = below / "stores.csv"
    table.write_text("id\n1\n")
    before = signature_of(tmp_path)
    assert signature_of(tmp_path) == before
    os.utime(table, ns=(0, 0))
    assert signature_of(tmp_path) != before


def test_a_directory_that_is_gone_has_a_signature_too(tmp_path):
    assert signature_of(tmp_path / "gone") == frozenset()
