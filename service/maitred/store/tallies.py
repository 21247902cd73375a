"""How full limits are, for operators."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.engine import Connection

from maitred.core.ledger import FADE_US, faded, floor_us
from maitred.core.windows import ROLLING_KEY
from maitred.engine.ports import Tally, TallyAsk

from .instants import from_microseconds, to_microseconds
from .ledger_rows import NONE
from .tables import COUNTER, UNIT

_C = COUNTER.c
_COLUMNS = (_C.limit_name, _C.subject, _C.window_key, _C.resets_at, _C.held, _C.used, _C.last_at, _C.lately)
_IS_ROLLING = _C.window_key == ROLLING_KEY.encode()


def find(
    connection: Connection, now: datetime, asks: Sequence[TallyAsk], recent_us: int, most: int
) -> Sequence[Tally]:
    """See ``engine.ports.Store``."""
    now_us = to_microseconds(now)
    return [
        _tally(row, now_us, recent_us)
        for ask in dict.fromkeys(asks)
        for row in connection.execute(_fullest(ask, now_us).limit(most))
    ]


def _fullest(ask: TallyAsk, now_us: int) -> Select[Any]:
    if ask.lookback_us is None:
        live, of_window = _C.held + _C.used, and_(~_IS_ROLLING, _is_open(now_us))
    else:
        live, of_window = _taken_within(ask.lookback_us, now_us), _IS_ROLLING
    told = live.label("live")
    wanted = select(*_COLUMNS, told).where(_C.limit_name == ask.limit, of_window)
    return wanted.order_by(told.desc(), _C.subject, _C.window_key)


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


def _tally(row: Sequence[Any], now_us: int, recent_us: int) -> Tally:
    limit, subject, window, resets_at, held, used, last_us, lately, live = row
    left = faded(lately, floor_us(now_us, last_us) - last_us)
    return Tally(
        limit,
        subject.decode("utf-8", "surrogatepass"),
        window.decode("utf-8", "surrogatepass"),
        from_microseconds(resets_at) if resets_at else None,
        held,
        used,
        live,
        min(left * recent_us / FADE_US, float(held + used)),
    )
