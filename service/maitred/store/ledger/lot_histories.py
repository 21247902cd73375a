"""What became of the lots of a decision."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import starmap
from typing import Any

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.engine import Connection

from maitred.core.limits.lots import Lot, Status, Step
from maitred.core.values.instants import from_microseconds
from maitred.engine.ports.store import LotHistory
from maitred.store.tables import LOT, STEP

from .ledger import LOT_COLUMNS, STEP_COLUMNS, lot_of, step_of

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


_ONE_LOT = _select(LOT, LOT_COLUMNS).where(LOT.c.lot_id == bindparam("lot_id"))


def find(connection: Connection, decision_id: bytes) -> Sequence[LotHistory]:
    """The lots of the decision by when they were taken, each with its steps in their order."""
    of_decision = (func.length(LOT.c.decision_id) > 0) & (LOT.c.decision_id == decision_id)
    wanted = _select(LOT, LOT_COLUMNS).where(of_decision).order_by(LOT.c.made_at, LOT.c.lot_id)
    lots = [(lot_of(row), made_at) for *row, made_at in connection.execute(wanted)]
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
