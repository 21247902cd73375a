"""Snapshots of what has been learned, the newest of which every process reads.

PostgreSQL takes them from the job that learns. A SQLite file is written by one process alone, so where a
service has it, the job leaves its snapshot in a file beside it, and the service takes that in when it looks
for a newer one.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, func, insert, select
from sqlalchemy.engine import Connection

from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.engine.ports.evidence import StoredParameters

from .tables import LEARNED

KEPT = 100
"""Newer ones than this are kept. Decisions need none of them: their records hold what they drew by."""
_SUFFIX, _TAKEN = "-learned", "-learned-taken"
_L = LEARNED.c


def save(connection: Connection, content: bytes, at: datetime) -> int:
    """Keeps a snapshot under the next number; those that are long replaced go."""
    number = (connection.scalar(select(func.max(_L.number))) or 0) + 1
    row = {"number": number, "learned_at": to_microseconds(at), "content": content}
    connection.execute(insert(LEARNED), row)
    connection.execute(delete(LEARNED).where(_L.number <= number - KEPT))
    return number


def find_after(connection: Connection, number: int, before: int | None) -> StoredParameters | None:
    """Returns the newest snapshot ``before`` a number, where it has a greater one."""
    wanted = select(*LEARNED.columns).where(_L.number > number).order_by(_L.number.desc()).limit(1)
    wanted = wanted if before is None else wanted.where(_L.number < before)
    row = connection.execute(wanted).one_or_none()
    return StoredParameters(row.number, from_microseconds(row.learned_at), row.content) if row else None


def leave(database: Path, content: bytes) -> None:
    """Leaves a snapshot for whoever writes the file; one that was not taken in is replaced."""
    place = Path(f"{database.resolve()}{_SUFFIX}")
    unfinished = place.with_name(f"{place.name}-{os.getpid()}")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(place)


class Left:
    """What was left beside a SQLite file."""

    def __init__(self, database: Path) -> None:
        self._place = Path(f"{database.resolve()}{_SUFFIX}")
        self._taken = Path(f"{database.resolve()}{_TAKEN}")

    def contents(self) -> Iterator[tuple[bytes, datetime]]:
        """Yields what is there, oldest first, with when it was left. Each goes once it has been taken in.

        It is moved away first: another may be left meanwhile.
        """
        for is_new in (False, True):
            if is_new:
                if not self._place.exists():
                    return
                self._place.replace(self._taken)
            if self._taken.exists():
                yield self._taken.read_bytes(), datetime.fromtimestamp(self._taken.stat().st_mtime, UTC)
                self._taken.unlink()
