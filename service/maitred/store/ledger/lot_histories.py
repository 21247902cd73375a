"""What became of the lots of a decision."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import starmap
from typing import Any

from sqlalchemy import Table, bindparam, select
from sqlalchemy.engine import Connection

from maitred.core.limits.lots import Lot, Status, Step
from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.engine.ports.store import LotHistory
from maitred.store.tables import LOT, STEP

from .ledger import LOT_COLUMNS, NONE, STEP_COLUMNS, later_lots, lot_of, own_range, step_of

# The order in which these can come to one lot. Steps of one batch have one instant, and the
# clock may have been set back between two of them.
_LIFE = (
    Status.NOT_GRANTED,
    Status.NOTHING_LEFT,
    Status.CONFIRMED,
    Status.ALREADY_CONFIRMED,
    Status.RELEASED,
    Status.ALREADY_RELEASED,
)


def _select(table: Table, names: str) -> Any:
    """The columns of those names, and when the row was made."""
    return select(*(table.c[name] for name in names.split(", ")), table.c.made_at)


_ALL = _select(LOT, LOT_COLUMNS)
_OWN = _ALL.where(
    LOT.c.decision_id == bindparam("decision"),
    LOT.c.lot_id > bindparam("first"),
    LOT.c.lot_id < bindparam("end"),
)
_ONE_LOT = _ALL.where(LOT.c.lot_id == bindparam("lot_id"))


def find(connection: Connection, decision_id: bytes, decided_at: datetime | None) -> Sequence[LotHistory]:
    """The lots of the decision by when they were taken, each with its steps in their order.

    Those that the decision itself took are found where it is known when that was.
    """
    decided_us = to_microseconds(decided_at) if decided_at else NONE
    later = _ALL.where(later_lots(connection.dialect.name, decision_id, decided_us))
    rows = list(connection.execute(later))
    if decided_at:
        first, end = own_range(decision_id, decided_at)
        rows += connection.execute(_OWN, {"decision": decision_id, "first": first, "end": end})
    rows.sort(key=lambda row: (row.made_at, row.lot_id))
    lots = [(lot_of(row), made_at) for *row, made_at in rows]
    steps = _steps(connection, [lot.id for lot, _ in lots]) if lots else {}
    return [
        LotHistory(lot, from_microseconds(made_at), tuple(starmap(_with_time, steps.get(lot.id, ()))))
        for lot, made_at in lots
    ]


def find_lot(connection: Connection, lot_id: bytes) -> Lot | None:
    """One lot."""
    row = connection.execute(_ONE_LOT, {"lot_id": lot_id}).one_or_none()
    return lot_of(row[:-1]) if row else None


def _steps(connection: Connection, lot_ids: Collection[bytes]) -> dict[bytes, list[tuple[Step, int]]]:
    wanted = _select(STEP, STEP_COLUMNS).where(STEP.c.lot_id.in_(lot_ids))
    listed = [(step_of(row), made_at) for *row, made_at in connection.execute(wanted)]
    listed.sort(key=lambda made: (_LIFE.index(made[0].status), made[1], made[0].id))
    steps = defaultdict(list)
    for step, made_at in listed:
        steps[step.lot].append((step, made_at))
    return steps


def _with_time(step: Step, made_at: int) -> tuple[Step, Any]:
    return step, from_microseconds(made_at)
