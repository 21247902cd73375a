"""How full limits are, for operators."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, desc, func, literal, or_, select
from sqlalchemy.engine import Connection

from maitred.core.limits.counters import FADE_US, faded, floor_us
from maitred.core.limits.lots import UnitState
from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.core.values.windows import ROLLING_KEY
from maitred.engine.ports.store import CounterQuery, CounterSummary
from maitred.store.tables import COUNTER, LOT, SHARED, UNIT

from .ledger import NONE

_C = COUNTER.c
_COLUMNS = (_C.limit_name, _C.subject, _C.window_key, _C.resets_at, _C.held, _C.used, _C.last_at, _C.lately)
_IS_ROLLING = _C.window_key == ROLLING_KEY.encode()


def find(
    connection: Connection, now: datetime, asks: Sequence[CounterQuery], recent_us: int, max_rows: int
) -> Sequence[CounterSummary]:
    """See ``engine.ports.store.Store``."""
    now_us = to_microseconds(now)
    return [
        _tally(row, now_us, recent_us)
        for ask in dict.fromkeys(asks)
        for row in connection.execute(_fullest(ask, now_us, max_rows))
    ]


def _fullest(ask: CounterQuery, now_us: int, max_rows: int) -> Select[Any]:
    if ask.lookback_us is None:
        live, of_window = _C.held + _C.used, and_(~_IS_ROLLING, _is_open(now_us))
    else:
        live, of_window = _taken_within(ask.lookback_us, now_us), _IS_ROLLING
    wanted = select(_C.counter_id, *_COLUMNS, live.label("live")).where(
        _C.limit_name == ask.limit, of_window, *_begins(ask.subject_start)
    )
    if ask.is_shared:
        wanted = wanted.where(SHARED)
    fullest = wanted.order_by(desc("live"), _C.subject, _C.window_key).limit(max_rows).subquery()
    c = fullest.c
    # Of the few that are told: it is known of the lots alone which units are held.
    held = c.held if ask.lookback_us is None else _held_within(c, ask.lookback_us, now_us)
    columns = (c[column.name] for column in _COLUMNS)
    return select(*columns, c.live, held).order_by(c.live.desc(), c.subject, c.window_key)


def _begins(start: str) -> list[ColumnElement[bool]]:
    data = start.encode("utf-8", "surrogatepass")
    return [func.substr(_C.subject, 1, len(data)) == data] if data else []


def _is_open(now_us: int) -> ColumnElement[bool]:
    return or_(_C.resets_at == NONE, _C.resets_at > now_us)


def _taken_within(lookback_us: int, now_us: int) -> ColumnElement[int]:
    """As a batch counts them: from the clock or the last unit, whichever is later."""
    floor = case((_C.last_at > now_us, _C.last_at), else_=literal(now_us))
    counted = (
        select(func.count())
        .where(UNIT.c.counter_id == _C.counter_id, UNIT.c.taken_at > floor - lookback_us)
        .scalar_subquery()
    )
    # Most counters of persons have no unit in the window: their units are not looked for.
    return case((_C.last_at > now_us - lookback_us, counted), else_=literal(0))


def _held_within(counter: Any, lookback_us: int, now_us: int) -> ColumnElement[int]:
    """Those of the units that are held: a hold may last longer than the window."""
    floor = case((counter.last_at > now_us, counter.last_at), else_=literal(now_us))
    counted = (
        select(func.count())
        .select_from(UNIT.join(LOT, LOT.c.lot_id == UNIT.c.lot_id))
        .where(
            UNIT.c.counter_id == counter.counter_id,
            UNIT.c.taken_at > floor - lookback_us,
            LOT.c.state == UnitState.HELD.value,
        )
        .scalar_subquery()
    )
    # Units that are spent as they are taken are in held lots, too, and are not held.
    return case((counter.held > 0, counted), else_=literal(0))


def _tally(row: Sequence[Any], now_us: int, recent_us: int) -> CounterSummary:
    limit, subject, window, resets_at, held, used, last_us, lately, live, live_held = row
    left = faded(lately, floor_us(now_us, last_us) - last_us)
    return CounterSummary(
        limit,
        subject.decode("utf-8", "surrogatepass"),
        window.decode("utf-8", "surrogatepass"),
        from_microseconds(resets_at) if resets_at else None,
        held,
        used,
        live,
        min(left * recent_us / FADE_US, float(held + used)),
        min(live_held, held, live),
    )
