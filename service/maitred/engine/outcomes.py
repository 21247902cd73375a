"""Outcomes: what callers report of proposals, and what it moves in the ledger."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from maitred.core.limits import Counts, Need, Unknown
from maitred.core.lots import Confirm, Lot, Operation, Origin, Release, Settled, Status, Take, UnitState
from maitred.core.outcomes import Outcome, OutcomeKind

from .calls import OutcomeAnswer, OutcomesCall
from .committer import Committer
from .deciding import digest
from .errors import CallError, Code
from .grants import Grant
from .ports import OutcomeRow, Store, StoreDown
from .proposals import Proposals, Proposed
from .tickets import OutcomeTicket, Reported
from .words import outcome_refused

_OUTCOME, _CONTENT, _MOVE = b"maitred.outcome", b"maitred.content", b"maitred.move"
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

    def __init__(
        self, store: Store, proposals: Proposals, committer: Committer, now: Callable[[], datetime]
    ) -> None:
        self._store, self._proposals, self._committer, self._now = store, proposals, committer, now

    def record(self, call: OutcomesCall) -> Sequence[OutcomeAnswer]:
        """See ``api.Claimer.record_outcomes``."""
        now = self._now()
        found = [self._proposals.find(each.decision_id, each.action) for each in call.outcomes]
        reported = [
            self._reported(outcome, proposed, now)
            for outcome, proposed in zip(call.outcomes, found, strict=True)
        ]
        ticket = OutcomeTicket(reported=reported, deadline=call.deadline)
        self._committer.commit(ticket)
        for outcome, each, row in zip(call.outcomes, reported, ticket.rows, strict=True):
            if row.fingerprint != each.row.fingerprint:
                message = f"outcome `{outcome.outcome_id}` was reported before with other content"
                raise CallError(Code.OTHER_CONTENT, message)
        return [
            OutcomeAnswer(outcome.outcome_id, row.recorded, row.detail)
            for outcome, row in zip(call.outcomes, ticket.rows, strict=True)
        ]

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
        )
        lots = self._lots(proposed, outcome.action)
        grant = self._proposals.grant(proposed, now)
        return Reported(row, tuple(_Moves(row, proposed, grant, lots).of(outcome.kind)), _judge)

    def _lots(self, proposed: Proposed, action: str) -> Sequence[Lot]:
        """The claims of the action, the first first; the proposal's own lot is not among them."""
        own = proposed.proposal.lot
        try:
            histories = self._store.histories(proposed.record.decision_id)
        except StoreDown as down:
            raise CallError(Code.STORE_DOWN, "the ledger cannot be read, try again") from down
        lots = [history.lot for history in histories]
        return [lot for lot in lots if lot.id != own and lot.origin and lot.origin.action == action]


class _Moves:
    """The operations that one outcome comes to."""

    def __init__(
        self, row: OutcomeRow, proposed: Proposed, grant: Grant | None, claims: Sequence[Lot]
    ) -> None:
        self._row, self._grant, self._claims = row, grant, claims
        self._shown = proposed.proposal.lot
        self._origin = Origin(row.decision_id, row.action)

    def of(self, kind: OutcomeKind) -> list[Operation]:
        """The operations of a kind that callers report."""
        match kind:
            case OutcomeKind.PRESENTED | OutcomeKind.ACCEPTED:
                return self._spend_shown()
            case OutcomeKind.REJECTED:
                return [*self._give_back(held_only=True), *self._count_rejection()]
            case OutcomeKind.RELEASED:
                return self._give_back(held_only=False)
            case OutcomeKind.REDEEMED:
                return [*self._spend_shown(), *self._redeem()]
            case OutcomeKind.CLAIMED | OutcomeKind.EXPIRED:
                raise AssertionError(kind)

    def _spend_shown(self) -> list[Operation]:
        if not self._shown:
            return []
        needs = self._needs(Counts.PRESENTED, Counts.DECIDED)
        return [Confirm(self._id("shown"), self._row.fingerprint, self._shown, needs)]

    def _give_back(self, *, held_only: bool) -> list[Operation]:
        live = [claim for claim in self._claims if claim.state in {UnitState.HELD, UnitState.CONFIRMED}]
        lots = [self._shown] if self._shown else []
        return [
            Release(self._id(lot.hex()), self._row.fingerprint, lot, held_only)
            for lot in [*lots, *(claim.id for claim in live)]
        ]

    def _count_rejection(self) -> list[Operation]:
        needs = self._needs(Counts.REJECTED)
        if not needs:
            return []
        counted = tuple(replace(need, maximum=_UNCOUNTED) for need in needs)
        return [Take(self._id("rejected"), self._row.fingerprint, (counted,), origin=self._origin)]

    def _redeem(self) -> list[Operation]:
        """Spends the claim where there is one that is not; else a unit, claimed and redeemed at once."""
        if any(claim.state is UnitState.CONFIRMED for claim in self._claims):
            return []
        open_ones = [claim for claim in self._claims if claim.state in {UnitState.HELD, UnitState.EXPIRED}]
        if open_ones:
            claim, again = open_ones[0], self._needs(Counts.CLAIMED)
            also = self._needs(Counts.REDEEMED) or ()
            return [Confirm(self._id("claim"), self._row.fingerprint, claim.id, again, also)]
        needs = self._needs(Counts.CLAIMED, Counts.REDEEMED)
        if not needs:
            return []
        return [Take(self._id("redeemed"), self._row.fingerprint, (needs,), origin=self._origin)]

    def _needs(self, *steps: Counts) -> tuple[Need, ...] | None:
        """``None`` where it is not known whose units they are: then none is taken."""
        found = self._grant.needs(*steps) if self._grant else None
        return None if isinstance(found, Unknown) else found

    def _id(self, part: str) -> bytes:
        return digest(_MOVE, self._row.id.hex(), part)


def _judge(settled: Sequence[Settled]) -> str:
    """Why the outcome could not be taken up; empty where it was."""
    failed = next((answer for answer in settled if answer.status not in _FINE), None)
    return outcome_refused(failed) if failed else ""
