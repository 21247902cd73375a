"""Run as a process of its own: sends every claim of a seed, in batches, in an order of its own.

Usage: claimant.py URL NUMBER CLAIMS. Reads a seed per line; answers with one line of letters,
the claims by number: granted (G) or denied (D).
"""

import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from maitred.core.limits.limits import Counts, Limit, LimitKind, Need, Uncheckable, needs_of, pace_of
from maitred.core.limits.lots import Status, Take
from maitred.core.values.windows import Lifetime, Rolling
from maitred.engine.ports.store import StoreConflict
from maitred.store import SqlStore, open_store

UNITS = 300
MAX_BATCH = 64
HOLD_US = 20 * 60 * 1_000_000
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
LETTERS = {Status.GRANTED: "G", Status.DENIED: "D"}


def needs(seed: int) -> tuple[Need, ...]:
    """By seed: a lifetime window, a rolling one, or both."""
    limit = Limit(f"hot-{seed}", LimitKind.CAPACITY, ("location.id",), UNITS, Lifetime(), Counts.CLAIMED)
    if seed % 3 == 1:
        limit = replace(limit, window=Rolling(timedelta(days=7)))
    if seed % 3 == 2:
        limit = replace(limit, pace=pace_of(limit, UNITS, Rolling(timedelta(days=7))))
    checked = needs_of(limit, {"location.id": "s-1"}, NOW, "UTC")
    assert not isinstance(checked, Uncheckable)
    return checked


def claim_all(store: SqlStore, seed: int, number: int, claims: int) -> str:
    """The answers of this claimant to every claim."""
    rng = random.Random(1_000 * seed + number)
    order = rng.sample(range(claims), claims)
    answers = [""] * claims
    for batch in _batches(rng, order):
        takes = [Take(_id(seed, claim), b"same", (needs(seed),), HOLD_US) for claim in batch]
        for claim, settled in zip(batch, settle(store, takes), strict=True):
            answers[claim] = LETTERS[settled.status]
    return "".join(answers)


def settle(store: SqlStore, operations, now: datetime = NOW):
    """One batch, as often as it takes; another replica may have used an id at the same moment."""
    while True:
        try:
            with store.transaction() as transaction:
                return transaction.settle(now, operations)
        except StoreConflict:
            now += timedelta(microseconds=1)


def _id(seed: int, claim: int) -> bytes:
    return seed.to_bytes(8, "big") + claim.to_bytes(8, "big")


def _batches(rng: random.Random, order: list[int]) -> Iterator[list[int]]:
    at = 0
    while at < len(order):
        size = rng.randint(1, MAX_BATCH)
        yield order[at : at + size]
        at += size


def main() -> None:
    store = open_store(sys.argv[1])
    tell("ready")
    for line in sys.stdin:
        tell(claim_all(store, int(line), int(sys.argv[2]), int(sys.argv[3])))


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
