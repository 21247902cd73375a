"""The ledger as the engine needs it: a few calls inside a write transaction.

A batch reads what its decisions look at, decides, settles what came of it, and then appends
its records, all in one transaction::

    with store.transaction() as transaction:
        now = transaction.clock(local)
        own = transaction.read_held(now, keys)               # locks nothing
        counts = transaction.read_counts(now, needs)         # locks nothing
        ...                                                  # decide, purely
        answers = transaction.settle(now, operations)        # once in a transaction
        transaction.append(records)

``settle`` comes once and before ``append``: on PostgreSQL it locks counters in one order on all
replicas, coldest first, and a second call would begin that order anew with locks in hand.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from maitred.core.limits.limits import Need
from maitred.core.limits.lots import Operation, Settled

MAX_DUE_PER_BATCH = 2_048
"""Holds that one batch gives back at most: after a long stop the first batches take a tenth of a second."""


class Count(NamedTuple):
    """A counter as it stands. ``live`` is what a limit is held against: the units in its window.

    ``held`` and ``used`` are all units of the counter; a rolling window may have let go of some.
    """

    held: int = 0
    used: int = 0
    live: int = 0


class Ledger(Protocol):
    """Part of ``Transaction``. Every call may raise ``StoreDown`` and ``StoreConflict``."""

    @property
    def expired(self) -> Mapping[str, int]:
        """Lots that ``settle`` gave back because they were due, by name of the action."""
        ...

    def clock(self, local: datetime) -> datetime:
        """Returns the ledger's time: the database's where many replicas share it, else ``local``."""
        ...

    def read_counts(self, now: datetime, needs: Sequence[Need]) -> Sequence[Count]:
        """Returns the counters of ``needs`` as last committed, in their order, without holds that are due.

        Locks nothing.
        """
        ...

    def read_held(self, now: datetime, keys: Collection[bytes]) -> Mapping[bytes, tuple[bytes, int]]:
        """The lots that are held under keys of ``Take.reuse``, with when they expire (us). Locks nothing.

        What such a lot holds its owner has: it needs no unit of those counters any more.
        """
        ...

    def settle(self, now: datetime, operations: Sequence[Operation]) -> Sequence[Settled]:
        """Gives back what is due, then does the operations in their order, each all or nothing.

        Without operations it only gives back what is due, ``MAX_DUE_PER_BATCH`` lots at most.
        A hold that an operation names expires first where it is due. Ids are 16 bytes each.
        """
        ...
