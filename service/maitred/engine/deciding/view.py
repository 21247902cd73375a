"""What a batch sees of the ledger: read once, and what the batch itself takes counted on top."""

from collections.abc import Collection, Sequence
from datetime import datetime

from maitred.core.limits.limits import Need
from maitred.core.limits.lots import Take
from maitred.engine.ports.ledger import Ledger


class View:
    """Counters and held lots as one transaction reads them."""

    def __init__(self, ledger: Ledger, now: datetime) -> None:
        self._ledger, self._now = ledger, now
        self._live: dict[tuple[bytes, int | None], int] = {}
        self._taken: dict[bytes, int] = {}
        self._asked: set[bytes] = set()
        self._held: set[bytes] = set()

    def read(self, needs: Sequence[Need], keys: Collection[bytes] = ()) -> None:
        """Reads what has not been read: counters, and lots that are held under keys of ``Take.reuse``."""
        unread = {_place(need): need for need in needs if _place(need) not in self._live}
        counts = self._ledger.read_counts(self._now, list(unread.values())) if unread else ()
        self._live |= {place: count.live for place, count in zip(unread, counts, strict=True)}
        unasked = [key for key in keys if key not in self._asked]
        if unasked:
            self._asked.update(unasked)
            self._held.update(self._ledger.read_held(self._now, unasked))

    def live(self, need: Need) -> int:
        """Units that count against the need, those taken in this batch included."""
        return self._live[_place(need)] + self._taken.get(need.counter.id, 0)

    def holds(self, key: bytes) -> bool:
        """Whether a lot is held under the key."""
        return key in self._held

    def take(self, take: Take) -> None:
        """Counts what this batch is about to take; nothing where a lot that is held serves."""
        for key in take.reuse:
            if key in self._held:
                return
            self._held.add(key)
        for need in take.choices[0]:
            self._taken[need.counter.id] = self._taken.get(need.counter.id, 0) + 1


def _place(need: Need) -> tuple[bytes, int | None]:
    return need.counter.id, need.lookback_us
