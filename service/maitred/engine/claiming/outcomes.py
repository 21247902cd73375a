"""Outcomes: what callers report of proposals, and what it moves in the ledger."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from maitred.core.behaviour.outcomes import Outcome, OutcomeKind
from maitred.core.limits.limits import Limit, Need, Uncheckable
from maitred.core.limits.lots import (
    NOTHING_BEFORE,
    GiveBack,
    Lot,
    Operation,
    Part,
    Presentation,
    Redeem,
    Settled,
    Status,
    lot_id,
)
from maitred.core.rules.ruleset import Action
from maitred.core.values.instants import to_microseconds
from maitred.core.values.texts import digest
from maitred.engine.calls import OutcomeAnswer, OutcomesCall, bytes_of
from maitred.engine.deciding.committer import Clock
from maitred.engine.deciding.tickets import OutcomeTicket, Reported, Steps, Verdict
from maitred.engine.errors import CallError, Code
from maitred.engine.messages import (
    LEDGER_UNREAD,
    ahead_of_the_clock,
    before_its_decision,
    beyond,
    claim_denied,
    of_outcome,
    outcome_refused,
    reported_otherwise,
)
from maitred.engine.ports.evidence import LATE
from maitred.engine.ports.store import LedgerReader, OutcomeRow, store_calls

from .proposals import Grant, Proposals, Proposed, claim_of

_OUTCOME, _CONTENT, _MOVE = b"maitred.outcome", b"maitred.content", b"maitred.move"

CLOCKS_APART = timedelta(minutes=5)
"""Promised in the API: what a till's clock may differ by. A clock that is years off must open no window."""

_FINE = frozenset({Status.GRANTED, Status.CONFIRMED, Status.RELEASED, Status.ALREADY_CONFIRMED})
"""Statuses under which an outcome stands."""


class Outcomes:
    """Takes outcomes up. ``paused`` gives the stopped actions."""

    def __init__(
        self,
        store: LedgerReader,
        proposals: Proposals,
        clock: Clock,
        paused: Callable[[], frozenset[str]],
    ) -> None:
        self._store, self._proposals, self._clock, self._paused = store, proposals, clock, paused

    def recording(self, call: OutcomesCall) -> Steps[Sequence[OutcomeAnswer]]:
        """See ``api.Claimer.recording``."""
        call = call._replace(at=self._clock.simulated(call.at))
        now = call.at or self._clock.now()
        proposals: dict[tuple[str, str], Proposed] = {}
        for number, reported_outcome in enumerate(call.outcomes):
            of = reported_outcome.decision_id, reported_outcome.action
            proposals[of] = proposals.get(of) or self._proposed(number, reported_outcome)
        reported = [
            self._reported(outcome, proposals[outcome.decision_id, outcome.action], now)
            for outcome in call.outcomes
        ]
        ticket = OutcomeTicket(reported=reported, deadline=call.deadline, at=call.at)
        yield ticket
        for number, (report, row) in enumerate(zip(reported, ticket.rows, strict=True)):
            if row.fingerprint != report.row.fingerprint:
                raise CallError(Code.OTHER_CONTENT, reported_otherwise(number))
        return [
            OutcomeAnswer(outcome.outcome_id, row.recorded, row.detail)
            for outcome, row in zip(call.outcomes, ticket.rows, strict=True)
        ]

    def _proposed(self, number: int, outcome: Outcome) -> Proposed:
        """The proposal of an outcome. Raises ``CallError``: unknown, with its place, or store down."""
        try:
            return self._proposals.find(outcome.decision_id, outcome.action)
        except CallError as error:
            if error.code is not Code.NOT_FOUND:
                raise
            lots = self._lots(outcome.decision_id)
            taken = (lot for lot in lots if lot.origin and lot.origin.action == outcome.action)
            # Of its lots, that of the claim tells the place.
            proposed = self._proposals.of_lot(min(taken, key=lambda lot: not lot.place, default=None))
            if proposed is None:
                raise CallError(error.code, of_outcome(number, error.message), error.cause) from None
            return proposed

    def _lots(self, decision_id: str) -> Sequence[Lot]:
        key = bytes_of(decision_id)
        if not key:
            return ()
        with store_calls(LEDGER_UNREAD):
            return [history.lot for history in self._store.histories(key)]

    def _reported(self, outcome: Outcome, proposed: Proposed, now: datetime) -> Reported:
        at = outcome.at.isoformat() if outcome.at else ""
        row = OutcomeRow(
            id=digest(_OUTCOME, outcome.outcome_id),
            fingerprint=digest(_CONTENT, outcome.decision_id, outcome.action, outcome.kind.name, at),
            decision_id=proposed.record.decision_id,
            action=outcome.action,
            kind=outcome.kind,
            happened_at=outcome.at or now,
            recorded=True,
            detail="",
            late_at=now if outcome.at and now - outcome.at >= LATE else None,
        )
        impossible = impossible_instant(outcome.at, proposed.record.decided_at, now)
        if impossible:
            return Reported(row, (), lambda _: Verdict(recorded=False, detail=impossible))
        counted_at = _counted_at(outcome.at, proposed.record.decided_at, now)
        moved = self._carried(proposed) if outcome.kind is not OutcomeKind.REJECTED else proposed
        report = _Report(row, moved, self._proposals.claimable(moved, counted_at), self._paused(), counted_at)
        return Reported(row, (report.operation(),), report.judge)

    def _carried(self, proposed: Proposed) -> Proposed:
        """What a decision has only carried over is an earlier decision's: there its units are."""
        claim_id = proposed.proposal.claim_id if proposed.proposal else ""
        if not claim_id:
            return proposed
        with store_calls(LEDGER_UNREAD):
            lot = self._store.lot(bytes.fromhex(claim_id))
        return self._proposals.of_lot(lot) or proposed


def impossible_instant(at: datetime | None, decided_at: datetime, now: datetime) -> str:
    """Why nothing can have happened then; empty where it can. Clocks differ by ``CLOCKS_APART``."""
    if at is None:
        return ""
    if at < decided_at - CLOCKS_APART:
        return before_its_decision(CLOCKS_APART)
    return ahead_of_the_clock(CLOCKS_APART) if at > now + CLOCKS_APART else ""


def _counted_at(at: datetime | None, decided_at: datetime, now: datetime) -> datetime:
    """When an outcome counts: when it happened, though not before its decision and not later than now."""
    return now if at is None else max(min(at, now), min(decided_at, now))


class _Report(NamedTuple):
    """One outcome of one proposal, as of when it counts."""

    row: OutcomeRow
    proposed: Proposed
    grant: Grant | None
    paused: frozenset[str]
    at: datetime

    def operation(self) -> Operation:
        """What it moves."""
        match self.row.kind:
            case OutcomeKind.PRESENTED | OutcomeKind.ACCEPTED:
                return Presentation(
                    lot_id(Part.PRESENTED, self.proposed.origin),
                    self.row.fingerprint,
                    self.proposed.origin,
                    self._needs(lambda action: action.held),
                    to_microseconds(self.at),
                    hold=self.proposed.hold,
                )
            case OutcomeKind.REJECTED | OutcomeKind.RELEASED:
                return self._give_back()
            case OutcomeKind.REDEEMED:
                return self._redeem()
            case OutcomeKind.CLAIMED | OutcomeKind.EXPIRED:
                raise AssertionError(self.row.kind)

    def judge(self, settled: Sequence[Settled]) -> Verdict:
        """Whether it was taken up."""
        (answer,) = settled
        if answer.status is Status.DENIED and answer.refused:
            return Verdict(recorded=False, detail=claim_denied(self.proposed.action, answer.refused))
        if answer.status not in _FINE:
            return Verdict(recorded=False, detail=outcome_refused(answer))
        return Verdict(recorded=True, detail=beyond(answer.refused.limit) if answer.refused else "")

    def _give_back(self) -> GiveBack:
        origin, rejected = self.proposed.origin, self.row.kind is OutcomeKind.REJECTED
        return GiveBack(
            _move_id(self.row, "back"),
            self.row.fingerprint,
            origin,
            own=tuple([self.proposed.own_lot(part, origin.action) for part in (Part.DECIDED, Part.HOLD)]),
            presented=lot_id(Part.PRESENTED, origin),
            held_only=rejected,
            counted=lot_id(Part.REJECTED, origin) if rejected else b"",
            needs=self._needs(lambda action: action.rejected) if rejected else (),
            at_us=to_microseconds(self.at),
        )

    def _redeem(self) -> Redeem:
        claim = claim_of(
            self.proposed,
            self.grant,
            self.paused,
            lot=_move_id(self.row, "claim"),
            fingerprint=self.row.fingerprint,
        )
        grant, also = self.grant, self._needs(lambda action: action.redeemed)
        # Redeemed at once: what counts then is taken with the claim, not only looked at.
        at_once = claim._replace(
            needs=(*claim.needs, *(need for need in claim.later if need in also)),
            later=tuple(need for need in claim.later if need not in also),
            at_us=to_microseconds(self.at),
        )
        again = grant.needs(grant.action.claimed) if grant else None
        before = grant.before(self.proposed) if grant else NOTHING_BEFORE
        redeem = Redeem(_move_id(self.row, "redeem"), self.row.fingerprint, at_once, also=also)
        if isinstance(again, Uncheckable) or isinstance(before, Uncheckable):
            return redeem
        return replace(redeem, claim=at_once._replace(before=before), again=again)

    def _needs(self, limits_of: Callable[[Action], Sequence[Limit]]) -> tuple[Need, ...]:
        """None where it is not known whose units they are: then none is taken."""
        needs = self.grant.needs(limits_of(self.grant.action)) if self.grant else ()
        return () if isinstance(needs, Uncheckable) else needs


def _move_id(row: OutcomeRow, part: str) -> bytes:
    return digest(_MOVE, row.id.hex(), part)
