"""PostgreSQL: many replicas on one server."""

from typing import Any

import psycopg
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine

from maitred.store import schema_version
from maitred.store.chain import Identity
from maitred.store.dialect import Dialect
from maitred.store.drivers.failures import Failures, from_postgres
from maitred.store.ledger import ledger
from maitred.store.ledger.postgres import PostgresLedger, read_clock
from maitred.store.log import outcomes, sessions
from maitred.store.log.decisions import append_postgres, find_postgres
from maitred.store.people import events, people
from maitred.store.stores import SqlStore
from maitred.store.transactions import Writer

from .address import postgres_name
from .readers import ReadOnlyStore, made_of

CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_MS = 10_000
"""Beyond it no caller waits any more."""
LOCK_TIMEOUT_MS = 3_000
"""Three times ``deadlock_timeout``'s default, so that a deadlock is found and named as one."""
IDLE_TRANSACTION_TIMEOUT_MS = 30_000
"""Frees the locks of a replica that hangs in the middle of a transaction."""
MIGRATION_TIMEOUT_MS = 120_000
"""Replicas that start together wait here for the one that migrates."""
UNACKNOWLEDGED_TIMEOUT_MS = 10_000
KEEPALIVE_IDLE_S, KEEPALIVE_INTERVAL_S, KEEPALIVE_PROBES = 5, 2, 3
"""A server that went away without a word is noticed after some ten seconds."""
READERS = 4
"""Reads are rare (one record by its id) and short; the server's connections are dear."""
READER_WAIT_SECONDS = 5.0
MIGRATION_LOCK = 0x6D61_6974_7265_6400
"""Advisory lock of migrations: ``maitred`` in ASCII."""

# READ COMMITTED whatever the server's default: what another replica has committed is seen
# by the next statement, and conditional writes need no retries.
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_CONNECT_ARGS = {
    "application_name": "maitred",
    "connect_timeout": CONNECT_TIMEOUT_S,
    "keepalives_idle": KEEPALIVE_IDLE_S,
    "keepalives_interval": KEEPALIVE_INTERVAL_S,
    "keepalives_count": KEEPALIVE_PROBES,
    "tcp_user_timeout": UNACKNOWLEDGED_TIMEOUT_MS,
}
_SET_UP = f"""
SELECT set_config('statement_timeout', '{STATEMENT_TIMEOUT_MS}', false),
       set_config('lock_timeout', '{LOCK_TIMEOUT_MS}', false),
       set_config('idle_in_transaction_session_timeout', '{IDLE_TRANSACTION_TIMEOUT_MS}', false),
       -- A commit is durable before it is answered, whatever the server's default. Stricter ones stay.
       set_config('synchronous_commit', CASE current_setting('synchronous_commit')
           WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)
"""
# Statements are planned once, while the tables may still be empty, and keep their plans until the server
# counts the rows, a minute or hours later: a scan of a table that has grown meanwhile costs more with every
# row. All that is written for calls has an index to go by, and none of it is worth a compiler.
_SET_UP_WRITER = """
SELECT set_config('enable_seqscan', 'off', false), set_config('jit', 'off', false)
"""
_SET_UP_MIGRATION = f"""
SELECT set_config('statement_timeout', '{MIGRATION_TIMEOUT_MS}', true),
       set_config('lock_timeout', '{MIGRATION_TIMEOUT_MS}', true)
"""


READING_TIMEOUT_MS = 600_000
"""Whole tables are counted."""

_SET_UP_READING = f"""
SELECT set_config('default_transaction_read_only', 'on', false),
       set_config('statement_timeout', '{READING_TIMEOUT_MS}', false)
"""

POSTGRES = Dialect(
    find_decisions=find_postgres,
    append_decisions=append_postgres,
    find_people=people.find_postgres,
    add_people=people.add_postgres,
    place_people=people.place_postgres,
    renew_people=people.renew_postgres,
    find_outcomes=outcomes.find_postgres,
    append_outcomes=outcomes.append_postgres,
    append_sessions=sessions.append_postgres,
    find_events=events.find_postgres,
    append_events=events.append_postgres,
    events_of=events.of_postgres,
    outcomes_of=outcomes.of_customers_postgres,
    rejections_in=sessions.rejections_postgres,
    append_claims=ledger.append_postgres,
    open_claims=ledger.open_postgres,
    ledger=PostgresLedger(),
    clock=lambda driver, _: read_clock(driver),
)
"""Many replicas: the database's clock is the one they share."""


def open_postgres(url: URL, identity: Identity) -> SqlStore:
    """Connects, and makes or migrates the tables. Raises ``StoreDown``."""
    name = postgres_name(url)
    failures = Failures(name, psycopg.Error, from_postgres)
    writer = _engine(url, _SET_UP, _SET_UP_WRITER, connections=1)
    try:
        with failures.translated(), writer.connect() as connection:
            connection.exec_driver_sql(_BEGIN)
            _migrate_alone(connection, name)
            connection.commit()
            fsync = connection.exec_driver_sql("SHOW fsync").scalar_one()
    except BaseException:
        writer.dispose()
        raise
    return SqlStore(
        failures,
        writer=Writer(writer, _BEGIN, failures, identity),
        readers=_engine(url, _SET_UP, connections=READERS, pre_ping=True),
        dialect=POSTGRES,
        warnings=()
        if fsync == "on"
        else (f"database `{name}` runs with `fsync = off`, a power failure loses answered decisions",),
    )


def _migrate_alone(connection: Connection, name: str) -> None:
    connection.exec_driver_sql(_SET_UP_MIGRATION)
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
    schema_version.bring_up_to_date(connection, name)


def _engine(url: URL, *set_up: str, connections: int, pre_ping: bool = False) -> Engine:
    engine = create_engine(
        url,
        # The URL has the last word. Every statement is sent often: it is prepared at once.
        connect_args={
            "prepare_threshold": 0,
            **{name: value for name, value in _CONNECT_ARGS.items() if name not in url.query},
        },
        isolation_level="AUTOCOMMIT",  # reads need no transaction; and the writer says BEGIN itself
        use_native_hstore=False,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=READER_WAIT_SECONDS,
        pool_pre_ping=pre_ping,
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: object) -> None:
        for statement in set_up:
            connection.execute(statement)

    return engine


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
        connection.execute(_SET_UP_READING)

    failures = Failures(postgres_name(url), psycopg.Error, from_postgres)
    return made_of(failures, engine, "BEGIN READ ONLY", POSTGRES)
