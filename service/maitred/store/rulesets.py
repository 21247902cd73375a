"""The rulesets that were in force, kept for replay."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.engine import Connection

from maitred.core.instants import from_microseconds, to_microseconds
from maitred.engine.ports import StoredRuleset

from . import bundle
from .tables import RULESET

_INSERT = text(
    "INSERT INTO ruleset (hash, version, git_commit, activated_at, sources) "
    "VALUES (:hash, :version, :git_commit, :activated_at, :sources) ON CONFLICT (hash) DO NOTHING"
)
_BY_HASH = select(*RULESET.columns)


def to_row(ruleset: StoredRuleset) -> dict[str, Any]:
    """What ``insert`` takes. Compresses, so it is done before the transaction."""
    return {
        "hash": ruleset.hash,
        "version": ruleset.version,
        "git_commit": ruleset.commit,
        "activated_at": to_microseconds(ruleset.activated_at),
        "sources": bundle.pack(ruleset.sources),
    }


def insert(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keeps the ruleset, or the one that stands under its hash already."""
    connection.execute(_INSERT, row)


def find(connection: Connection, ruleset_hash: str) -> StoredRuleset | None:
    """The ruleset kept under a hash."""
    row = connection.execute(_BY_HASH.where(RULESET.c.hash == ruleset_hash)).one_or_none()
    return _ruleset(row) if row else None


def _ruleset(row: Row[*tuple[Any, ...]]) -> StoredRuleset:
    ruleset_hash, version, commit, activated_at, packed = row
    sources = bundle.unpack(packed)
    return StoredRuleset(ruleset_hash, version, commit, from_microseconds(activated_at), sources)
