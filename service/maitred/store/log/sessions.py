"""Which decisions were made in which session, and what was rejected in it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Delete, Select, delete, select
from sqlalchemy.engine import Connection

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.values.instants import from_microseconds
from maitred.engine.ports.store import DecisionRecord, Rejection
from maitred.store import lookup
from maitred.store.drivers.connections import Driver, ask, columns, run
from maitred.store.recent import Recent
from maitred.store.tables import DECISION, SESSION_DECISION

_INTO = "INSERT INTO session_decision (session, decision_id, customer)"
_UNLESS_THERE = "ON CONFLICT DO NOTHING"
_POSTGRES_ADD = f"{_INTO} SELECT * FROM unnest(%b::bytea[], %b::bytea[], %b::bytea[]) {_UNLESS_THERE}"  # noqa: S608 -- of constants
_SQLITE_ADD = f"{_INTO} VALUES {{}} {_UNLESS_THERE}"
_REJECTED = f"""
FROM session_decision JOIN outcome ON outcome.decision_id = session_decision.decision_id
WHERE outcome.kind = {OutcomeKind.REJECTED.value} AND outcome.recorded = 1 AND session
"""
_POSTGRES_FIND = (
    f"SELECT session, customer, outcome.action, outcome.happened_at {_REJECTED} = ANY (%b::bytea[])"
)
_SQLITE_FIND = f"""
SELECT json_group_array(json_array(hex(session), hex(customer), hex(outcome.action), outcome.happened_at))
{_REJECTED} IN (VALUES {{}})
"""
_S = SESSION_DECISION.c
_MADE = select(DECISION.c.decided_at, DECISION.c.decision_id)
_ASKED_AT_ONCE = 500

OfEach = Mapping[bytes, Sequence[Rejection]]


def append_sqlite(driver: Driver, records: Iterable[DecisionRecord]) -> None:
    """Writes down the sessions of records that have one."""
    run(driver, _SQLITE_ADD, _rows(records))


def append_postgres(driver: Driver, records: Iterable[DecisionRecord]) -> None:
    """Writes down the sessions of records that have one."""
    driver.execute(_POSTGRES_ADD, columns(sorted(_rows(records))))


def rejections_sqlite(driver: Driver, sessions: Collection[bytes]) -> OfEach:
    """What was rejected in each of the sessions."""
    return _by_session(ask(driver, _SQLITE_FIND, [(session,) for session in sessions], (0, 1, 2)))


def rejections_postgres(driver: Driver, sessions: Collection[bytes]) -> OfEach:
    """What was rejected in each of the sessions."""
    return _by_session(driver.execute(_POSTGRES_FIND, (list(sessions),)).fetchall())


def decisions_in(
    connection: Connection, recent: Recent | None, session: bytes, max_rows: int
) -> Sequence[bytes]:
    """Returns the ids of the last decisions of a session, oldest first. ``recent``: see ``lookup``."""
    ids = connection.scalars(select(_S.decision_id).where(_S.session == session)).all()
    made: list[tuple[int, bytes]] = []
    for at in range(0, len(ids), _ASKED_AT_ONCE):
        those = lookup.of_ids(connection, recent, ids[at : at + _ASKED_AT_ONCE])
        made += [(when, decision) for when, decision in connection.execute(_MADE.where(those))]
    return [decision for _, decision in sorted(made)[-max_rows:]]


def forgetting(decisions: Select[Any]) -> Delete:
    """Returns the statement that deletes the rows of decisions that go; ``decisions`` selects their ids."""
    return delete(SESSION_DECISION).where(_S.decision_id.in_(decisions))


def erase(connection: Connection, ref: bytes) -> None:
    """Deletes the rows of a customer."""
    connection.execute(delete(SESSION_DECISION).where(_S.customer == ref))


def _rows(records: Iterable[DecisionRecord]) -> list[tuple[bytes, bytes, bytes]]:
    return [(record.session, record.decision_id, record.customer) for record in records]


def _by_session(rows: Iterable[Sequence[Any]]) -> OfEach:
    by_session: dict[bytes, list[Rejection]] = defaultdict(list)
    for session, customer, action, happened_at in rows:
        name = action.decode("utf-8", "surrogatepass")
        by_session[session].append(Rejection(name, customer, from_microseconds(happened_at)))
    return by_session
