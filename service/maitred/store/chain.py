"""The hash chain of the decision log: what makes a change to a row show.

Each process that writes is a writer with a chain of its own. A row's place (``seq``) is its
writer's number and its own number in the chain, from 1; its hash is SHA-256 over the hash before
it and every column. The writer's row has the count and the hash of the last, and is written in
the same transaction: so one byte changed, a row removed, put in or swapped, and an end cut off show.

What no chain can show: someone who may write everything and knows this file can write the rows
anew from any one of them to the end, the writer's row too, or remove the newest writers with
all their rows. Who notes the heads elsewhere from time to time (``Audit.chains``) sees that as well.
"""

from collections.abc import Sequence
from hashlib import sha256
from struct import Struct
from typing import Any, NamedTuple

NUMBER_BITS = 40
"""Rows of one process: a million million. Leaves room for eight million processes in 63 bits."""
FIRST_WRITER = 1

_GENESIS = b"maitred.decision.log"
_WRITER = Struct(">16sqq")
# Every length comes first, so no two rows are the same bytes.
_HEADER = Struct(">16sq32sqqIIII")
_MAX_BYTES_AT_ONCE = 2_047
"""For more, ``hashlib`` gives the interpreter away, and among busy threads it takes long to come back."""

Values = tuple[bytes, int, str, bytes, bytes]
"""Columns of ``decision``: decision_id, decided_at, ruleset, customer, body."""
Row = tuple[int, bytes, int, str, bytes, bytes]
"""The same after their ``seq``."""
Linked = Sequence[tuple[Any, ...]]
"""Rows, each followed by its hash."""


class Identity(NamedTuple):
    """A writer: 16 random bytes, and when it started, in microseconds since 1970."""

    id: bytes
    started_at: int


class Tail(NamedTuple):
    """The end of a writer's chain as it was written last."""

    writer: Identity
    number: int
    rows: int
    head: bytes

    def after(self, rows: int, head: bytes) -> "Tail":
        """Returns the end after so many more rows."""
        return self._replace(rows=self.rows + rows, head=head)


def place(writer: int, number: int) -> int:
    """Returns ``seq`` of a row."""
    return writer << NUMBER_BITS | number


def number_of(seq: int) -> int:
    """Returns a row's number in its chain."""
    return seq & ((1 << NUMBER_BITS) - 1)


def genesis(writer: Identity, number: int) -> bytes:
    """Returns what stands for the hash before the first row of a writer."""
    return sha256(_GENESIS + _WRITER.pack(*writer, number)).digest()


def encoded(writer: Identity, before: bytes, row: Row) -> bytes:
    """Returns what is hashed.

    Raises ``TypeError``, ``AttributeError`` or ``struct.error`` for no such row.
    """
    seq, decision_id, decided_at, ruleset, customer, body = row
    name = ruleset.encode()
    lengths = len(decision_id), len(name), len(customer), len(body)
    header = _HEADER.pack(*writer, before, seq, decided_at, *lengths)
    return b"".join((header, decision_id, name, customer, body))


def link(writer: Identity, before: bytes, row: Row) -> bytes:
    """Returns the hash of a row, from that of the row before it."""
    whole = encoded(writer, before, row)
    if len(whole) <= _MAX_BYTES_AT_ONCE:
        return sha256(whole).digest()
    digest = sha256()
    for at in range(0, len(whole), _MAX_BYTES_AT_ONCE):
        digest.update(whole[at : at + _MAX_BYTES_AT_ONCE])
    return digest.digest()


def linked(tail: Tail, rows: Sequence[Values]) -> Linked:
    """Returns the rows with their places before and their hashes behind them, as they follow ``tail``."""
    writer, seq, head = tail.writer, place(tail.number, tail.rows), tail.head
    whole = []
    for values in rows:
        seq += 1
        row = (seq, *values)
        head = link(writer, head, row)
        whole.append((*row, head))
    return whole
