"""The version of the tables: what a database is at, and how it gets to what the code needs."""

from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import Connection

from maitred.store.drivers.failures import StoreUnusable

from . import messages

HEAD = "0022"
"""The newest migration. Names of migrations sort in their order."""
VERSION_TABLE = "maitred_schema"
"""Not Alembic's own name: another program's migrations may stand in the same place."""

_MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(connection: Connection, name: str) -> None:
    """Makes or migrates the tables, in the connection's transaction, which keeps others out.

    Raises ``StoreUnusable`` for a database that is newer than the code or somebody else's.
    """
    version = _version(connection, name)
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        raise StoreUnusable(messages.too_new(name, version, HEAD))
    _migrate(connection)


def check_up_to_date(connection: Connection, name: str) -> None:
    """Raises ``StoreUnusable`` where the tables are not of this version; changes nothing."""
    version = _version(connection, name)
    if version is None:
        raise StoreUnusable(f"database `{name}` is empty, name the one that `maitred serve` writes to")
    if version < HEAD:
        raise StoreUnusable(
            f"database `{name}` is at schema `{version}`, this maitred reads `{HEAD}`, "
            "start `maitred serve` on it once to migrate it"
        )
    if version > HEAD:
        raise StoreUnusable(messages.too_new(name, version, HEAD))


def _version(connection: Connection, name: str) -> str | None:
    """Returns the migration the database is at; ``None`` for an empty one."""
    tables = inspect(connection).get_table_names()
    if VERSION_TABLE in tables:
        rows = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 -- a constant
        return str(rows.scalar_one())
    if tables:
        raise StoreUnusable(messages.not_ours(name, sorted(tables)))
    return None


def _migrate(connection: Connection) -> None:
    # Takes a third of a second to import, and almost every start has nothing to migrate.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes.update(connection=connection, version_table=VERSION_TABLE)
    command.upgrade(config, HEAD)
