"""Deletes the oldest decisions; the chains begin where what is left begins, and say so."""

from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import delete, select, update

from maitred.core.values.instants import to_microseconds
from maitred.store import lookup
from maitred.store.chain import number_of, place
from maitred.store.drivers.connections import WriteConnection
from maitred.store.tables import DECISION, LOG_WRITER, OUTCOME

from . import sessions

_D, _W = DECISION.c, LOG_WRITER.c


def purge(line: WriteConnection, before: datetime, max_rows: int) -> int:
    """Deletes decisions from the beginning of each chain up to the first that is not older.

    At most so many of all chains, with their outcomes. Says how many decisions went.
    """
    before_us, gone = to_microseconds(before), 0
    for number in line.connection.scalars(_begin_before(before_us)).all():
        if gone < max_rows:
            gone += _purge_chain(line, number, before_us, max_rows - gone)
    return gone


def _begin_before(before_us: int) -> Any:
    first = _D.seq == _W.number * place(1, 0) + _W.purged + 1
    joined = select(_W.number).join_from(LOG_WRITER, DECISION, first)
    return joined.where(_D.decided_at < before_us).order_by(_W.number)


def _purge_chain(line: WriteConnection, number: int, before_us: int, max_rows: int) -> int:
    connection, mine = line.connection, _W.number == number
    purged = connection.scalars(select(_W.purged).where(mine).with_for_update()).one()
    first = place(number, purged)
    following = select(_D.seq, _D.decided_at, _D.hash).where(_D.seq > first, _D.seq < place(number + 1, 0))
    rows = connection.execute(following.order_by(_D.seq).limit(max_rows))
    old = list(takewhile(lambda row: row.decided_at < before_us, rows.all()))
    if not old:
        return 0
    last, _, digest = old[-1]
    span = _D.seq.between(first + 1, last)
    going = select(_D.decision_id).where(span)
    connection.execute(delete(OUTCOME).where(OUTCOME.c.decision_id.in_(going)))
    sessions.forget_decisions(connection, going)
    lookup.forget(line, first + 1, last)
    connection.execute(delete(DECISION).where(span))
    connection.execute(update(LOG_WRITER).where(mine).values(purged=number_of(last), begin=digest))
    return len(old)
