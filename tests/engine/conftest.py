"""A store in memory that can be held up, lost, or made to conflict."""

import threading
from contextlib import contextmanager
from itertools import count

import pytest
from tests.recording import RecordingObserver

from maitred.engine.customers.people import REF_BYTES, People
from maitred.engine.ports.store import StoreConflict, StoreDown


class MemoryStore:
    """Implements ``ports.Store``; ``gate`` holds a commit up, ``failures`` are raised first."""

    def __init__(self):
        self.records, self.rulesets, self.batches, self.known = {}, {}, [], {}
        self.dictionaries = {}
        self.gate = threading.Event()
        self.gate.set()
        self.held = False
        self.failures = []
        self.warnings = ()

    @contextmanager
    def transaction(self):
        self.held = not self.gate.is_set()
        self.gate.wait(5)
        self.held = False
        if self.failures:
            raise self.failures.pop(0)
        yield self

    def append(self, records):
        self.batches.append([record.decision_id for record in records])
        earlier = {
            r.decision_id: self.records[r.decision_id] for r in records if r.decision_id in self.records
        }
        self.records |= {r.decision_id: r for r in records if r.decision_id not in earlier}
        return earlier

    def people(self, pseudonyms):
        return {key: self.known[key] for key in pseudonyms if key in self.known}

    def add_people(self, people):
        self.known |= {person.pseudonym: person for person in people}

    def place_people(self, people):
        pass

    def open_claims(self, _customers, _after):
        return {}

    def decision(self, decision_id):
        return self.records.get(decision_id)

    def save_ruleset(self, ruleset):
        self.rulesets.setdefault(ruleset.hash, ruleset)

    def ruleset(self, digest):
        return self.rulesets.get(digest)

    def save_dictionary(self, key, dictionary):
        self.dictionaries[key] = dictionary

    def dictionary(self, key):
        return self.dictionaries.get(key)

    def learned_after(self, _number, _before=None):
        return None

    def close(self):
        pass


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def people(keys):
    numbers = count(1)
    return People(keys, lambda: next(numbers).to_bytes(REF_BYTES))


@pytest.fixture
def observer():
    return RecordingObserver(tracing=True)


@pytest.fixture
def down():
    return StoreDown("gone")


@pytest.fixture
def conflict():
    return StoreConflict("lost")
