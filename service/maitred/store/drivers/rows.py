"""Many rows at once: SQLite statements over them, whose answers come as one, and columns for PostgreSQL.

SQLite's driver gives the interpreter away at every row, and among many busy threads each time waits
to get it back: so all rows of an answer come as one, in JSON, their bytes in hexadecimal.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, repeat
from typing import Any

from .connections import Cursor, Driver

SIZES = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Rows that statements are made for: the last row is repeated up to the next size, which does no
harm to any of them, so that few statements are kept prepared."""


def ask(
    driver: Driver, statement: str, rows: Sequence[tuple[Any, ...]], blobs: tuple[int, ...]
) -> Iterator[list[Any]]:
    """Every row that the statement finds for any of ``rows``; ``blobs`` are the places of bytes."""
    for cursor in run(driver, statement, rows):
        yield from rows_in(cursor, blobs)


def rows_in(cursor: Cursor, blobs: tuple[int, ...]) -> list[list[Any]]:
    """The rows of a statement that answers with one array of them."""
    ((text,),) = cursor.fetchall()
    rows: list[list[Any]] = json.loads(text)
    for row in rows:
        for place in blobs:
            row[place] = bytes.fromhex(row[place])
    return rows


def run(driver: Driver, statement: str, rows: Sequence[tuple[Any, ...]]) -> list[Cursor]:
    """Executes the statement with all rows, in as few parts as its sizes allow."""
    cursors = []
    for at in range(0, len(rows), SIZES[-1]):
        part = rows[at : at + SIZES[-1]]
        size = next(size for size in SIZES if size >= len(part))
        values = chain.from_iterable([*part, *repeat(part[-1], size - len(part))])
        cursors.append(driver.execute(_of_size(statement, size, len(part[0])), tuple(values)))
    return cursors


@cache
def _of_size(statement: str, size: int, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    return statement.format(", ".join([row] * size))


def columns(rows: Iterable[Sequence[Any]]) -> tuple[list[Any], ...]:
    """Rows turned into columns."""
    return tuple(map(list, zip(*rows, strict=True)))
