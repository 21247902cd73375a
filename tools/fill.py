"""Fills a database with plausible decisions: what a service has after a year, within minutes.

python -m tools.fill sqlite:///filled.db --decisions 2000000

The rules and customers are those of the benchmarks; the rules are put in force. The decisions are spread over
the last month and over many customers. Their records are copies of some that the engine makes, each sealed
with its own customer's key; what the actions hold is taken from the ledger, and has mostly expired since.
Nothing else is cut short: chains, counters and indexes are as they would be.
"""

import argparse
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
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
from maitred.core.limits.limits import Limit, Need, Uncheckable, needs_of
from maitred.core.limits.lots import Origin, Part, Take, lot_id
from maitred.core.values.types import Facts
from maitred.engine.calls import DecideCall, bytes_of
from maitred.engine.customers.people import REF_BYTES, People
from maitred.engine.deciding.question import hold_us_of
from maitred.engine.ports.store import DecisionRecord, Person
from maitred.rpc.convert.decisions import decide_call
from maitred.store import SqlStore
from maitred.vault import RandomPool

BATCH = 256
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


class _Filler:
    """Makes decisions, batch by batch; customers come one after the other, then again."""

    def __init__(self, policy: Policy, people: People, samples: Sequence[Sample]) -> None:
        self._policy, self._people, self._samples = policy, people, samples
        self._random, self._customers = random.Random(SEED), list[Person]()  # noqa: S311 -- plausible, and no secret

    def add(self, opened: SqlStore, at: datetime, count: int) -> None:
        """One transaction."""
        new = list(itertools.islice(self._strangers(), count))
        chosen = [*new, *self._random.choices(self._customers or new, k=count - len(new))]
        made = [(customer, self._random.choice(self._samples)) for customer in chosen]
        records = [self._record(customer, sample, at) for customer, sample in made]
        pairs = zip(records, made, strict=True)
        takes = [take for record, (who, what) in pairs for take in self._takes(record, who, what, at)]
        with opened.transaction() as transaction:
            transaction.add_people(new)
            transaction.settle(at, takes)
            transaction.append(records)
        self._customers += new

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
                origin = Origin(record.decision_id, name)
                whole = tuple(itertools.chain.from_iterable(needs))
                key = self._random.randbytes(ID_BYTES)
                yield Take(
                    lot_id(Part.HOLD, origin), key, (whole,), hold_us_of(limits), (key,), origin, Part.HOLD
                )

    def _needs(self, limit: Limit, facts: Facts, at: datetime) -> tuple[Need, ...]:
        needs = needs_of(limit, facts, at, self._policy.ruleset.zone, self._people.subject_pseudonym)
        return () if isinstance(needs, Uncheckable) else needs


def fill(url: str, keys: Path, rules: Path, count: int) -> Iterator[int]:
    """Puts rules of the benchmarks in force and adds so many decisions; tells now and then how many."""
    with closing(store.open_store(url)) as opened:
        key_ring = vault.open_vault(keys, create=True)
        observer = telemetry.make_observer({}, telemetry.configure_logging(sys.stderr, {}))
        now = datetime.now(UTC)
        engine = make_engine(opened, key_ring, observer, load_policy, lambda: now)
        opened.check_keys(key_ring.check_values())
        engine.rulesets.activate(rulefiles.read_sources(rules), str(rules))
        people = People(key_ring, RandomPool(REF_BYTES).take)
        messages = itertools.islice(decides("sample", locations=LOCATIONS), SAMPLES)
        samples = [_sample(engine, people, opened, decide_call(message)) for message in messages]
        filler = _Filler(engine.rulesets.in_force(), people, samples)
        for done in range(0, count, BATCH):
            filler.add(opened, now - PERIOD + PERIOD * done / count, min(BATCH, count - done))
            if done % (TOLD_EVERY * BATCH) == 0:
                yield done


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
