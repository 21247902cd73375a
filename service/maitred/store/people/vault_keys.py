"""The check values of the vault's keys: whether this database was written with the same ones."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from maitred.store.tables import VAULT_KEY

_INSERT = text(
    "INSERT INTO vault_key (version, check_value) VALUES (:version, :check_value) ON CONFLICT DO NOTHING"
)
_ALL = select(VAULT_KEY.c.version, VAULT_KEY.c.check_value)


def check(connection: Connection, values: Mapping[int, bytes]) -> Sequence[int]:
    """Keeps the values of new versions; the versions whose value differs from what is kept."""
    rows = [{"version": version, "check_value": values[version]} for version in sorted(values)]
    if rows:
        connection.execute(_INSERT, rows)
    kept = {version: bytes(value) for version, value in connection.execute(_ALL)}
    return [version for version in sorted(values) if kept[version] != values[version]]
