"""What the engine needs of the world. Shells implement it; ``bootstrap`` plugs them in."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from .ledger import Ledger


class StoreDown(Exception):
    """The database cannot be reached or does not answer in time."""


class StoreConflict(Exception):
    """The transaction lost against another one; running it again may succeed."""


class DecisionRecord(NamedTuple):
    """One row of the decision log.

    ``decision_id`` is 16 bytes, a function of the request id. ``body`` is JSON (UTF-8):
    everything needed to answer again and to decide again.
    """

    decision_id: bytes
    decided_at: datetime
    ruleset: str
    customer_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredRuleset:
    """A ruleset as kept for replay: its files by relative path."""

    hash: str
    version: str
    commit: str
    activated_at: datetime
    sources: Mapping[str, bytes]


class Transaction(Ledger, Protocol):
    """One write transaction; it commits when its ``with`` block ends without an exception."""

    def append(self, records: Sequence[DecisionRecord]) -> Mapping[bytes, DecisionRecord]:
        """Writes the records whose id is new; gives the stored record of each id that is not.

        The ids of one call are distinct.
        """
        ...


class Store(Protocol):
    """The durable state. Every method may raise ``StoreDown``."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """For the decision thread alone. Durable once the block has ended.

        Leaving the block may raise ``StoreConflict``, or ``StoreDown`` where it is not
        known whether the commit took place.
        """
        ...

    def decision(self, decision_id: bytes) -> DecisionRecord | None:
        """The record of one decision; from any thread."""
        ...

    def save_ruleset(self, ruleset: StoredRuleset) -> None:
        """Keeps a ruleset under its hash; keeps the first where there is one already."""
        ...

    def ruleset(self, digest: str) -> StoredRuleset | None:
        """The ruleset kept under a hash; from any thread."""
        ...

    def close(self) -> None:
        """Closes every connection. The store is not used afterwards."""
        ...
