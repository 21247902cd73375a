"""Fills a database with plausible decisions: what a service has after a year, within minutes.

python -m tools.fill sqlite:///filled.db --decisions 2000000

The rules and customers are those of the benchmarks; the rules are put in force. The decisions are spread over
the last month and over many customers. Their records are copies of some that the engine makes, each sealed
with its own customer's key. What the latest of them hold is taken from the ledger. The holds of all others
have expired since: their rows are those that the ledger left of the first ones, under other ids. They are
written in large transactions that do not wait for the disk. Nothing else is cut short: chains, counters and
indexes are as they would be.
"""

import argparse
import itertools
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import ruleset
from benchmarks.limits import LIMITS, LOCATIONS
from benchmarks.requests import decides
from benchmarks.serving import ACTIONS
from benchmarks.workload import specs

from maitred import rulefiles, store, telemetry, vault
from maitred.bootstrap.engine import Engine, make_engine
from maitred.bootstrap.rules import load_policy
from maitred.core.deciding.policy import Policy
from maitred.core.limits.counters import CounterState
from maitred.core.limits.ledger import LedgerBatch
from maitred.core.limits.limits import Counter, Limit, Need, Uncheckable, needs_of
from maitred.core.limits.lots import Lot, Origin, Part, Take, Unit, lots_begin, own_lot_id
from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.core.values.types import Facts
from maitred.engine.calls import DecideCall, bytes_of
from maitred.engine.customers.people import REF_BYTES, People, refs_by_time
from maitred.engine.deciding.question import hold_us_of
from maitred.engine.ports.store import DecisionRecord, Person
from maitred.rpc.convert.decisions import decide_call
from maitred.store import SqlStore
from maitred.store.transactions import SqlTransaction
from maitred.vault import RandomPool

BATCH = 256
PAST_BATCH = 16_384
FILLER_CACHE_KIB = 2_000_000
CUSTOMERS = 200_000
PERIOD = timedelta(days=30)
ID_BYTES = 16
SAMPLES = 500
TOLD_EVERY = 40
SEED = 1


@dataclass(frozen=True, slots=True)
class Sample:
    """A decision that was made: its record, opened, and what it proposed and where."""

    body: bytes
    actions: tuple[str, ...]
    location: str


def _sample(engine: Engine, people: People, opened: SqlStore, call: DecideCall) -> Sample:
    answer = engine.decider.decide(call)
    record = opened.decision(bytes_of(answer.decision_id))
    assert record
    actions = tuple(proposal.action for proposal in answer.proposals)
    return Sample(people.opened(record), actions, call.location_id)


@dataclass(frozen=True, slots=True)
class Past:
    """What the ledger leaves of holds that have expired, ``at`` an instant; ``held`` is how long they were.

    By action, and of their counters.
    """

    at: datetime
    held: timedelta
    lots: Mapping[str, Lot]
    counter: CounterState

    def book(self, at: datetime) -> LedgerBatch:
        """For what is left of that instant."""
        return LedgerBatch(to_microseconds(at), {})

    def add(self, book: LedgerBatch, origin: Origin, counter: Counter) -> None:
        """What is left of one hold."""
        lot, later_us = self.lots.get(origin.action), book.now_us - to_microseconds(self.at)
        if lot is None:
            return
        ids = os.urandom(2 * ID_BYTES)
        moved = lot._replace(
            id=own_lot_id(Part.HOLD, origin, lots_begin(origin.decision, from_microseconds(book.now_us))),
            fingerprint=ids[:ID_BYTES],
            units=tuple([Unit(counter.id, unit.taken_us + later_us, unit.rolling) for unit in lot.units]),
            expires_us=None if lot.expires_us is None else lot.expires_us + later_us,
            over_us=None if lot.over_us is None else lot.over_us + later_us,
            reuse=ids[-ID_BYTES:],
            origin=origin,
        )
        book.lots[moved.id] = moved
        book.moved[moved.id] = None
        book.touched[counter.id] = counter

    def save(self, transaction: SqlTransaction, book: LedgerBatch) -> None:
        """Writes it as the ledger does."""
        state = replace(self.counter, last_us=book.now_us)
        book.rows = dict.fromkeys(book.touched, state)
        transaction._dialect.ledger.save(transaction._line.driver, book, ())  # noqa: SLF001 -- past its decisions


def _past(opened: SqlStore, filler: "_Filler", at: datetime) -> Past:
    takes = filler.add(opened, at, BATCH)
    held = timedelta(microseconds=max(take.hold_us or 0 for take in takes))
    left: Mapping[bytes, Lot] = {}
    while not left or any(lot.is_live for lot in left.values()):
        with opened.transaction() as transaction:
            transaction.settle(at + held, ())
            left = transaction.lots([take.id for take in takes])
            counters = {unit.counter for lot in left.values() for unit in lot.units}
            rows = transaction._dialect.ledger.rows(transaction._line.driver, counters)  # noqa: SLF001 -- as above
    lots = {lot.origin.action: lot for lot in left.values() if lot.origin}
    return Past(at, held, lots, next(iter(rows.values())))


class _Filler:
    """Makes decisions, batch by batch; customers come one after the other, then again."""

    def __init__(self, policy: Policy, people: People, samples: Sequence[Sample]) -> None:
        self._policy, self._people, self._samples = policy, people, samples
        self._random, self._customers = random.Random(SEED), list[Person]()  # noqa: S311 -- plausible, and no secret
        self._counters: dict[bytes, Counter] = {}

    def add(self, opened: SqlStore, at: datetime, count: int) -> list[Take]:
        """One transaction of what the ledger decides on; what it was asked for."""
        new, made, records = self._made(at, count)
        pairs = zip(records, made, strict=True)
        takes = [take for record, (who, what) in pairs for take in self._takes(record, who, what, at)]
        with opened.transaction() as transaction:
            transaction.add_people(new)
            transaction.settle(at, takes)
            transaction.append(records)
        return takes

    def add_past(self, opened: SqlStore, at: datetime, count: int, past: Past) -> None:
        """One transaction of decisions whose holds have expired."""
        new, made, records = self._made(at, count)
        book = past.book(at)
        for record, (customer, sample) in zip(records, made, strict=True):
            for name in sample.actions:
                past.add(
                    book,
                    Origin(record.decision_id, name, to_microseconds(at)),
                    self._counter(customer, sample, name, at),
                )
        with opened.transaction() as transaction:
            transaction.add_people(new)
            transaction.append(records)
            past.save(transaction, book)

    def _made(
        self, at: datetime, count: int
    ) -> tuple[list[Person], list[tuple[Person, Sample]], list[DecisionRecord]]:
        new = list(itertools.islice(self._strangers(), count))
        chosen = [*new, *self._random.choices(self._customers or new, k=count - len(new))]
        made = [(customer, self._random.choice(self._samples)) for customer in chosen]
        self._customers += new
        return new, made, [self._record(customer, sample, at) for customer, sample in made]

    def _counter(self, customer: Person, sample: Sample, name: str, at: datetime) -> Counter:
        """What the customer's holds are counted by: in the rules of the benchmarks alike for all."""
        if customer.ref not in self._counters:
            facts: Facts = {"customer.id": customer.ref.hex(), "location.id": sample.location}
            (limit,) = self._policy.by_name[name].held
            (need,) = self._needs(limit, facts, at)
            self._counters[customer.ref] = need.counter
        return self._counters[customer.ref]

    def _strangers(self) -> Iterator[Person]:
        for number in range(len(self._customers), CUSTOMERS):
            yield self._people.stranger(self._people.pseudonyms(f"filled-{number}"))

    def _record(self, customer: Person, sample: Sample, at: datetime) -> DecisionRecord:
        decision_id = self._random.randbytes(ID_BYTES)
        return DecisionRecord(
            decision_id=decision_id,
            decided_at=at,
            ruleset=self._policy.ruleset.hash,
            customer=customer.ref,
            body=self._people.seal(customer, sample.body, decision_id),
            key=customer.key,
        )

    def _takes(
        self, record: DecisionRecord, customer: Person, sample: Sample, at: datetime
    ) -> Iterator[Take]:
        facts: Facts = {"customer.id": customer.ref.hex(), "location.id": sample.location}
        for name in sample.actions:
            limits = self._policy.by_name[name].held
            needs = [self._needs(limit, facts, at) for limit in limits]
            if limits and all(needs):
                origin = Origin(record.decision_id, name, to_microseconds(at))
                whole = tuple(itertools.chain.from_iterable(needs))
                key = self._random.randbytes(ID_BYTES)
                lot = own_lot_id(Part.HOLD, origin, lots_begin(record.decision_id, at))
                yield Take(lot, key, (whole,), hold_us_of(limits), (key,), origin, Part.HOLD)

    def _needs(self, limit: Limit, facts: Facts, at: datetime) -> tuple[Need, ...]:
        needs = needs_of(limit, facts, at, self._policy.ruleset.zone, self._people.subject_pseudonym)
        return () if isinstance(needs, Uncheckable) else needs


def fill(url: str, keys: Path, rules: Path, count: int) -> Iterator[int]:
    """Puts rules of the benchmarks in force and adds so many decisions; tells now and then how many."""
    with closing(store.open_store(url)) as opened:
        key_ring = vault.open_vault(keys, create=True)
        observer = telemetry.make_observer({}, telemetry.configure_logging(sys.stderr, {}))
        now = datetime.now(UTC)
        start = now - PERIOD
        # Samples come first in the log and are its oldest, so that what is old is where purging looks for it.
        engine = make_engine(opened, key_ring, observer, load_policy, lambda: start)
        opened.check_keys(key_ring.check_values())
        engine.rulesets.activate(rulefiles.read_sources(rules), str(rules))
        people = People(key_ring, refs_by_time(lambda: datetime.now(UTC), RandomPool(REF_BYTES).take))
        messages = itertools.islice(decides("sample", locations=LOCATIONS), SAMPLES)
        samples = [_sample(engine, people, opened, decide_call(message)) for message in messages]
        filler = _Filler(engine.rulesets.in_force(), people, samples)
        done = 0
        _hurry(opened, url)
        if engine.rulesets.in_force().limits:
            done, past = BATCH, _past(opened, filler, start)
            latest = count * (1 - past.held / PERIOD)
            while done < latest - PAST_BATCH:
                filler.add_past(opened, start + PERIOD * done / count, PAST_BATCH, past)
                done += PAST_BATCH
                yield done
        for at in range(done, count, BATCH):
            filler.add(opened, start + PERIOD * at / count, min(BATCH, count - at))
            if at // BATCH % TOLD_EVERY == 0:
                yield at


def _hurry(opened: SqlStore, url: str) -> None:
    """Does not wait for the disk from here on: after a crash it is all made anew."""
    is_sqlite = url.startswith("sqlite")
    settings = ("PRAGMA synchronous = OFF", f"PRAGMA cache_size = -{FILLER_CACHE_KIB}")
    for statement in settings if is_sqlite else ("SELECT set_config('synchronous_commit', 'off', false)",):
        opened._writer.run_apart(statement)  # noqa: SLF001 -- no setting of a service


def main() -> None:
    """Fills a database from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.fill", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("database", help="the URL, as of `maitred serve --database`")
    parser.add_argument("--keys", type=Path, default=Path("filled.keys"), help="the keyring, made if need be")
    parser.add_argument("--decisions", type=int, default=2_000_000)
    parser.add_argument("--without-limits", action="store_true")
    options = parser.parse_args()
    started = time.monotonic()

    with tempfile.TemporaryDirectory() as folder:
        rules = ruleset.write(Path(folder), specs(ACTIONS), "" if options.without_limits else LIMITS)
        for done in fill(options.database, options.keys, rules, options.decisions):
            print(f"\r{done:,} decisions, {time.monotonic() - started:.0f} s", end="", flush=True)
    print()


if __name__ == "__main__":
    main()
