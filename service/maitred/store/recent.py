"""The newest decisions in SQLite, which no index has yet: held in memory, and filled in by order of key.

Ids and customers are random, so that every row of a batch touches a page of its own in each index: to
write them costs three times what the rows of the log cost. A part of some thousand rows, sorted, has many
keys for each page. So the log is written at once and alone, and indexes later: while one part gathers, the
part before it is filled into the indexes, with every batch as many keys as keeps it ahead.

In the database the marker ``decision_indexed`` says up to which ``seq`` the indexes are whole, and it moves
with the last key of a part. Whoever starts reads the rows behind it. After a crash some of them are in an
index already: filled in again they stay what they are, an index row being a function of its row in the log.

An index row has the first bytes of a key only, as pages are what it costs. Two keys may share them, and
rows may be purged while they are in memory: whoever looks up reads the row in the log and compares.

Readers on other connections look here first and into the database then. What has gone from here by then was
committed to the indexes before, as a part is let go after the commit of its last key.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import chain, islice
from typing import NamedTuple

HEAD_BYTES = 8
"""Of a key, in an index: of two million random ones hardly two share them."""
PART_ROWS_MIN = 4_096
"""A small index has few pages: larger parts gain nothing, and are read at the start."""
PART_ROWS_MAX = 32_768
"""With half of the next, memory and time at the start: see docs/decisions/0017."""
STORED_FOR_EACH = 64
"""Stored rows to one of a part: of the 150 keys on a page of an index a part has two or three."""
KEYS_AT_ONCE = 128
"""Of one statement, which is kept prepared."""
_KEYS_FOR_EACH_ROW = 4
"""Filled in for each row that comes and brings two: a part is done when half of the next is there."""


def head(key: bytes) -> bytes:
    """Returns what an index has of a key."""
    return key[:HEAD_BYTES]


class LogIndex(Enum):
    """The indexes of the log, by the column they are of."""

    ID = "decision_id"
    CUSTOMER = "customer"


class Keys(NamedTuple):
    """Rows for an index, in order of key: the first bytes of the key, and ``seq``."""

    of: LogIndex
    rows: tuple[tuple[bytes, int], ...]


class RecentPart:
    """Rows of the log that follow each other; ``last`` is the last one's ``seq``."""

    __slots__ = ("by_customer", "by_id", "last")

    def __init__(self) -> None:
        self.by_id: dict[bytes, int] = {}
        self.by_customer: dict[bytes, list[int]] = {}
        self.last = 0

    def add(self, seq: int, decision_id: bytes, customer: bytes) -> None:
        """Takes in the row that follows."""
        self.by_id[decision_id] = self.last = seq
        self.by_customer.setdefault(customer, []).append(seq)

    def keys(self) -> Iterator[Keys]:
        """Yields all of it for the indexes, a statement each; sorts what is of one index when that begins."""
        yield from _keys(LogIndex.ID, ((key, self.by_id[key]) for key in sorted(self.by_id)))
        by_customer = self.by_customer
        yield from _keys(
            LogIndex.CUSTOMER, ((key, seq) for key in sorted(by_customer) for seq in by_customer[key])
        )


def _keys(index: LogIndex, pairs: Iterable[tuple[bytes, int]]) -> Iterator[Keys]:
    rows = ((head(key), seq) for key, seq in pairs)
    while some := tuple(islice(rows, KEYS_AT_ONCE)):
        yield Keys(index, some)


class Recent:
    """Belongs to the connection that writes. Other threads may look up, and nothing else.

    The rows that are ``stored`` in the log say how large a part is. ``absent`` are ids that the
    transaction under way has looked up in vain.
    """

    def __init__(self, stored: int) -> None:
        self.absent: set[bytes] = set()
        self._stored = stored
        self._gathering, self._filling = RecentPart(), RecentPart()
        self._left: Iterator[Keys] = iter(())
        self._owed, self._is_filled = 0, True

    def add(self, rows: Iterable[tuple[int, bytes, bytes]]) -> None:
        """Takes in rows as they follow in the log: ``seq``, id and customer."""
        part = self._gathering
        for row in rows:
            part.add(*row)

    def due(self, rows: int) -> Iterator[Keys]:
        """Returns what to write into the indexes in the transaction that has brought so many rows."""
        self._stored += rows
        if self._filling.last == 0:
            enough = min(max(self._stored // STORED_FOR_EACH, PART_ROWS_MIN), PART_ROWS_MAX)
            if len(self._gathering.by_id) < enough:
                return
            # In this order: whoever looks up at this moment finds a row in one of them.
            self._filling = self._gathering
            self._gathering = RecentPart()
            self._left, self._owed, self._is_filled = self._filling.keys(), 0, False
        self._owed += rows * _KEYS_FOR_EACH_ROW
        count, self._owed = divmod(self._owed, KEYS_AT_ONCE)
        for _ in range(count):
            keys = next(self._left, None)
            if keys is None:
                self._is_filled = True
                return
            yield keys

    @property
    def filled(self) -> int | None:
        """Returns the last row of a part whose keys have all been written in the transaction under way."""
        return self._filling.last if self._is_filled and self._filling.last else None

    def committed(self) -> None:
        """Lets go what the indexes have, now that it is durable."""
        self.absent.clear()
        if self._is_filled and self._filling.last:
            self._filling = RecentPart()

    def of_ids(self, ids: Iterable[bytes]) -> list[int]:
        """Returns where the decisions are that are here; from any thread."""
        return [seq for part in self._parts() for key in ids if (seq := part.by_id.get(key)) is not None]

    def of_customers(self, refs: Iterable[bytes]) -> list[int]:
        """Returns where those of the customers are that are here; from any thread."""
        some = (part.by_customer.get(ref) for part in self._parts() for ref in refs)
        # Copied at once, as the writer may add to them.
        return list(chain.from_iterable([seqs.copy() for seqs in some if seqs]))

    def _parts(self) -> Iterator[RecentPart]:
        # The other way round, a part that has just begun to be filled would be missed.
        yield self._gathering
        yield self._filling
