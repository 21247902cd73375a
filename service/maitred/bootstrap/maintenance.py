"""What privacy officers do to a database itself: audit it, and delete what is over."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import NamedTuple

from maitred import store
from maitred.engine.ports.store import Audit, StoreDown
from maitred.settings import Keep
from maitred.store import StoreUnusable
from maitred.upkeep.retention import Piece, forget, rest_seconds, terms

__all__ = ["Head", "Inspection", "Piece", "StoreDown", "StoreInUse", "audit", "overdue", "purge", "terms"]


class Head(NamedTuple):
    """A writer of the decision log, and the hash of a row of its chain; both in hexadecimal."""

    writer: str
    digest: str


class Inspection(NamedTuple):
    """What an audit found, and which of the heads that were noted before are not there."""

    audit: Audit
    missing: Sequence[Head]


class StoreInUse(StoreDown):
    """A database that can be looked at cannot be written to: a service has it."""


def audit(database: str, heads: Sequence[Head], progress: Callable[[int], None]) -> Inspection:
    """Audits a database beside whoever serves on it. Raises ``StoreDown``."""
    with closing(store.open_read_only(database)) as opened:
        # Before the audit: what is purged meanwhile was there.
        missing = [head for head in heads if not opened.has_written(*head)]
        return Inspection(opened.audit(progress), missing)


def overdue(database: str, keep: Keep, at: datetime | None) -> Mapping[str, int]:
    """About how many rows of each class ``purge`` would delete. Raises ``StoreDown``."""
    with closing(store.open_read_only(database)) as opened:
        when = at or _now()
        return opened.old(terms(keep, when), when)


def purge(database: str, keep: Keep, at: datetime | None) -> Iterator[Piece]:
    """Deletes a piece each time it is asked for the next one.

    Raises ``StoreDown``, as ``StoreInUse`` where a service has a SQLite file, and ``StoreConflict``.
    """
    # Looked at first: opening it to write would make one where there is none, or migrate it.
    store.open_read_only(database).close()
    try:
        opened = store.open_store(database)
    except StoreUnusable as unusable:
        raise StoreInUse(str(unusable)) from unusable
    try:
        for piece in forget(opened, keep, at or _now()):
            yield piece
            time.sleep(rest_seconds(piece))
    finally:
        opened.close()


def _now() -> datetime:
    return datetime.now(UTC)
