"""Small lives of the ledger that hypothesis makes up and shrinks: store and model side by side."""

import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from tests.ledger.asks import needs_of_all
from tests.ledger.model import Model
from tests.ledger.simulation import check, hurry, wipe

from maitred.core.limits.limits import Counts, Limit, LimitKind, pace_of
from maitred.core.limits.lots import (
    Before,
    Claim,
    Confirm,
    GiveBack,
    Origin,
    Part,
    Presentation,
    Redeem,
    Release,
    Take,
    Turn,
    lot_id,
    spent_by,
)
from maitred.core.values.windows import Calendar, Period, Rolling
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
ACTIONS = st.sampled_from(["pizza", "bread"])
# A decision was made once, and has an id that does not look like those of lots below.
ORIGINS = st.builds(
    lambda decision, action: Origin(decision, action, decision[0]),
    st.sampled_from([b"C" * 16, b"D" * 16]),
    ACTIONS,
)
PLENTY = (99, 99, 99)
STEPS_US = st.sampled_from([0, 1, 10 * MINUTE_US - 1, 10 * MINUTE_US, 30 * MINUTE_US, -1, -20 * MINUTE_US])


class Ledgers(RuleBasedStateMachine):
    """Operations gather in a batch, which is settled in both at once, or lost.

    Of a pizza that was decided for, and of bread that stands in for it: units that decisions spend and
    hold, claims under many ids, claims that a later decision carries over, reports early and late.
    """

    operations = Bundle("operations")
    claims = Bundle("claims")
    holds = Bundle("holds")
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
        return needs_of_all(limits, facts, self.now)

    def new_id(self):
        self.made += 1
        return self.made.to_bytes(16, "big")

    def send(self, operation):
        self.batch.append(operation)
        return operation

    def before(self, origin, needs):
        """The cap counts what is decided, the rest what is presented."""
        place = origin._replace(action="pizza")
        return Before(needs[:1], needs[1:2], (lot_id(Part.DECIDED, origin), lot_id(Part.DECIDED, place)))

    def now_us(self):
        return (self.now - EPOCH) // timedelta(microseconds=1)

    @rule(target=operations, origin=ORIGINS, subject=SUBJECTS)
    def decide(self, origin, subject):
        needs = self.needs(subject, PLENTY)[:1]
        lot = lot_id(Part.DECIDED, origin)
        return self.send(Take(lot, b"", (needs,), origin=origin, part=Part.DECIDED))

    @rule(target=holds, origin=ORIGINS, subject=SUBJECTS, maxima=MAXIMA, is_known=st.booleans())
    def hold(self, origin, subject, maxima, is_known):
        """To present it: what is held for a customer serves later decisions, of nobody it does not."""
        reuse = (f"{subject} {origin.action}".encode(),) if is_known else ()
        needs = self.needs(subject, maxima)[1:2]
        lot = lot_id(Part.HOLD, origin)
        return self.send(Take(lot, b"", (needs,), 10 * MINUTE_US, reuse=reuse, origin=origin, part=Part.HOLD))

    @rule(
        target=claims,
        origin=ORIGINS,
        subject=SUBJECTS,
        maxima=MAXIMA,
        held=st.none() | holds,
        carried=st.none() | claims,
    )
    def claim(self, origin, subject, maxima, held, carried):
        """Under an id of its own each time, of the same few decisions."""
        needs = self.needs(subject, maxima)
        hold, stands_in = held.id if held else b"", origin.action == "bread"
        same = carried and carried.origin.action == origin.action and carried.origin != origin
        return self.send(
            Claim(
                self.new_id(),
                b"",
                origin,
                "pizza",
                needs=needs[2:],
                before=self.before(origin, needs),
                hold_us=10 * MINUTE_US,
                hold=b"" if stands_in else hold,
                carried=carried.id if same else b"",
                turns=(Turn("pizza", frozenset({"pizza"}), hold),) if stands_in else (),
            )
        )

    @rule(target=operations, of=claims, subject=SUBJECTS, maxima=MAXIMA)
    def redeem_claim(self, of, subject, maxima):
        needs = self.needs(subject, maxima)
        before = self.before(of.origin, needs)
        return self.send(Confirm(self.new_id(), b"", of.id, needs[2:], before=before))

    @rule(target=operations, of=claims)
    def release_claim(self, of):
        return self.send(
            Release(
                self.new_id(),
                b"",
                of.id,
                along=(lot_id(Part.DECIDED, of.origin),),
                spent=spent_by(of.id),
                presented=lot_id(Part.PRESENTED, of.origin),
            )
        )

    @rule(of=claims, subject=SUBJECTS, maxima=MAXIMA, early_us=st.sampled_from([0, 30 * MINUTE_US]))
    def report_redeemed(self, of, subject, maxima, early_us):
        needs, made = self.needs(subject, maxima), self.new_id()
        claim = Claim(
            made,
            b"",
            of.origin,
            "pizza",
            needs=needs[2:],
            before=self.before(of.origin, needs),
            turns=of.turns,
            at_us=self.now_us() - early_us,
        )
        self.send(Redeem(self.new_id(), b"", claim, needs[2:]))

    @rule(
        target=operations,
        origin=ORIGINS,
        subject=SUBJECTS,
        held=st.none() | holds,
        early_us=st.sampled_from([0, 30 * MINUTE_US]),
    )
    def report_presented(self, origin, subject, held, early_us):
        needs = self.needs(subject, (1, 1, 1))[1:2]
        hold, at_us = held.id if held else b"", self.now_us() - early_us
        return self.send(Presentation(lot_id(Part.PRESENTED, origin), b"", origin, needs, at_us, hold))

    @rule(origin=ORIGINS, subject=SUBJECTS, is_rejection=st.booleans())
    def give_back(self, origin, subject, is_rejection):
        self.send(
            GiveBack(
                self.new_id(),
                b"",
                origin,
                own=(lot_id(Part.DECIDED, origin), lot_id(Part.HOLD, origin)),
                presented=lot_id(Part.PRESENTED, origin),
                held_only=is_rejection,
                counted=lot_id(Part.REJECTED, origin) if is_rejection else b"",
                needs=self.needs(subject, (1, 1, 1))[:1] if is_rejection else (),
                at_us=self.now_us(),
            )
        )

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

    @rule(operation=operations | claims | holds)
    def retry(self, operation):
        self.send(operation)

    @rule(step_us=STEPS_US)
    def settle(self, step_us):
        expected = self.model.batch(self.now_us(), self.batch)
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
