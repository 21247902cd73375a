"""Outcomes: what callers report of proposals, and what it moves in the ledger."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from maitred.core.deciding.decisions import Outcome, OutcomeKind
from maitred.core.limits.limits import Counts, Need, Unknown
from maitred.core.limits.lots import (
    Confirm,
    Lot,
    Operation,
    Origin,
    Release,
    Settled,
    Status,
    Take,
    UnitState,
)
from maitred.core.values.digests import digest
from maitred.engine.calls import OutcomeAnswer, OutcomesCall, octets_of
from maitred.engine.deciding.tickets import OutcomeTicket, Reported, Steps
from maitred.engine.errors import CallError, Code, store_calls
from maitred.engine.messages import LEDGER_UNREAD, outcome_refused, reported_otherwise
from maitred.engine.ports.store import LedgerReader, OutcomeRow

from .proposals import Grant, Proposals, Proposed

_OUTCOME, _CONTENT, _MOVE = b"maitred.outcome", b"maitred.content", b"maitred.move"
_REDEEMED, _REDEMPTION = b"maitred.redeemed", bytes(16)
_REJECTED = OutcomeKind.REJECTED
_UNCOUNTED = 2**62
"""What has happened is counted, whatever the limit: the next one is refused."""

_FINE = frozenset(
    {
        Status.GRANTED,
        Status.CONFIRMED,
        Status.RELEASED,
        Status.ALREADY_CONFIRMED,
        Status.ALREADY_RELEASED,
        Status.UNKNOWN_LOT,
    }
)
"""Statuses under which an outcome stands; a lot that is gone by now has nothing to move."""


class Outcomes:
    """Takes outcomes up. ``now`` gives aware UTC."""

    def __init__(self, store: LedgerReader, proposals: Proposals, now: Callable[[], datetime]) -> None:
        self._store, self._proposals, self._now = store, proposals, now

    def recording(self, call: OutcomesCall) -> Steps[Sequence[OutcomeAnswer]]:
        """See ``api.Claimer.recording``."""
        now = call.at or self._now()
        courses: dict[tuple[str, str], _Course] = {}
        for each in call.outcomes:
            of = each.decision_id, each.action
            courses[of] = courses.get(of) or self._course(each, now)
        reported = [
            _reported(outcome, courses[outcome.decision_id, outcome.action], now) for outcome in call.outcomes
        ]
        ticket = OutcomeTicket(reported=reported, deadline=call.deadline, at=call.at)
        yield ticket
        for number, (found, row) in enumerate(zip(reported, ticket.rows, strict=True)):
            if row.fingerprint != found.row.fingerprint:
                raise CallError(Code.OTHER_CONTENT, reported_otherwise(number))
        return [
            OutcomeAnswer(outcome.outcome_id, row.recorded, row.detail)
            for outcome, row in zip(call.outcomes, ticket.rows, strict=True)
        ]

    def _course(self, outcome: Outcome, now: datetime) -> "_Course":
        """What an outcome's proposal has come to. Raises ``CallError``: unknown, store down."""
        proposed, lots = self._found(outcome.decision_id, outcome.action)
        return _Course(proposed, self._proposals.grant(proposed, now), claims_among(lots, proposed))

    def _found(self, decision_id: str, action: str) -> tuple[Proposed, Sequence[Lot]]:
        """The proposal, and all lots of its decision."""
        try:
            proposed = self._proposals.find(decision_id, action)
        except CallError as error:
            lots = self._lots(decision_id) if error.code is Code.NOT_FOUND else ()
            origin = next((lot.origin for lot in lots if lot.origin and lot.origin.action == action), None)
            if origin is None:
                raise
            return self._proposals.taken(origin), lots
        return proposed, self._lots(decision_id)

    def _lots(self, decision_id: str) -> Sequence[Lot]:
        key = octets_of(decision_id)
        if not key:
            return ()
        with store_calls(LEDGER_UNREAD):
            return [history.lot for history in self._store.histories(key)]


def claims_among(lots: Sequence[Lot], proposed: Proposed) -> list[Lot]:
    """Lots of claims, and of redemptions without one, of the action; the first first.

    The proposal's own lot is none of them, nor is one that only counts a rejection: those are
    neither held nor of a redemption.
    """
    redeemed = {_redemption_id(proposed, number) for number in range(len(lots))}
    return [
        lot
        for lot in lots
        if lot.id != proposed.shown
        and lot.origin
        and lot.origin.action == proposed.action
        and (lot.expires_us is not None or lot.id in redeemed)
    ]


class _Course:
    """What a proposal has come to; what is reported of it in one call goes on from there.

    ``_claims`` are the states of its claims by lot, the first first, as the ledger has them and then as
    what was reported before leaves them.
    """

    def __init__(self, proposed: Proposed, grant: Grant | None, claims: Sequence[Lot]) -> None:
        self.proposed, self._grant = proposed, grant
        self._claims = {lot.id: lot.state for lot in claims}
        self._is_shown_by_claim = any(unit.firm for lot in claims for unit in lot.live)

    def moves(self, row: OutcomeRow) -> "tuple[list[Operation], Judge]":
        """The operations that an outcome comes to, and how to read what they came to."""
        match row.kind:
            case OutcomeKind.PRESENTED | OutcomeKind.ACCEPTED:
                return self._spend_shown(row), _judge
            case OutcomeKind.REJECTED:
                held_only = self._waits()
                return [*self._give_back(row, held_only=held_only), *self._count_rejection(row)], _judge
            case OutcomeKind.RELEASED:
                return self._give_back(row, held_only=False), _judge_release
            case OutcomeKind.REDEEMED:
                redeemed = self._redeem(row)
                return [*self._spend_shown(row), *redeemed], _judge_last if redeemed else _judge
            case OutcomeKind.CLAIMED | OutcomeKind.EXPIRED:
                raise AssertionError(row.kind)

    def _spend_shown(self, row: OutcomeRow) -> list[Operation]:
        shown = self.proposed.shown
        if not shown:
            return []
        # A claim that came after the hold had expired took the unit with it.
        again = () if self._is_shown_by_claim else self._needs(Counts.PRESENTED)
        return [Confirm(_move_id(row, "shown"), row.fingerprint, shown, again)]

    def _waits(self) -> bool:
        """Whether something stays spent once it was presented; what is decided goes back by rejection."""
        return self._grant is None or bool(self._grant.limits(Counts.PRESENTED))

    def _give_back(self, row: OutcomeRow, *, held_only: bool) -> list[Operation]:
        live = [lot for lot, state in self._claims.items() if state in {UnitState.HELD, UnitState.CONFIRMED}]
        for lot in live:
            if not (held_only and self._claims[lot] is UnitState.CONFIRMED):
                self._claims[lot] = UnitState.RELEASED
        shown = [self.proposed.shown] if self.proposed.shown else []
        return [
            *(Release(_move_id(row, lot.hex()), row.fingerprint, lot, held_only) for lot in shown),
            *(Release(_move_id(row, lot.hex()), row.fingerprint, lot, row.kind is _REJECTED) for lot in live),
        ]

    def _count_rejection(self, row: OutcomeRow) -> list[Operation]:
        needs = self._needs(Counts.REJECTED)
        if not needs:
            return []
        counted = tuple(replace(need, maximum=_UNCOUNTED) for need in needs)
        return [Take(_move_id(row, "rejected"), row.fingerprint, (counted,), origin=self._origin)]

    def _redeem(self, row: OutcomeRow) -> list[Operation]:
        """Spends the claim where there is one that is not; else a unit, claimed and redeemed at once."""
        states = self._claims
        if UnitState.CONFIRMED in states.values():
            return []
        open_ones = [lot for lot, state in states.items() if state in {UnitState.HELD, UnitState.EXPIRED}]
        if open_ones:
            claim, again = open_ones[0], self._needs(Counts.CLAIMED)
            states[claim] = UnitState.CONFIRMED
            also = self._needs(Counts.REDEEMED) or ()
            return [Confirm(_move_id(row, "claim"), row.fingerprint, claim, again, also)]
        needs = self._needs(Counts.CLAIMED, Counts.REDEEMED)
        if not needs:
            return []
        # Whoever reports the same redemption at the same moment under another id takes the same lot.
        lot = _redemption_id(self.proposed, len(states))
        states[lot] = UnitState.CONFIRMED
        return [Take(lot, _REDEMPTION, (needs,), origin=self._origin)]

    def _needs(self, *steps: Counts) -> tuple[Need, ...] | None:
        """``None`` where it is not known whose units they are: then none is taken."""
        found = self._grant.needs(*steps) if self._grant else None
        return None if isinstance(found, Unknown) else found

    @property
    def _origin(self) -> Origin:
        return Origin(self.proposed.record.decision_id, self.proposed.action)


def _reported(outcome: Outcome, course: _Course, now: datetime) -> Reported:
    at = outcome.at.isoformat() if outcome.at else ""
    row = OutcomeRow(
        id=digest(_OUTCOME, outcome.outcome_id),
        fingerprint=digest(_CONTENT, outcome.decision_id, outcome.action, outcome.kind.name, at),
        decision_id=course.proposed.record.decision_id,
        action=outcome.action,
        kind=outcome.kind,
        happened_at=outcome.at or now,
        recorded=True,
        detail="",
    )
    operations, judge = course.moves(row)
    return Reported(row, tuple(operations), judge)


def _move_id(row: OutcomeRow, part: str) -> bytes:
    return digest(_MOVE, row.id.hex(), part)


def _redemption_id(proposed: Proposed, number: int) -> bytes:
    """The lot of a redemption without a claim, where ``number`` claims were there before."""
    return digest(_REDEEMED, proposed.record.decision_id.hex(), proposed.action, str(number))


Judge = Callable[[Sequence[Settled]], str]
"""Why an outcome could not be taken up; empty where it was."""


def _judge(settled: Sequence[Settled]) -> str:
    failed = next((answer for answer in settled if answer.status not in _FINE), None)
    return outcome_refused(failed) if failed else ""


def _judge_last(settled: Sequence[Settled]) -> str:
    """What was redeemed stands, though what presenting it takes may have been gone by then."""
    return _judge(settled[-1:])


def _judge_release(settled: Sequence[Settled]) -> str:
    """Where nothing was granted there is nothing to give back."""
    return _judge([answer for answer in settled if answer.status is not Status.NOT_GRANTED])
