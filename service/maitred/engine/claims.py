"""Claims: a unit of what was proposed, held until it is redeemed, released or expires."""

from collections.abc import Callable, Sequence
from datetime import datetime

from maitred.core.ledger import is_due
from maitred.core.limits import DEFAULT_HOLD, Counts, Need, Unknown
from maitred.core.lots import (
    Confirm,
    Lot,
    Operation,
    Origin,
    Refused,
    Release,
    Settled,
    Status,
    Take,
    UnitState,
)
from maitred.core.reasons import Reason

from .calls import ClaimAnswer, ClaimCall, OutcomeAnswer, OutcomesCall, StepCall
from .committer import Committer
from .deciding import MICROSECOND, digest, hold_us_of, microseconds
from .errors import CallError, Code
from .grants import Grant
from .outcomes import Outcomes
from .ports import Store, StoreDown
from .proposals import Proposals, Proposed
from .tickets import MoveTicket
from .view import View
from .words import claim_denied, step_refused

_CLAIM, _SHOWN, _STEP, _CONTENT = b"maitred.claim", b"maitred.shown", b"maitred.step", b"maitred.content"
_GONE = Refused("ruleset", Reason.NOT_LIVE)


class Claims:
    """Implements ``api.Claimer``. ``now`` gives aware UTC, ``paused`` the stopped actions."""

    def __init__(
        self,
        store: Store,
        proposals: Proposals,
        committer: Committer,
        outcomes: Outcomes,
        *,
        now: Callable[[], datetime],
        paused: Callable[[], frozenset[str]],
    ) -> None:
        self._store, self._proposals, self._committer = store, proposals, committer
        self._outcomes, self._now, self._paused = outcomes, now, paused

    def claim(self, call: ClaimCall) -> ClaimAnswer:
        """See ``api.Claimer.claim``."""
        proposed = self._proposals.find(call.decision_id, call.action)
        grant = self._proposals.grant(proposed, call.at or self._now())
        claim = _Claim(call, proposed, grant, self._lot(proposed.proposal.lot), self._paused())
        ticket = MoveTicket(plan=claim.plan, asks=claim.asks(), deadline=call.deadline, at=call.at)
        self._committer.commit(ticket)
        assert ticket.view
        return claim.answer(ticket.answers[0], ticket.view)

    def redeem(self, call: StepCall) -> None:
        """See ``api.Claimer.redeem``."""
        lot, proposed = self._claimed(call.claim_id)
        grant = self._proposals.grant(proposed, call.at or self._now())
        again = grant.needs(Counts.CLAIMED) if grant else None
        also = grant.needs(Counts.REDEEMED) if grant else ()
        if isinstance(also, Unknown):
            raise CallError(Code.TOO_LATE, f"limit `{also.limit}` needs `{also.attribute}`, which is absent")
        known = None if isinstance(again, Unknown) else again
        step_id, fingerprint = _step(call, "redeem")
        self._step(call, Confirm(step_id, fingerprint, lot.id, known, also))

    def release(self, call: StepCall) -> None:
        """See ``api.Claimer.release``."""
        lot, _ = self._claimed(call.claim_id)
        self._step(call, Release(*_step(call, "release"), lot.id))

    def record_outcomes(self, call: OutcomesCall) -> Sequence[OutcomeAnswer]:
        """See ``api.Claimer.record_outcomes``."""
        return self._outcomes.record(call)

    def _step(self, call: StepCall, operation: Confirm | Release) -> None:
        ticket = MoveTicket(plan=lambda _: [operation], deadline=call.deadline, at=call.at)
        self._committer.commit(ticket)
        (answer,) = ticket.answers
        if answer.status is Status.OTHER_CONTENT:
            raise _other_content(call.request_id)
        if answer.status not in {Status.CONFIRMED, Status.RELEASED}:
            raise CallError(Code.TOO_LATE, step_refused(call.claim_id, answer))

    def _claimed(self, claim_id: str) -> tuple[Lot, Proposed]:
        lot = self._lot(_octets(claim_id))
        if lot is None or lot.origin is None:
            raise CallError(Code.NOT_FOUND, f"no claim `{claim_id}`")
        try:
            proposed = self._proposals.find(lot.origin.decision.hex(), lot.origin.action)
        except CallError as error:
            raise CallError(error.code, f"the decision of claim `{claim_id}` is gone") from None
        if proposed.proposal.lot == lot.id:
            raise CallError(Code.NOT_FOUND, f"no claim `{claim_id}`")
        return lot, proposed

    def _lot(self, lot_id: bytes) -> Lot | None:
        try:
            return self._store.lot(lot_id) if lot_id else None
        except StoreDown as down:
            raise CallError(Code.STORE_DOWN, "the ledger cannot be read, try again") from down


class _Claim:
    """One claim on its way: what to read, what to do, what to answer.

    ``shown`` is the lot that holds what presenting the proposal takes, where it takes anything.
    """

    def __init__(
        self,
        call: ClaimCall,
        proposed: Proposed,
        grant: Grant | None,
        shown: Lot | None,
        paused: frozenset[str],
    ) -> None:
        self._call, self._grant, self._shown, self._paused = call, grant, shown, paused
        self._origin = Origin(proposed.record.decision_id, call.action)
        self._stand_ins = grant.stand_ins() if grant else None
        self._needs, self._later, self._denied = self._judged()

    def _judged(self) -> tuple[tuple[Need, ...], tuple[Need, ...], Refused | None]:
        """What it takes, what must be left for the redemption, and why it cannot be had at all."""
        grant = self._grant
        if grant is None:
            return (), (), _GONE
        if self._call.action in self._paused:
            return (), (), Refused("pause", Reason.PAUSED)
        steps = (Counts.CLAIMED, Counts.PRESENTED) if self._is_over() else (Counts.CLAIMED,)
        needs, later = grant.needs(*steps), grant.needs(Counts.REDEEMED)
        for unknown in (needs, later):
            if isinstance(unknown, Unknown):
                return (), (), Refused(unknown.limit, Reason.MISSING_ATTRIBUTE)
        assert not isinstance(needs, Unknown)
        assert not isinstance(later, Unknown)
        return needs, later, grant.refused()

    def _is_over(self) -> bool:
        """Whether what presenting takes has gone back, so that it is taken with the claim."""
        shown = self._shown
        if shown is None or shown.state is UnitState.CONFIRMED or self._grant is None:
            return False
        held = shown.state is UnitState.HELD
        return not held or is_due(shown, microseconds(self._grant.question.now))

    def asks(self) -> list[Need]:
        """What has to be read: what counts at the redemption, and what the stand-ins need."""
        others = self._stand_ins.asks() if self._stand_ins else ()
        return [*self._later, *others]

    def plan(self, view: View) -> Sequence[Operation]:
        """Takes what counts at the claim; what the proposal holds is spent with it."""
        used_up = next((need for need in self._later if view.live(need) >= need.maximum), None)
        denied = self._denied or (Refused(used_up.counter.limit, used_up.reason) if used_up else None)
        limits = self._grant.limits(Counts.CLAIMED) if self._grant else ()
        take = Take(
            id=digest(_CLAIM, self._call.request_id),
            fingerprint=digest(_CONTENT, self._call.decision_id, self._call.action),
            choices=(() if denied else self._needs,),
            hold_us=hold_us_of(limits) if limits else DEFAULT_HOLD // MICROSECOND,
            origin=self._origin,
            denied=denied,
        )
        shown = self._shown
        if shown is None or shown.state is not UnitState.HELD:
            return [take]
        return [take, Confirm(digest(_SHOWN, self._call.request_id), take.fingerprint, shown.id)]

    def answer(self, settled: Settled, view: View) -> ClaimAnswer:
        """What the caller is told."""
        if settled.status is Status.OTHER_CONTENT:
            raise _other_content(self._call.request_id)
        if settled.status is Status.GRANTED:
            return ClaimAnswer(granted=True, claim_id=settled.lot.hex(), expires_at=settled.expires_at)
        refused = settled.refused or _GONE
        others = self._stand_ins.proposals(view, self._paused) if self._stand_ins else ()
        return ClaimAnswer(
            granted=False,
            claim_id="",
            reason=refused.reason,
            detail=claim_denied(self._call.action, refused),
            alternatives=others,
        )


def _step(call: StepCall, kind: str) -> tuple[bytes, bytes]:
    """Id and fingerprint of a step."""
    return digest(_STEP, call.request_id), digest(_CONTENT, kind, call.claim_id, call.cause)


def _other_content(request_id: str) -> CallError:
    return CallError(Code.OTHER_CONTENT, f"request `{request_id}` was made before with other content")


def _octets(claim_id: str) -> bytes:
    """Empty where it is no id of ours."""
    try:
        return bytes.fromhex(claim_id)
    except ValueError:
        return b""
