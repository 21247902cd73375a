"""Small lives of the ledger that hypothesis makes up and shrinks: store and model side by side."""

import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from tests.ledger.model import Model
from tests.ledger.simulation import check, hurry, wipe

from maitred.core.limits.limits import Counts, Limit, LimitKind, needs_of, pace_of
from maitred.core.limits.lots import Confirm, Release, Take
from maitred.core.limits.windows import Calendar, Period, Rolling
from maitred.store import open_store
from maitred.store.stores import SqlStore

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = datetime(2026, 11, 30, 23, 50, tzinfo=UTC)
MINUTE_US = 60_000_000
OVENS = Limit("ovens", LimitKind.CAPACITY, ("location.id",), 2, Calendar(Period.DAY, "UTC"), Counts.CLAIMED)
CAP = Limit(
    "cap", LimitKind.FREQUENCY_CAP, ("customer.id",), 1, Rolling(timedelta(minutes=30)), Counts.CLAIMED
)
SUBJECTS = st.tuples(st.sampled_from(["c-1", "C-1"]), st.sampled_from(["s-1", "s-2"]))
MAXIMA = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(1, 2))
HOLDS_US = st.sampled_from([None, 1, 10 * MINUTE_US])
STEPS_US = st.sampled_from([0, 1, 10 * MINUTE_US - 1, 10 * MINUTE_US, 30 * MINUTE_US, -1, -20 * MINUTE_US])


class Ledgers(RuleBasedStateMachine):
    """Operations gather in a batch, which is settled in both at once, or lost."""

    operations = Bundle("operations")
    folder: tempfile.TemporaryDirectory[str]
    store: SqlStore

    @classmethod
    def open(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.store = open_store(f"sqlite:///{Path(cls.folder.name) / 'ledger.db'}")
        hurry(cls.store)

    @classmethod
    def close(cls):
        cls.store.close()
        cls.folder.cleanup()

    @initialize()
    def begin(self):
        wipe(self.store)
        self.model, self.now, self.batch, self.made = Model(), START, [], 0

    def needs(self, subject, maxima):
        cap, ovens, pace = maxima
        facts = dict(zip(("customer.id", "location.id"), subject, strict=True))
        slow = pace_of(OVENS, pace, Rolling(timedelta(minutes=10)))
        limits = [
            Limit(CAP.name, CAP.kind, CAP.per, cap, CAP.window, CAP.counts),
            Limit(OVENS.name, OVENS.kind, OVENS.per, ovens, OVENS.window, OVENS.counts, pace=slow),
        ]
        return tuple(need for limit in limits for need in needs_of(limit, facts, self.now, "UTC"))

    def new_id(self):
        self.made += 1
        return self.made.to_bytes(16, "big")

    def send(self, operation):
        self.batch.append(operation)
        return operation

    @rule(target=operations, subject=SUBJECTS, maxima=MAXIMA, hold_us=HOLDS_US)
    def take(self, subject, maxima, hold_us):
        return self.send(Take(self.new_id(), b"", (self.needs(subject, maxima),), hold_us))

    @rule(target=operations, of=operations, subject=SUBJECTS, maxima=MAXIMA, late=st.booleans())
    def confirm(self, of, subject, maxima, late):
        again = self.needs(subject, maxima) if late else None
        return self.send(Confirm(self.new_id(), b"", of.id, again))

    @rule(target=operations, of=operations)
    def release(self, of):
        return self.send(Release(self.new_id(), b"", of.id))

    @rule(operation=operations)
    def retry(self, operation):
        self.send(operation)

    @rule(step_us=STEPS_US)
    def settle(self, step_us):
        expected = self.model.batch((self.now - EPOCH) // timedelta(microseconds=1), self.batch)
        with self.store.transaction() as transaction:
            assert list(transaction.settle(self.now, self.batch)) == expected
        self.batch = []
        self.now += timedelta(microseconds=step_us)

    @rule()
    def lose(self):
        with suppress(KeyboardInterrupt), self.store.transaction() as transaction:
            transaction.settle(self.now, self.batch)
            raise KeyboardInterrupt
        hurry(self.store)

    @invariant()
    def the_store_holds_what_the_model_holds(self):
        with self.store.transaction() as transaction:
            check(transaction, self.model)


def test_small_lives_of_the_ledger():
    Ledgers.open()
    try:
        case = Ledgers.TestCase
        case.settings = settings(max_examples=60, stateful_step_count=30)
        case().runTest()
    finally:
        Ledgers.close()
