"""Deletes a customer: what is theirs alone goes, what they share with others stays counted.

Theirs are the statements, the outcomes, and of the counters of persons those whose every unit is of
their lots: a household's counter with units of others stays as it is. Lots lose what ties them to
the customer, and keep the units of counters that stay, to expire or be released as before. The
person's own row goes last: until then whoever was interrupted can begin again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.engine import Connection

from maitred.core.limits.ledger import LedgerBatch
from maitred.core.limits.limits import LockRank
from maitred.core.limits.lots import WEIGHTS, Lot
from maitred.core.values.instants import from_microseconds
from maitred.store import lookup
from maitred.store.drivers.connections import WriteConnection
from maitred.store.ledger.ledger import (
    LOT_COLUMNS,
    NONE,
    LedgerSql,
    later_lots,
    lot_of,
    lot_values,
    own_range,
)
from maitred.store.log import sessions
from maitred.store.people import events

from .tables import CLAIM, CONSENT, COUNTER, DECISION, LOT, OUTCOME, PERSON

ROWS_AT_ONCE = 256
"""Of one transaction: some milliseconds, for which decisions wait."""
DECISIONS_AT_ONCE = 64
"""Whose lots one statement looks for, each in a range of ids."""

Counts = dict[str, int]
Own = Collection[bytes]

_KEY, _CONSENTS, _OUTCOMES, _EVENTS = "key", "consents", "outcomes", "events"
_CAPS, _LOTS = "caps", "claims unlinked"
_LOT = tuple(LOT.c[name] for name in LOT_COLUMNS.split(", "))
_D = DECISION.c
_UNLINK = (
    update(LOT)
    .where(LOT.c.lot_id == bindparam("lot"))
    .values(units=bindparam("left"), decision_id=b"", decided_at=NONE, action="", reuse=b"", place="")
)


def nothing() -> Counts:
    """Returns what was erased of somebody who is not known."""
    return dict.fromkeys((_KEY, _CONSENTS, _OUTCOMES, _EVENTS, _CAPS, _LOTS), 0)


def own_counters(line: WriteConnection, ref: bytes) -> Own:
    """Returns the counters of persons that nobody else has a unit of."""
    sums: dict[bytes, list[int]] = defaultdict(lambda: [0, 0])
    last = b""
    while page := _lots_of(line, ref, last):
        for lot in page:
            for unit in lot.units:
                weight = WEIGHTS[lot.state]
                sums[unit.counter][0] += weight.held
                sums[unit.counter][1] += weight.used
        last = page[-1].id
    ids = list(sums)
    parts = (ids[at : at + ROWS_AT_ONCE] for at in range(0, len(ids), ROWS_AT_ONCE))
    return {
        counter
        for part in parts
        for counter in _alone(line.connection, {counter: sums[counter] for counter in part})
    }


def erase_some(line: WriteConnection, ref: bytes) -> Counts:
    """Deletes some of what a customer has said and had; a transaction each, until nothing is left."""
    counts = nothing()
    counts[_OUTCOMES] = _delete_outcomes(line, ref)
    counts[_CONSENTS] = _delete_consents(line.connection, ref)
    counts[_EVENTS] = events.erase(line.connection, ref, ROWS_AT_ONCE)
    return counts


def erase_rest(sql: LedgerSql, line: WriteConnection, ref: bytes) -> Counts:
    """Deletes what has come in the meantime, the caps, and the person. Waits for decisions on them.

    Only with the person locked does nobody take units for them: whose a counter is can be told then,
    and a lot that has been unlinked cannot be asked any more.
    """
    locked = select(PERSON.c.ref).where(PERSON.c.ref == ref).with_for_update()
    line.connection.execute(locked).all()
    own, counts = own_counters(line, ref), nothing()
    while any((some := erase_some(line, ref)).values()):
        add(counts, some)
    while any(unlinked := _unlink(sql, line, ref, own)):
        add(counts, dict(zip((_LOTS, _CAPS), unlinked, strict=True)))
    sessions.erase(line.connection, ref)
    line.connection.execute(delete(CLAIM).where(func.length(CLAIM.c.customer) > 0, CLAIM.c.customer == ref))
    counts[_KEY] = line.connection.execute(delete(PERSON).where(PERSON.c.ref == ref)).rowcount
    return counts


def add(counts: Counts, more: Mapping[str, int]) -> None:
    """Adds up what was erased."""
    for name, count in more.items():
        counts[name] += count


def _lots_of(line: WriteConnection, ref: bytes, after: bytes) -> list[Lot]:
    """Returns the first lots of a customer's decisions behind that id, in order of id."""
    # By other names than those of the lots' columns, which the condition has as they stand.
    columns = _D.decision_id.label("own_id"), _D.decided_at.label("own_at")
    own = select(*columns).where(_is_of(line, ref)).subquery().c
    later = (
        select(*_LOT)
        .where(later_lots(line.connection.dialect.name, own.own_id, own.own_at), LOT.c.lot_id > after)
        .order_by(LOT.c.lot_id)
        .limit(ROWS_AT_ONCE)
    )
    rows = [*line.connection.execute(later), *_own_rows(line, ref, after)]
    return [lot_of(row) for row in sorted(rows, key=attrgetter("lot_id"))[:ROWS_AT_ONCE]]


def _own_rows(line: WriteConnection, ref: bytes, after: bytes) -> list[Row[Any]]:
    """Returns the rows of lots that the decisions took as they were made: some decisions at a time."""
    made = line.connection.execute(select(_D.decision_id, _D.decided_at).where(_is_of(line, ref)))
    ranges = sorted((*own_range(key, from_microseconds(at)), key) for key, at in made)
    left = [own for own in ranges if own[1] > after]
    rows: list[Row[Any]] = []
    for at in range(0, len(left), DECISIONS_AT_ONCE):
        if len(rows) >= ROWS_AT_ONCE:
            break
        rows += line.connection.execute(_within(left[at : at + DECISIONS_AT_ONCE], after))
    return rows


def _within(ranges: Sequence[tuple[bytes, bytes, bytes]], after: bytes) -> Select[Any]:
    """Selects lots of decisions by ranges of ids. Others may have the same first bytes."""
    ids = LOT.c.lot_id
    within = or_(*[and_(ids > max(first, after), ids < end) for first, end, _ in ranges])
    return select(*_LOT).where(within, LOT.c.decision_id.in_([decision for *_, decision in ranges]))


def _alone(connection: Connection, sums: Mapping[bytes, Sequence[int]]) -> Iterable[bytes]:
    columns = (COUNTER.c.counter_id, COUNTER.c.held, COUNTER.c.used)
    wanted = select(*columns).where(COUNTER.c.heat == LockRank.PERSON.value, COUNTER.c.counter_id.in_(sums))
    return [key for key, *counts in connection.execute(wanted) if counts == sums[key]]


def _unlink(sql: LedgerSql, line: WriteConnection, ref: bytes, own: Own) -> tuple[int, int]:
    """Returns how many lots are no longer the customer's, and how many counters went with them."""
    ids = sorted(lot.id for lot in _lots_of(line, ref, b""))
    if not ids:
        return 0, 0
    lots = {lot.id: lot for lot in sql.lots(line.driver, ids, lock=True)}
    theirs = {unit.counter for lot in lots.values() for unit in lot.units if unit.counter in own}
    # Only their own counters are known to the book: the units of others stay counted.
    book = LedgerBatch(0, sql.lock_rows(line.driver, theirs, {}) if theirs else {}, lots)
    book.forget(lots)
    sql.save(line.driver, book, lots.keys())
    empty = [key for key, row in book.rows.items() if row.held == row.used == 0]
    caps = sql.forget(line.driver, (), empty) if empty else 0
    line.connection.execute(_UNLINK, [_unlinked(lot, theirs) for lot in lots.values()])
    return len(lots), caps


def _unlinked(lot: Lot, theirs: Collection[bytes]) -> dict[str, Any]:
    left = lot._replace(units=tuple(unit for unit in lot.units if unit.counter not in theirs))
    values = dict(zip(LOT_COLUMNS.split(", "), lot_values(left), strict=True))
    return {"lot": lot.id, "left": values["units"]}


def _delete_outcomes(line: WriteConnection, ref: bytes) -> int:
    some = (
        select(OUTCOME.c.outcome_id)
        .join_from(DECISION, OUTCOME, OUTCOME.c.decision_id == DECISION.c.decision_id)
        .where(_is_of(line, ref))
        .limit(ROWS_AT_ONCE)
    )
    return line.connection.execute(delete(OUTCOME).where(OUTCOME.c.outcome_id.in_(some))).rowcount


def _delete_consents(connection: Connection, ref: bytes) -> int:
    key = CONSENT.c.request, CONSENT.c.place
    some = select(*key).where(CONSENT.c.ref == ref).limit(ROWS_AT_ONCE)
    return connection.execute(delete(CONSENT).where(tuple_(*key).in_(some))).rowcount


def _is_of(line: WriteConnection, ref: bytes) -> ColumnElement[bool]:
    return lookup.of_customers(line.connection, line.recent, (ref,))
