"""Deletes the oldest decisions; the chains begin where what is left begins, and say so."""

from datetime import datetime
from itertools import takewhile

from sqlalchemy import bindparam, delete, select, update

from maitred.core.values.instants import to_microseconds
from maitred.store import lookup
from maitred.store.chain import number_of, place
from maitred.store.drivers.connections import WriteConnection
from maitred.store.tables import DECISION, LOG_WRITER, OUTCOME

from . import sessions

_D, _W = DECISION.c, LOG_WRITER.c

# Made once: to make them anew for each piece takes longer than the deleting.
_SPAN = _D.seq.between(bindparam("first"), bindparam("last"))
_GOING = select(_D.decision_id).where(_SPAN)
_BEGIN_BEFORE = (
    select(_W.number)
    .join_from(LOG_WRITER, DECISION, _D.seq == _W.number * place(1, 0) + _W.purged + 1)
    .where(_D.decided_at < bindparam("before"))
    .order_by(_W.number)
)
_PURGED = select(_W.purged).where(_W.number == bindparam("number")).with_for_update()
_FOLLOWING = (
    select(_D.seq, _D.decided_at, _D.hash)
    .where(_D.seq > bindparam("after"), _D.seq < bindparam("end"))
    .order_by(_D.seq)
    .limit(bindparam("max_rows"))
)
_FORGET_OUTCOMES = delete(OUTCOME).where(OUTCOME.c.decision_id.in_(_GOING))
_FORGET_SESSIONS = sessions.forgetting(_GOING)
_FORGET = delete(DECISION).where(_SPAN)
_MOVE_BEGIN = (
    update(LOG_WRITER)
    .where(_W.number == bindparam("writer"))
    .values(purged=bindparam("gone"), begin=bindparam("hash_before"))
)


def purge(line: WriteConnection, before: datetime, max_rows: int) -> int:
    """Deletes decisions from the beginning of each chain up to the first that is not older.

    At most so many of all chains, with their outcomes. Says how many decisions went.
    """
    before_us, gone = to_microseconds(before), 0
    for number in line.connection.scalars(_BEGIN_BEFORE, {"before": before_us}).all():
        if gone < max_rows:
            gone += _purge_chain(line, number, before_us, max_rows - gone)
    return gone


def _purge_chain(line: WriteConnection, number: int, before_us: int, max_rows: int) -> int:
    connection = line.connection
    purged = connection.scalars(_PURGED, {"number": number}).one()
    first = place(number, purged)
    wanted = {"after": first, "end": place(number + 1, 0), "max_rows": max_rows}
    rows = connection.execute(_FOLLOWING, wanted)
    old = list(takewhile(lambda row: row.decided_at < before_us, rows.all()))
    if not old:
        return 0
    last, _, digest = old[-1]
    span = {"first": first + 1, "last": last}
    connection.execute(_FORGET_OUTCOMES, span)
    connection.execute(_FORGET_SESSIONS, span)
    lookup.forget(line, first + 1, last)
    connection.execute(_FORGET, span)
    connection.execute(_MOVE_BEGIN, {"writer": number, "gone": number_of(last), "hash_before": digest})
    return len(old)
