"""Reported outcomes: appending batches on either database, and reading them back."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.engine import Connection

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.limits.lots import LotEvent, Status
from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.engine.ports.store import OutcomeRow, PastOutcome, StoreConflict
from maitred.store import lookup, messages
from maitred.store.drivers.connections import Driver, WriteConnection, ask, columns, run
from maitred.store.recent import head
from maitred.store.tables import OUTCOME

_COLUMNS = "outcome_id, fingerprint, decision_id, action, kind, happened_at, recorded, detail, late_at"
_INTO = f"INSERT INTO outcome ({_COLUMNS})"
_UNLESS_THERE = "ON CONFLICT (outcome_id) DO NOTHING"
_POSTGRES_ADD = f"""
{_INTO} SELECT * FROM unnest(%b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[], %b::smallint[],
                             %b::bigint[], %b::smallint[], %b::bytea[], %b::bigint[])
{_UNLESS_THERE}
"""  # noqa: S608 -- of constants
_POSTGRES_FIND = f"SELECT {_COLUMNS} FROM outcome WHERE outcome_id = ANY (%b::bytea[])"  # noqa: S608 -- of constants
_SQLITE_ADD = f"{_INTO} VALUES {{}} {_UNLESS_THERE}"
_SQLITE_FIND = """
SELECT json_group_array(json_array(hex(outcome_id), hex(fingerprint), hex(decision_id), hex(action),
                                   kind, happened_at, recorded, hex(detail), late_at))
FROM outcome WHERE outcome_id IN (VALUES {})
"""
# What was claimed and redeemed by the calls of these names is nowhere but in the ledger. A redemption
# that was reported is an outcome already.
_BY_CALLS = f"""
SELECT claim.customer, {OutcomeKind.CLAIMED.value}, claim.action, ledger_lot.made_at
FROM claim JOIN ledger_lot ON ledger_lot.lot_id = claim.lot_id WHERE claim.customer {{0}}
UNION ALL
SELECT claim.customer, {OutcomeKind.REDEEMED.value}, claim.action, ledger_step.made_at
FROM claim JOIN ledger_step ON ledger_step.lot_id = claim.lot_id
    AND ledger_step.event = {LotEvent.CONFIRM.value} AND ledger_step.status = {Status.CONFIRMED.value}
WHERE claim.customer {{0}} AND NOT EXISTS (
    SELECT 1 FROM outcome WHERE outcome.decision_id = claim.decision_id AND outcome.recorded = 1
        AND outcome.action = claim.action AND outcome.kind = {OutcomeKind.REDEEMED.value}
)
"""  # noqa: S608 -- of constants
_POSTGRES_OF = """
SELECT decision.customer, outcome.kind, outcome.action, outcome.happened_at
FROM decision JOIN outcome ON outcome.decision_id = decision.decision_id
WHERE outcome.recorded = 1 AND decision.customer = ANY (%b::bytea[])
"""
_POSTGRES_BY_CALLS = _BY_CALLS.format("= ANY (%b::bytea[])")
# Crossed, tables are read in the order that they are written in.
_SQLITE_OF = """
SELECT json_group_array(json_array(hex(decision.customer), outcome.kind, hex(outcome.action),
                                   outcome.happened_at))
FROM {} CROSS JOIN outcome ON outcome.decision_id = decision.decision_id
WHERE outcome.recorded = 1 AND {} IN (VALUES {{}})
"""
_SQLITE_OF_RECENT = _SQLITE_OF.format("decision", "decision.seq")
_SQLITE_OF_INDEXED = _SQLITE_OF.format(
    "decision_by_customer CROSS JOIN decision ON decision.seq = decision_by_customer.seq", "head"
)
_SQLITE_BY_CALLS = f"""
WITH asked (ref) AS (VALUES {{}}), found (customer, kind, action, at_us) AS (
    {_BY_CALLS.format("IN (SELECT ref FROM asked)")}
)
SELECT json_group_array(json_array(hex(customer), kind, hex(action), at_us)) FROM found
"""  # noqa: S608 -- of constants
_SQLITE_BLOBS = (0, 1, 2, 3, 7)

Found = Mapping[bytes, OutcomeRow]
OfEach = Mapping[bytes, Sequence[PastOutcome]]


class OfCustomers(Protocol):
    """See ``of_customers_sqlite``."""

    def __call__(self, line: WriteConnection, refs: Collection[bytes], *, by_calls: bool) -> OfEach:
        """What became of the proposals of each customer."""
        ...


def append_sqlite(driver: Driver, rows: Sequence[OutcomeRow]) -> None:
    """Writes the outcomes. Raises ``StoreConflict`` where an id is there already."""
    _check_new(sum(part.rowcount for part in run(driver, _SQLITE_ADD, list(map(_values, rows)))), rows)


def append_postgres(driver: Driver, rows: Sequence[OutcomeRow]) -> None:
    """Writes the outcomes. Raises ``StoreConflict`` where an id is there already."""
    # In one order on every replica, so that two with the same ids do not wait for each other in a ring.
    values = columns(map(_values, sorted(rows, key=attrgetter("id"))))
    _check_new(driver.execute(_POSTGRES_ADD, values).rowcount, rows)


def find_sqlite(driver: Driver, ids: Collection[bytes]) -> Found:
    """Those of the outcomes that are there, by id."""
    return _by_id(ask(driver, _SQLITE_FIND, [(outcome_id,) for outcome_id in ids], _SQLITE_BLOBS))


def find_postgres(driver: Driver, ids: Collection[bytes]) -> Found:
    """Those of the outcomes that are there, by id."""
    return _by_id(driver.execute(_POSTGRES_FIND, (list(ids),)).fetchall())


def of_customers_sqlite(line: WriteConnection, refs: Collection[bytes], *, by_calls: bool) -> OfEach:
    """What became of the proposals of each customer, in order of time.

    With ``by_calls`` also what was claimed and redeemed without being reported.
    """
    recent = [(seq,) for seq in lookup.recent_of(line).of_customers(refs)]
    heads = [(key,) for key in set(map(head, refs))]
    rows = [
        *ask(line.driver, _SQLITE_OF_RECENT, recent, (0, 2)),
        *ask(line.driver, _SQLITE_OF_INDEXED, heads, (0, 2)),
    ]
    if by_calls:
        rows += ask(line.driver, _SQLITE_BY_CALLS, [(ref,) for ref in refs], (0, 2))
    return _by_customer(rows, refs)


def of_customers_postgres(line: WriteConnection, refs: Collection[bytes], *, by_calls: bool) -> OfEach:
    """The same."""
    keys = list(refs)
    rows = line.driver.execute(_POSTGRES_OF, (keys,)).fetchall()
    called = line.driver.execute(_POSTGRES_BY_CALLS, (keys, keys)).fetchall() if by_calls else ()
    return _by_customer([*rows, *called], refs)


def of_decision(connection: Connection, decision_id: bytes) -> Sequence[OutcomeRow]:
    """The outcomes of a decision by when they happened."""
    wanted = select(*OUTCOME.columns).where(OUTCOME.c.decision_id == decision_id)
    rows = connection.execute(wanted.order_by(OUTCOME.c.happened_at, OUTCOME.c.outcome_id))
    return [_row(values) for values in rows]


def _by_customer(rows: Iterable[Sequence[Any]], refs: Collection[bytes]) -> OfEach:
    past: dict[bytes, list[PastOutcome]] = defaultdict(list)
    for ref, kind, action, happened_at in sorted(rows, key=lambda row: row[3]):
        if ref not in refs:  # the first bytes of a reference may be another's
            continue
        name = action.decode("utf-8", "surrogatepass")
        past[ref].append(PastOutcome(OutcomeKind(kind), name, from_microseconds(happened_at)))
    return past


def _check_new(written: int, rows: Sequence[OutcomeRow]) -> None:
    if written != len(rows):
        raise StoreConflict(messages.id_used_meanwhile())


def _by_id(rows: Iterable[Sequence[Any]]) -> Found:
    return {row.id: row for row in map(_row, rows)}


def _values(row: OutcomeRow) -> tuple[Any, ...]:
    return (
        row.id,
        row.fingerprint,
        row.decision_id,
        row.action.encode("utf-8", "surrogatepass"),
        row.kind.value,
        to_microseconds(row.happened_at),
        int(row.recorded),
        row.detail.encode("utf-8", "surrogatepass"),
        to_microseconds(row.late_at) if row.late_at else 0,
    )


def _row(values: Sequence[Any]) -> OutcomeRow:
    outcome_id, fingerprint, decision_id, action, kind, happened_at, recorded, detail, late_at = values
    return OutcomeRow(
        outcome_id,
        fingerprint,
        decision_id,
        action.decode("utf-8", "surrogatepass"),
        OutcomeKind(kind),
        from_microseconds(happened_at),
        bool(recorded),
        detail.decode("utf-8", "surrogatepass"),
        from_microseconds(late_at) if late_at else None,
    )
