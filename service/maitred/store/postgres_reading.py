"""PostgreSQL, to be looked at only."""

from typing import Any

import psycopg
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL

from .address import postgres_name
from .failures import Failures, from_postgres
from .postgres import CONNECT_TIMEOUT_S, PostgresTransaction
from .reading import ReadOnlyStore, made_of

STATEMENT_TIMEOUT_MS = 600_000
"""Whole tables are counted."""

_SET_UP = f"""
SELECT set_config('default_transaction_read_only', 'on', false),
       set_config('statement_timeout', '{STATEMENT_TIMEOUT_MS}', false)
"""


def open_postgres_read_only(url: URL) -> ReadOnlyStore:
    """Connects, also as a user who may only read. Raises ``StoreDown``."""
    usual = {"application_name": "maitred", "connect_timeout": CONNECT_TIMEOUT_S}
    engine = create_engine(
        url,
        connect_args={name: value for name, value in usual.items() if name not in url.query},
        isolation_level="AUTOCOMMIT",
        use_native_hstore=False,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: object) -> None:
        connection.execute(_SET_UP)

    failures = Failures(postgres_name(url), psycopg.Error, from_postgres)
    return made_of(failures, engine, "BEGIN READ ONLY", PostgresTransaction)
