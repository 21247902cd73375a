"""CSV tables and lists of lines: their cells as text, and cells as values."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from maitred.core.values.facts import Read, reader_of
from maitred.core.values.kinds import KINDS
from maitred.core.values.pauses import Pause, no_pause, slowly
from maitred.core.values.texts import composed
from maitred.core.values.types import Attribute, AttributeType, Invalid, Kind, Value
from maitred.rulefiles import bounds
from maitred.rulefiles.messages import file_messages, rule_messages
from maitred.rulefiles.tree.text import BOM, FORBIDDEN, advance

Told = Callable[[int, int, str], None]
"""Takes line and column, from 1, and a message."""

# The csv module's own limit of 131,072 is a setting of the whole process, and rows of 14,000
# products need more; it is only ever raised.
csv.field_size_limit(max(csv.field_size_limit(), bounds.CELL_CHARACTERS))

COUNTED_BYTES = 1 << 20
"""At once: counting holds the interpreter, for a third of a millisecond with so many."""


@dataclass(frozen=True, slots=True)
class Row:
    """``line`` is where the row starts; ``cells`` are in the order of the header."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as read: the names in its header, and its rows."""

    file: str
    header: tuple[str, ...]
    rows: list[Row]

    def column(self, name: str) -> int:
        """Where the cells of a column stand, from 0. Raises ``ValueError``."""
        return self.header.index(name)


_OTHER_SIGNS = ";\t|"
"""What spreadsheets divide columns by where the comma is that of decimals."""


def read_table(file: str, data: bytes, tell: Told, pause: Pause = no_pause) -> Table | None:
    """Returns the table without its faulty rows; ``None`` where nothing can be read, which is told.

    Calls ``pause`` before each row.
    """
    if len(data) > bounds.TABLE_FILE_BYTES:
        tell(0, 0, file_messages.file_too_large(bounds.TABLE_FILE_BYTES))
        return None
    text = data.removeprefix(codecs.BOM_UTF8)
    if not text or text.isspace():
        tell(1, 1, rule_messages.table_empty())
        return None
    if _has_too_many_rows(data, pause):
        tell(0, 0, file_messages.too_many_rows())
        return None
    rows = slowly(_rows(data, tell), pause)
    head = next(rows, None)
    if head is None:
        return None
    header = tuple(head.cells)
    if len(header) == 1 and (sign := next(filter(header[0].__contains__, _OTHER_SIGNS), None)):
        tell(head.line, header[0].index(sign) + 1, rule_messages.table_divided_by(sign))
        return None
    twice = {name for name in header if header.count(name) > 1}
    for name in sorted(twice):
        tell(head.line, 1, rule_messages.table_column_twice(name))
    return None if twice else Table(file, header, list(_whole(rows, len(header), tell)))


def _has_too_many_rows(data: bytes, pause: Pause) -> bool:
    """Of a table in which something else is wrong first it is not said."""
    rows_max = bounds.TABLE_ROWS + 1  # with the header
    starts = range(0, len(data), COUNTED_BYTES)
    ends = (data.count(end, start, start + COUNTED_BYTES) for start in starts for end in (b"\n", b"\r"))
    if sum(ends) < rows_max:
        return False
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", errors="replace", newline="")
    try:
        rows = slowly(filter(None, csv.reader(text, strict=True)), pause)
        return sum(1 for _ in islice(rows, rows_max + 1)) > rows_max
    except csv.Error:
        return False


def _whole(rows: Iterator[Row], width: int, tell: Told) -> Iterator[Row]:
    for row in rows:
        if len(row.cells) == width:
            yield row
        else:
            tell(row.line, 1, rule_messages.table_cells(len(row.cells), width))


def _rows(data: bytes, tell: Told) -> Iterator[Row]:
    # Decoded line by line: a reader of 64 MiB must not hold other threads up.
    stream = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    bad: set[int] = set()
    reader = csv.reader(_checked(stream, tell, bad), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            tell(reader.line_num, 1, rule_messages.table_bad_line(str(error)))
            return
        except UnicodeDecodeError:
            tell(*_first_bad_byte(data), file_messages.not_utf8())
            return
        if cells is None:
            return
        if cells and bad.isdisjoint(range(line, reader.line_num + 1)):
            yield Row(line, cells)


def _checked(lines: Iterator[str], tell: Told, bad: set[int]) -> Iterator[str]:
    """Yields the lines in NFC; those with what no file may contain are told and remembered."""
    for number, line in enumerate(lines, 1):
        if match := FORBIDDEN.search(line):
            tell(number, match.start() + 1, file_messages.forbidden_character(match[0]))
            bad.add(number)
        yield composed(line)


def _first_bad_byte(data: bytes) -> tuple[int, int]:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        return advance(before, 0, len(before), 1, 1)
    return 1, 1


def read_lines(data: bytes, tell: Told) -> list[str]:
    """Returns the lines of a file without the blanks around them; empty ones left out."""
    if len(data) > bounds.TABLE_FILE_BYTES:
        tell(0, 0, file_messages.file_too_large(bounds.TABLE_FILE_BYTES))
        return []
    try:
        text = data.decode("utf-8").removeprefix(BOM)
    except UnicodeDecodeError:
        tell(*_first_bad_byte(data), file_messages.not_utf8())
        return []
    stripped = (line.strip() for line in _checked(io.StringIO(text, newline=None), tell, set()))
    return [line for line in stripped if line]


def cell_column(row: Row, index: int) -> int:
    """Returns the column in the line, from 1, of a cell; exact where only what must be quoted is quoted."""
    return 1 + sum(len(cell) + 1 + _quotes(cell) for cell in row.cells[:index])


def _quotes(cell: str) -> int:
    return 2 + cell.count('"') if any(letter in cell for letter in ',"\r\n') else 0


def cell_reader(attribute: Attribute) -> Callable[[str], Value | None]:
    """From the text of a cell to its value; ``None`` where it is not of the type."""
    type_, read = attribute.type, reader_of(attribute)
    is_normalized = attribute.allowed or attribute.ignores_case or attribute.is_trimmed
    if type_.kind is Kind.STRING and not is_normalized:
        return (lambda cell: tuple(cell.split())) if type_.is_list else str
    return partial(_value, type_, read, KINDS[type_.kind].cell)


def _value(type_: AttributeType, read: Read, json_of: Callable[[str], Any], cell: str) -> Value | None:
    """Lists are separated by blanks."""
    parts = [json_of(part) for part in (cell.split() if type_.is_list else [cell])]
    if None in parts:
        return None
    fact = read(parts if type_.is_list else parts[0])
    return None if isinstance(fact, Invalid) else fact  # type: ignore[return-value]  # no cell is an object
