"""Decisions that experiments can have made a difference to, and what became of them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, and_, exists, func, literal, or_, select, text, tuple_
from sqlalchemy.engine import Connection

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.limits.lots import LotEvent, Status
from maitred.engine.ports.evidence import DeedRow, Exposed, ExposedPlace, LatePlace, LateReport
from maitred.store import lookup
from maitred.store.recent import Recent
from maitred.store.tables import CLAIM, DECISION, EVENT, LOT, OUTCOME, PERSON, SESSION_DECISION, STEP

_ASKED_AT_ONCE = 500
"""Ids in one statement: both databases take many more, and neither is faster for it."""
_D, _O = DECISION.c, OUTCOME.c


def exposed(connection: Connection, after: ExposedPlace | None, max_rows: int) -> list[Exposed]:
    """The next exposed decisions in order of time."""
    wanted = _exposed()
    if after:
        wanted = wanted.where(tuple_(_D.decided_at, _D.seq) > tuple_(after.decided_us, after.seq))
    return _rows(connection.execute(wanted.order_by(_D.decided_at, _D.seq).limit(max_rows)))


def exposed_of(
    connection: Connection, recent: Recent | None, decision_ids: Collection[bytes]
) -> list[Exposed]:
    """Those of these decisions that are exposed."""
    rows: list[Exposed] = []
    for ids in _parts(decision_ids):
        rows += _rows(connection.execute(_exposed().where(lookup.of_ids(connection, recent, ids))))
    return rows


def reported_late(connection: Connection, after: LatePlace, last_us: int, max_rows: int) -> list[LateReport]:
    """The next late reports in order of report, of ``last_us`` and before."""
    wanted = (
        select(_O.late_at, _O.outcome_id, _O.decision_id, _O.action, _O.kind, _O.happened_at)
        # As the index has it, with which a parameter does not go.
        .where(text("late_at > 0"), _O.late_at <= last_us, _O.recorded == 1)
        .where(tuple_(_O.late_at, _O.outcome_id) > tuple_(after.reported_us, after.outcome_id))
        .where(_O.late_at >= after.reported_us)
        .order_by(_O.late_at, _O.outcome_id)
        .limit(max_rows)
    )
    return [
        LateReport(LatePlace(at, outcome_id), _deed(*row))
        for at, outcome_id, *row in connection.execute(wanted)
    ]


def _exposed() -> Select[Any]:
    session = func.coalesce(SESSION_DECISION.c.session, literal(b""))
    return (
        select(_D.decided_at, _D.seq, _D.decision_id, session, _D.customer, _D.ruleset, _D.arms)
        .select_from(
            DECISION.outerjoin(
                SESSION_DECISION,
                and_(SESSION_DECISION.c.decision_id == _D.decision_id, func.length(_D.customer) == 0),
            )
        )
        .where(
            func.length(_D.arms) > 0,
            or_(func.length(_D.customer) == 0, exists().where(PERSON.c.ref == _D.customer)),
        )
    )


def _rows(rows: Iterable[Any]) -> list[Exposed]:
    return [
        Exposed(ExposedPlace(at, seq), decision_id, customer or session, customer, ruleset, arms)
        for at, seq, decision_id, session, customer, ruleset, arms in rows
    ]


def became_of(connection: Connection, decision_ids: Collection[bytes]) -> list[DeedRow]:
    """Outcomes that were taken up, claims and redemptions of these decisions."""
    deeds: list[DeedRow] = []
    for ids in _parts(decision_ids):
        outcomes = select(_O.decision_id, _O.action, _O.kind, _O.happened_at).where(
            _O.decision_id.in_(ids), _O.recorded == 1
        )
        claimed = _of_claims(OutcomeKind.CLAIMED, LOT.c.made_at).where(CLAIM.c.decision_id.in_(ids))
        redeemed = (
            _of_claims(OutcomeKind.REDEEMED, STEP.c.made_at)
            .join(STEP, STEP.c.lot_id == CLAIM.c.lot_id)
            .where(
                CLAIM.c.decision_id.in_(ids),
                STEP.c.event == LotEvent.CONFIRM.value,
                STEP.c.status == Status.CONFIRMED.value,
            )
        )
        for statement in (outcomes, claimed, redeemed):
            deeds += _deeds(connection, statement)
    return deeds


def deeds_of(connection: Connection, recent: Recent | None, customers: Collection[bytes]) -> list[DeedRow]:
    """Outcomes of all decisions of these customers, and their events that were not withdrawn."""
    deeds: list[DeedRow] = []
    withdrawing = EVENT.alias()
    for refs in _parts(customers):
        outcomes = (
            select(_D.customer, _O.action, _O.kind, _O.happened_at)
            .join(DECISION, _D.decision_id == _O.decision_id)
            .where(lookup.of_customers(connection, recent, refs), _O.recorded == 1)
        )
        events = select(EVENT.c.ref, EVENT.c.kind, literal(0), EVENT.c.happened_at).where(
            EVENT.c.ref.in_(refs),
            func.length(EVENT.c.kind) > 0,
            ~exists().where(withdrawing.c.ref == EVENT.c.ref, withdrawing.c.withdraws == EVENT.c.event_id),
        )
        for statement in (outcomes, events):
            deeds += _deeds(connection, statement)
    return deeds


def _of_claims(kind: OutcomeKind, at: Any) -> Select[Any]:
    return select(CLAIM.c.decision_id, CLAIM.c.action, literal(kind.value), at).join(
        LOT, LOT.c.lot_id == CLAIM.c.lot_id
    )


def _deeds(connection: Connection, statement: Select[Any]) -> Iterator[DeedRow]:
    for row in connection.execute(statement):
        yield _deed(*row)


def _deed(of: bytes, name: bytes, kind: int, at_us: int) -> DeedRow:
    return DeedRow(of, name.decode("utf-8", "surrogatepass"), OutcomeKind(kind) if kind else None, at_us)


def _parts(ids: Collection[bytes]) -> Iterator[Sequence[bytes]]:
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), _ASKED_AT_ONCE):
        yield ordered[start : start + _ASKED_AT_ONCE]
