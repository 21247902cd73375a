"""The rulesets that were in force, kept for replay.

Their files are one value: a line of JSON with paths and sizes, then the files one after another, all in zlib.
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.engine import Connection

from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.engine.ports.store import StoredRuleset
from maitred.store.tables import RECORD_DICTIONARY, RULESET


def pack(sources: Mapping[str, bytes]) -> bytes:
    """The files as one value. Equal files give equal values, whatever their order."""
    paths = sorted(sources)
    sizes = json.dumps({path: len(sources[path]) for path in paths})
    return zlib.compress(b"".join([sizes.encode("ascii"), b"\n", *(sources[path] for path in paths)]))


def unpack(packed: bytes) -> dict[str, bytes]:
    """The files of a value that ``pack`` made."""
    sizes, _, content = zlib.decompress(packed).partition(b"\n")
    sources, start = {}, 0
    for path, size in json.loads(sizes).items():
        sources[path] = content[start : start + size]
        start += size
    return sources


_INSERT = text(
    "INSERT INTO ruleset (hash, version, git_commit, activated_at, sources) "
    "VALUES (:hash, :version, :git_commit, :activated_at, :sources) ON CONFLICT (hash) DO NOTHING"
)
_BY_HASH = select(*RULESET.columns)
_INSERT_DICTIONARY = text(
    "INSERT INTO record_dictionary (id, content) VALUES (:id, :content) ON CONFLICT (id) DO NOTHING"
)


def to_row(ruleset: StoredRuleset) -> dict[str, Any]:
    """What ``insert`` takes. Compresses, so it is done before the transaction."""
    return {
        "hash": ruleset.hash,
        "version": ruleset.version,
        "git_commit": ruleset.commit,
        "activated_at": to_microseconds(ruleset.activated_at),
        "sources": pack(ruleset.sources),
    }


def insert(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keeps the ruleset, or the one that stands under its hash already."""
    connection.execute(_INSERT, row)


def find(connection: Connection, ruleset_hash: str) -> StoredRuleset | None:
    """The ruleset kept under a hash."""
    row = connection.execute(_BY_HASH.where(RULESET.c.hash == ruleset_hash)).one_or_none()
    return _ruleset(row) if row else None


def insert_dictionary(connection: Connection, key: bytes, content: bytes) -> None:
    """Keeps what records are packed by."""
    connection.execute(_INSERT_DICTIONARY, {"id": key, "content": content})


def find_dictionary(connection: Connection, key: bytes) -> bytes | None:
    """The dictionary of that id."""
    return connection.scalar(select(RECORD_DICTIONARY.c.content).where(RECORD_DICTIONARY.c.id == key))


def _ruleset(row: Row[*tuple[Any, ...]]) -> StoredRuleset:
    ruleset_hash, version, commit, activated_at, packed = row
    sources = unpack(packed)
    return StoredRuleset(ruleset_hash, version, commit, from_microseconds(activated_at), sources)
