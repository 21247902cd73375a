"""A seeded life of the ledger, in a store and in the model side by side.

Customers take, confirm and give back; holds expire; limits are lowered and raised; the clock
jumps, also back; requests come again, come late, come changed; and transactions are lost. Decisions spend
units, claims are made of them, in turn and out of turn, and carried over to later decisions.
"""

import math
import random
import sqlite3
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from tests.ledger.asks import needs_of_all

from maitred.core.limits.counters import FADE_US
from maitred.core.limits.limits import Counts, Limit, LimitKind, Need, pace_of
from maitred.core.limits.lots import (
    Before,
    Claim,
    Confirm,
    GiveBack,
    Origin,
    Part,
    Presentation,
    Redeem,
    Refused,
    Release,
    Status,
    Take,
    Turn,
    lot_id,
    needs_in,
    spent_by,
)
from maitred.core.values.reasons import Reason
from maitred.core.values.texts import digest
from maitred.core.values.windows import Calendar, Lifetime, Period, Rolling, Session
from maitred.store import SqlStore

from .model import Model

SECOND_US = 1_000_000
HOLD_US = 20 * 60 * SECOND_US
HALF_LIFE_US = FADE_US * math.log(2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
TABLES = ("ledger_counter", "ledger_lot", "ledger_unit", "ledger_step")
ORIGINS = tuple(
    Origin(bytes([number]) * 16, action, number) for number in (1, 2) for action in ("pizza", "bread")
)
CUSTOMERS, STORES = ("c-1", "C-1", "c-2"), ("s-1", "s-2")
PLENTY = 1_000_000
JUMPS = (0, 0, 1, 30, 300, 900, 1_200, 1_201, 3_600, 7_200, 86_400, -1, -300, -900, -4_000)


class Crash(Exception):
    """The process ends before the commit."""


def limits(rng):
    """Two limits on one action, of kinds and windows in all combinations."""
    windows = [
        Rolling(timedelta(hours=1)),
        Rolling(timedelta(days=1)),
        Calendar(Period.DAY, "America/New_York"),
        Calendar(Period.WEEK, "UTC"),
        Lifetime(),
        Session(),
    ]
    cap = Limit(
        "cap",
        LimitKind.FREQUENCY_CAP,
        ("customer.id",),
        rng.randint(1, 3),
        rng.choice(windows),
        Counts.CLAIMED,
    )
    ovens = Limit(
        "ovens", LimitKind.CAPACITY, ("location.id",), rng.randint(1, 5), rng.choice(windows), Counts.CLAIMED
    )
    if rng.random() < 0.5:
        ovens = replace(ovens, pace=pace_of(ovens, rng.randint(1, 3), Rolling(timedelta(minutes=15))))
    return [cap, ovens]


@dataclass
class Simulation:
    store: SqlStore
    seed: int
    batches: int = 15
    model: Model = field(default_factory=Model)
    sent: list = field(default_factory=list)
    made: int = 0

    def __post_init__(self):
        self.rng = random.Random(self.seed)
        self.limits = limits(self.rng)
        self.now = START

    def run(self):
        hurry(self.store)
        wipe(self.store)
        for _ in range(self.batches):
            self.change_the_world()
            self.settle([self.request() for _ in range(self.rng.randint(0, 5))])
            if self.rng.random() < 0.2:
                self.purge()

    def change_the_world(self):
        rng = self.rng
        self.now += timedelta(seconds=rng.choice(JUMPS), microseconds=rng.choice((0, 0, 0, 0, 1, -1)))
        if rng.random() < 0.1:
            at = rng.randrange(len(self.limits))
            self.limits[at] = replace(self.limits[at], maximum=rng.randint(0, 4))

    def settle(self, operations):
        """One batch; a lost transaction leaves nothing behind, and its requests come again."""
        if self.rng.random() < 0.07:
            with suppress(Crash), self.store.transaction() as transaction:
                transaction.settle(self.now, operations)
                raise Crash
            hurry(self.store)
        now_us = (self.now - EPOCH) // timedelta(microseconds=1)
        before = {id(unit) for unit in self.model.live}
        expected = self.model.batch(now_us, operations)
        with self.store.transaction() as transaction:
            answers = transaction.settle(self.now, operations)
            assert list(answers) == expected, f"seed {self.seed}"
            check(transaction, self.model)
            self.check_limits(transaction, operations, before)
        check_nothing_twice(operations, answers)

    def purge(self):
        """Longer ago than all the steps back of the clock together."""
        before = self.now - timedelta(days=1)
        self.store.purge_ledger(before, self.rng.choice((1, 3, 100)))
        with self.store.transaction() as transaction:
            driver = transaction._line.driver
            lots, counters = (
                {key for (key,) in driver.execute(f"SELECT {key} FROM {table}").fetchall()}
                for key, table in (("lot_id", "ledger_lot"), ("counter_id", "ledger_counter"))
            )
            self.model.forget((before - EPOCH) // timedelta(microseconds=1), lots, counters)
            check(transaction, self.model)

    def check_limits(self, transaction, operations, before):
        """What was taken from stays within the maximum it was taken under; reads tell what counts."""
        needs = list(needs_in(operations))
        counts = transaction.read_counts(self.now, needs)
        asked = (unit for unit in self.model.live if not self.model.is_reported(unit))
        grown = {unit.counter for unit in asked if id(unit) not in before}
        allowed: dict[bytes, int] = {}
        for need in needs:
            allowed[need.counter.id] = max(allowed.get(need.counter.id, 0), need.maximum)
        # Reads are as of after the batch: the last instants of counters may have moved on.
        self.model.clocks = {key: max(self.model.now, last) for key, last in self.model.last.items()}
        for need, count in zip(needs, counts, strict=True):
            assert count.live == self.model.count(need), f"seed {self.seed}"
            # Only what has been reported as a fact may go beyond.
            asked_for = count.live - self.model.reported(need)
            assert need.counter.id not in grown or asked_for <= allowed[need.counter.id], f"seed {self.seed}"

    def needs(self, customer, store) -> tuple[Need, ...]:
        facts = {"customer.id": customer, "location.id": store, "session.id": "visit"}
        return needs_of_all(self.limits, facts, self.now)

    def request(self):
        rng = self.rng
        if self.sent and rng.random() < 0.3:
            return self.again(rng.choice(self.sent))
        operation = self.fresh()
        # An outcome that is reported again is answered from the table of outcomes, and never comes twice.
        if not isinstance(operation, Redeem):
            self.sent.append(operation)
        return operation

    def again(self, operation):
        """A retry, now and then with other content under the same id. Outcomes know their own repetitions."""
        if isinstance(operation, Presentation | GiveBack):
            return operation
        if self.rng.random() >= 0.1:
            return operation
        change = operation._replace if isinstance(operation, Claim) else partial(replace, operation)
        return change(fingerprint=b"changed")

    def fresh(self):
        rng, self.made = self.rng, self.made + 1
        made = self.made.to_bytes(16, "big")
        first, other = (self.needs(rng.choice(CUSTOMERS), rng.choice(STORES)) for _ in range(2))
        holds = [operation.id for operation in self.sent if isinstance(operation, Take)] or [made]
        claims = [operation.id for operation in self.sent if isinstance(operation, Claim)]
        lots = [*holds, *claims]
        match rng.choice("dtttccrrkkkkkvvpg"):
            case "d":
                return self.decided(rng.choice(ORIGINS), other)
            case "t":
                choices = (first, other) if rng.random() < 0.3 else (first,)
                reuse = tuple(rng.choice((b"", b"visit 1", b"visit 2")) for _ in choices)
                hold_us = rng.choice((HOLD_US, HOLD_US, 1, None))
                return Take(made, b"as sent", choices, hold_us, rng.choice(((), reuse)))
            case "c":
                again = rng.choice((first, first, None))
                lot, before = rng.choice(lots), Before()
                if again and rng.random() < 0.5:
                    split = rng.randrange(len(again) + 1)
                    again, before = again[:split], self.before(rng.choice(ORIGINS), again[split:])
                return Confirm(
                    made, b"as sent", lot, again, other[:1] if again is None else (), before=before
                )
            case "r":
                lot, origin = rng.choice(lots), rng.choice(ORIGINS)
                return Release(
                    made,
                    b"as sent",
                    lot,
                    held_only=rng.random() < 0.3,
                    along=(rng.choice((*holds, lot_id(Part.DECIDED, origin))),) if rng.random() < 0.4 else (),
                    spent=spent_by(lot),
                    presented=self.presented(origin),
                )
            case "k":
                return self.claim(made, first, hold_us=rng.choice((HOLD_US, HOLD_US, 1)))
            case "v":
                at_once = self.claim(made, first, at_us=self.earlier())
                again = rng.choice((at_once.needs, None))
                also = other[:1] if again is None else ()
                return Redeem(self.lot_of("redeem", made), b"as sent", at_once, again, also)
            case "p":
                origin, at_us = rng.choice(ORIGINS), self.earlier()
                hold = rng.choice((b"", *holds))
                return Presentation(self.presented(origin), b"as sent", origin, first, at_us, hold)
            case _:
                origin, rejected = rng.choice(ORIGINS), rng.random() < 0.5
                return GiveBack(
                    made,
                    b"as sent",
                    origin,
                    own=(rng.choice((*holds, lot_id(Part.DECIDED, origin))),) if rng.random() < 0.5 else (),
                    presented=self.presented(origin),
                    held_only=rejected,
                    counted=lot_id(Part.REJECTED, origin) if rejected else b"",
                    needs=other if rejected else (),
                    at_us=self.earlier(),
                )

    def claim(self, made, needs, **how):
        """Of the action that was proposed, or of what stands in for it; under another id each time."""
        rng, origin = self.rng, self.rng.choice(ORIGINS)
        split = rng.randrange(len(needs) + 1)
        holds = (b"", *(step.id for step in self.sent if isinstance(step, Take)))
        return Claim(
            made,
            b"as sent",
            origin,
            "pizza",
            needs=needs[:split],
            before=self.before(origin, needs[split:]),
            later=(),
            hold=rng.choice(holds),
            carried=self.carried(origin) if rng.random() < 0.2 else b"",
            turns=(Turn("pizza", frozenset({"pizza"}), rng.choice(holds)),)
            if origin.action == "bread"
            else (),
            denied=Refused("live", Reason.NOT_LIVE) if rng.random() < 0.05 else None,
            **how,
        )

    def before(self, origin, needs):
        split = self.rng.randrange(len(needs) + 1)
        place = origin._replace(action="pizza")
        lots = tuple(dict.fromkeys(lot_id(Part.DECIDED, scope) for scope in (origin, place)))
        return Before(needs[:split], needs[split:], lots)

    def decided(self, origin, needs):
        """What a decision spends: one that would have been refused it is not made."""
        plenty = tuple(need._replace(maximum=PLENTY) for need in needs)
        lot = lot_id(Part.DECIDED, origin)
        return Take(lot, b"as sent", (plenty,), origin=origin, part=Part.DECIDED)

    def carried(self, origin):
        """A claim of the same action that another decision made."""
        claims = [step for step in self.sent if isinstance(step, Claim)]
        same = [
            claim.id for claim in claims if claim.origin.action == origin.action and claim.origin != origin
        ]
        return self.rng.choice(same or [b""])

    def earlier(self):
        """When something that is reported now happened: up to two hours ago."""
        ago = timedelta(seconds=self.rng.choice((0, 0, 60, 3_600, 7_200)))
        return (self.now - ago - EPOCH) // timedelta(microseconds=1)

    def presented(self, origin):
        return lot_id(Part.PRESENTED, origin)

    def lot_of(self, what, made):
        return digest(what.encode(), made.hex())


def hurry(store):
    """Lets SQLite not wait for the disk: nothing here cuts the power."""
    with store.transaction() as transaction:
        driver = transaction._line.driver
    if isinstance(driver, sqlite3.Connection):
        driver.execute("PRAGMA synchronous = OFF")


def wipe(store):
    with store.transaction() as transaction:
        for table in TABLES:
            transaction._line.driver.execute(f"DELETE FROM {table}")


def check(transaction, model):
    """Every unit of the store is one of the model and the other way round."""
    driver = transaction._line.driver
    states = {1: "held", 2: "confirmed", 3: "released", 4: "expired", 5: "denied"}
    rows = driver.execute("SELECT lot_id, state FROM ledger_lot").fetchall()
    assert {lot: states[state] for lot, state in rows} == {key: lot.state for key, lot in model.lots.items()}
    counted = driver.execute("SELECT counter_id, held, used, last_at, lately FROM ledger_counter").fetchall()
    for counter, held, used, last, lately in counted:
        units = [unit for unit in model.live if unit.counter == counter]
        waiting = [unit for unit in units if model.lots[unit.lot].state == "held"]
        assert (held, used) == (len(waiting), len(units) - len(waiting))
        faded = (0.5 ** ((last - unit.taken) / HALF_LIFE_US) for unit in units)
        assert math.isclose(lately, sum(faded), abs_tol=1e-9)
    assert {unit.counter for unit in model.live} <= {counter for counter, *_ in counted}
    rolling = driver.execute("SELECT counter_id, lot_id, taken_at FROM ledger_unit").fetchall()
    live = [(unit.counter, unit.lot, unit.taken) for unit in model.live if unit.rolling]
    assert sorted(rolling) == sorted(live)


def check_nothing_twice(operations, answers):
    """One grant for each id in a batch; what comes again, or serves again, is told so."""
    granted = [
        answer.lot
        for answer in answers
        if answer.status is Status.GRANTED and not (answer.replayed or answer.reused)
    ]
    assert len(granted) == len(set(granted)) <= len(operations)
