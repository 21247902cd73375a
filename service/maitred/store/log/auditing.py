"""Goes through the decision log and its chains, while others write.

What the writers say of their chains is read first; rows that come later are not looked at. See
``chain`` for what this can show, and what not.
"""

from collections.abc import Callable, Iterator, Sequence
from struct import error as StructError  # noqa: N812 -- ``error`` says nothing
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import Connection

from maitred.engine.ports.store import Audit, Break, Chain
from maitred.store.chain import FIRST_WRITER, Identity, genesis, link, number_of, place

ROWS_AT_ONCE = 256
"""Some hundred kilobytes, and rarely more than some megabytes."""

# Of raw values: what was written over may be of any type.
_WRITERS = text("""
SELECT number, id, started_at, rows, purged, log_writer.begin, head,
       (SELECT max(seq) FROM decision WHERE seq >= number * :span AND seq < (number + 1) * :span)
FROM log_writer ORDER BY number
""")
_ENDS = text("SELECT min(seq), max(seq) FROM decision")
_PURGED = text("SELECT purged FROM log_writer WHERE number = :number")
_ROWS = text("""
SELECT seq, decision_id, decided_at, ruleset, customer, body, hash FROM decision
WHERE seq >= :first AND seq <= :last ORDER BY seq LIMIT :max_rows
""")
_SPAN = place(1, 0)

_MISSING = "the row is missing"
_CHANGED = "the row is not as it was written"
_NOT_COUNTED = "its writer has not counted the row"
_WRITER_CHANGED = "the row of the writer is not as it was written"
_UNREADABLE = (TypeError, AttributeError, ValueError, StructError)

Read = Callable[[Callable[[Connection], Any]], Any]
"""Does something with a connection that is then given back."""


class _ChainEnd(NamedTuple):
    """What a writer says of its chain, and the last place that is there."""

    number: int
    id: bytes
    started_at: int
    rows: int
    purged: int
    begin: bytes
    head: bytes
    last: int | None

    @property
    def name(self) -> str:
        return self.id.hex() if isinstance(self.id, bytes) else str(self.number)


class Auditor:
    """``read`` lends a connection for one statement at a time, so that no snapshot is held."""

    def __init__(self, read: Read, progress: Callable[[int], None]) -> None:
        self._read, self._progress, self._rows = read, progress, 0

    def run(self) -> Audit:
        """The audit of the whole log."""
        ends = self._ask(_ENDS)[0]
        writers = [_ChainEnd(*row) for row in self._ask(_WRITERS, span=_SPAN)]
        broken = [*_strangers(writers, *ends)]
        broken += [bad_row for writer in writers if (bad_row := self._first_break(writer))]
        return Audit(self._rows, tuple(map(_chain, writers)), tuple(broken))

    def _first_break(self, writer: _ChainEnd) -> Break | None:
        counted = self._rows
        while True:
            bad_row = self._follow(writer)
            purged = bad_row and self._ask(_PURGED, number=writer.number)
            if not purged or purged[0][0] == writer.purged:
                return bad_row
            # Its first rows were purged in the meantime: what is left is another chain.
            self._rows = counted
            (writer,) = [
                written
                for row in self._ask(_WRITERS, span=_SPAN)
                if (written := _ChainEnd(*row)).number == writer.number
            ]

    def _follow(self, writer: _ChainEnd) -> Break | None:
        """The first row that does not follow the one before it."""
        if _is_changed(writer):
            return _break(writer, 0, b"", _WRITER_CHANGED)
        number, head = writer.purged, writer.begin
        for *row, digest in self._rows_of(writer):
            number += 1
            if number_of(row[0]) != number:
                return _break(writer, number, b"", _MISSING)
            if number > writer.rows:
                return _break(writer, number, row[1], _NOT_COUNTED)
            if not _follows(writer, head, row, digest):
                return _break(writer, number, row[1], _CHANGED)
            head = digest
        return _end(writer, number, head)

    def _rows_of(self, writer: _ChainEnd) -> Iterator[Sequence[Any]]:
        """From the beginning of the writer's places to the last that was there at the start."""
        first = place(writer.number, 0)
        while writer.last is not None and (
            page := self._ask(_ROWS, first=first, last=writer.last, max_rows=ROWS_AT_ONCE)
        ):
            yield from page
            self._rows += len(page)
            self._progress(self._rows)
            first = page[-1][0] + 1

    def _ask(self, statement: Any, **values: int) -> list[Sequence[Any]]:
        return self._read(lambda connection: connection.execute(statement, values).fetchall())  # type: ignore[no-any-return]  # as the driver gives it


def _strangers(writers: Sequence[_ChainEnd], first: int | None, last: int | None) -> Iterator[Break]:
    """Writers that are missing, and rows beyond those of any writer."""
    numbers = [writer.number for writer in writers]
    for number in range(FIRST_WRITER, max(numbers, default=0) + 1):
        if number not in numbers:
            yield Break(str(number), 0, "", "the writer is missing")
    for seq in {first, last} - {None}:
        assert seq is not None
        if seq < place(FIRST_WRITER, 0) or seq >= place(max(numbers, default=0) + 1, 0):
            yield Break(str(seq // _SPAN), number_of(seq), "", "the row has no writer")


def _is_changed(writer: _ChainEnd) -> bool:
    """Whether the writer's own row shows that it was written over, before any other is read."""
    try:
        begins = genesis(Identity(writer.id, writer.started_at), writer.number)
        is_whole = 0 <= writer.purged <= writer.rows and (writer.purged > 0 or writer.begin == begins)
    except _UNREADABLE:
        is_whole = False
    return not is_whole


def _follows(writer: _ChainEnd, head: bytes, row: Sequence[Any], digest: object) -> bool:
    try:
        return link(Identity(writer.id, writer.started_at), head, tuple(row)) == digest
    except _UNREADABLE:
        return False


def _end(writer: _ChainEnd, number: int, head: bytes) -> Break | None:
    if number < writer.rows:
        return _break(writer, number + 1, b"", _MISSING)
    if number > writer.rows or head != writer.head:
        return _break(writer, number, b"", _WRITER_CHANGED)
    return None


def _break(writer: _ChainEnd, number: int, decision_id: Any, why: str) -> Break:
    name = decision_id.hex() if isinstance(decision_id, bytes) else ""
    return Break(writer.name, number, name, why)


def _chain(writer: _ChainEnd) -> Chain:
    head = writer.head.hex() if isinstance(writer.head, bytes) else ""
    return Chain(writer.name, writer.rows, writer.purged, head)
