"""Claims: a unit of what was proposed, held until it is redeemed, released or expires."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from maitred.core.limits.ledger import is_due
from maitred.core.limits.limits import DEFAULT_HOLD, Need, Uncheckable
from maitred.core.limits.lots import (
    NOTHING_BEFORE,
    Confirm,
    Lot,
    Operation,
    Origin,
    Part,
    Release,
    Settled,
    Status,
    UnitState,
    lot_id,
    spent_by,
)
from maitred.core.rules.ruleset import Action, RedeemAt
from maitred.core.trace import TraceContext
from maitred.core.values.instants import MICROSECOND, to_microseconds
from maitred.core.values.reasons import OUT_OF_STOCK
from maitred.core.values.texts import digest
from maitred.engine.calls import (
    ClaimAnswer,
    ClaimCall,
    ClaimsCall,
    ClaimsPage,
    OutcomeAnswer,
    OutcomesCall,
    StepCall,
    bytes_of,
)
from maitred.engine.deciding.committer import Clock, Committer
from maitred.engine.deciding.question import View, hold_us_of
from maitred.engine.deciding.tickets import ClaimTicket, MoveTicket, Steps, Ticket
from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.messages import (
    LEDGER_UNREAD,
    claim_denied,
    elsewhere,
    made_otherwise,
    place_taken,
    step_refused,
)
from maitred.engine.ports.observer import ClaimMoved, ClaimResult, Observer
from maitred.engine.ports.store import ClaimRow, DecisionRecord, LedgerReader, store_calls

from .listing import Listing
from .outcomes import Outcomes
from .proposals import GONE, Proposals, Proposed, claim_of


class ClaimEvents:
    """Makes events of what calls came to."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def began(self) -> int:
        """When a call began (Unix time, ns); 0 where nobody listens."""
        return time.time_ns() if self._observer.tracing else 0

    def moved(
        self,
        began: int,
        result: ClaimResult,
        *,
        origin: Origin,
        settled: Settled,
        ticket: Ticket,
        trace: TraceContext | None,
    ) -> None:
        """A call was answered."""
        if not began:
            return
        refused = settled.refused if result is ClaimResult.DENIED else None
        self._observer.observe(
            ClaimMoved(
                method=_METHODS[result],
                result=result,
                action=origin.action,
                decision_id=origin.decision.hex(),
                reason=refused.reason if refused else None,
                limit=refused.limit if refused else "",
                replayed=settled.replayed,
                trace=trace,
                batch_size=ticket.batch_size,
                started_ns=began,
                ended_ns=time.time_ns(),
                commit_seconds=ticket.commit_seconds,
            )
        )


_METHODS = {
    ClaimResult.GRANTED: "Claim",
    ClaimResult.DENIED: "Claim",
    ClaimResult.REDEEMED: "Redeem",
    ClaimResult.RELEASED: "Release",
}


_CLAIM, _STEP, _CONTENT = b"maitred.claim", b"maitred.step", b"maitred.content"


_CAUSE_OF = {
    Status.ALREADY_CONFIRMED: Cause.CLAIM_REDEEMED,
    Status.ALREADY_RELEASED: Cause.CLAIM_RELEASED,
    Status.NOT_GRANTED: Cause.CLAIM_DENIED,
    Status.UNKNOWN_LOT: Cause.CLAIM_RELEASED,
    Status.PLACE_TAKEN: Cause.CLAIM_REPLACED,
}


class Claims:
    """Implements ``api.Claimer``. ``paused`` gives the stopped actions."""

    def __init__(
        self,
        store: LedgerReader,
        proposals: Proposals,
        committer: Committer,
        outcomes: Outcomes,
        listing: Listing,
        *,
        clock: Clock,
        paused: Callable[[], frozenset[str]],
        teller: ClaimEvents,
    ) -> None:
        self._store, self._proposals, self._committer = store, proposals, committer
        self._listing = listing
        self._outcomes, self._clock, self._paused, self._teller = outcomes, clock, paused, teller

    def claim(self, call: ClaimCall) -> ClaimAnswer:
        """See ``api.Claimer.claim``."""
        return self._committer.complete(self.claiming(call))

    def claiming(self, call: ClaimCall) -> Steps[ClaimAnswer]:
        """See ``api.Claimer.claiming``."""
        if call.at or self._clock.is_simulated:
            call = call._replace(at=self._clock.simulated(call.at))
        began, claim = self._teller.began(), _Claim(call, self._proposals, self._clock, self._paused)
        ticket = claim.ticket(bytes_of(call.decision_id))
        try:
            yield ticket
        except CallError as error:
            earlier = self._made_before(claim) if error.code is Code.NOT_FOUND else None
            if earlier is None:
                raise
            claim, ticket = earlier
        # Not in the handler: compiled, what runs until the next step would be handling this error as well.
        if not ticket.done:
            yield ticket
        assert ticket.view
        settled = ticket.answers[0]
        answer = claim.answer(settled, ticket.view)
        result = ClaimResult.GRANTED if answer.granted else ClaimResult.DENIED
        self._teller.moved(
            began, result, origin=claim.origin, settled=settled, ticket=ticket, trace=call.trace
        )
        return answer

    def _made_before(self, claim: "_Claim") -> tuple["_Claim", ClaimTicket] | None:
        """The same where it was made before, under the same id: it is answered as it was then."""
        proposed = self._proposals.of_lot(self._lot(claim.id))
        if proposed is None:
            return None
        again = claim.of(proposed)
        return again, again.ticket(proposed.record.decision_id)

    def redeem(self, call: StepCall) -> None:
        """See ``api.Claimer.redeem``."""
        self._committer.complete(self.redeeming(call))

    def redeeming(self, call: StepCall) -> Steps[None]:
        """See ``api.Claimer.redeeming``."""
        call = call._replace(at=self._clock.simulated(call.at))
        began = self._teller.began()
        lot, proposed = self._claimed(call.claim_id)
        grant = self._proposals.grant(proposed, call.at or self._clock.now())
        if grant and lot.state is not UnitState.CONFIRMED:
            _check_place(grant.action, proposed.body.location_id, call.location_id)
        again = grant.needs(grant.action.claimed) if grant else None
        also = grant.needs(grant.action.redeemed) if grant else ()
        if isinstance(also, Uncheckable):
            message = f"limit `{also.limit}` needs `{also.attribute}`, which is absent"
            raise CallError(Code.TOO_LATE, message, Cause.MISSING_ATTRIBUTE)
        before = grant.before(proposed) if grant else NOTHING_BEFORE
        step = Confirm(*_step(call, "redeem"), lot.id, also=also)
        if not isinstance(again, Uncheckable) and not isinstance(before, Uncheckable):
            step = replace(step, again=again, before=before)
        yield from self._step(call, lot, step, began)

    def list_claims(self, call: ClaimsCall) -> ClaimsPage:
        """See ``api.Claimer.list_claims``."""
        return self._listing.claims(call)

    def release(self, call: StepCall) -> None:
        """See ``api.Claimer.release``."""
        self._committer.complete(self.releasing(call))

    def releasing(self, call: StepCall) -> Steps[None]:
        """See ``api.Claimer.releasing``."""
        call = call._replace(at=self._clock.simulated(call.at))
        began = self._teller.began()
        lot, proposed = self._claimed(call.claim_id)
        # An order that failed burns no cap: with the claim goes what its decision spent.
        presented = lot_id(Part.PRESENTED, proposed.origin)
        operation = Release(
            *_step(call, "release"),
            lot.id,
            along=proposed.decided_lots(),
            spent=spent_by(lot.id),
            presented=presented,
        )
        yield from self._step(call, lot, operation, began)

    def record_outcomes(self, call: OutcomesCall) -> Sequence[OutcomeAnswer]:
        """See ``api.Claimer.record_outcomes``."""
        return self._committer.complete(self._outcomes.recording(call))

    def recording(self, call: OutcomesCall) -> Steps[Sequence[OutcomeAnswer]]:
        """See ``api.Claimer.recording``."""
        return self._outcomes.recording(call)

    def _step(self, call: StepCall, lot: Lot, operation: Confirm | Release, began: int) -> Steps[None]:
        ticket = MoveTicket(plan=lambda: [operation], deadline=call.deadline, at=call.at)
        yield ticket
        (answer,) = ticket.answers
        if answer.status is Status.OTHER_CONTENT:
            raise CallError(Code.OTHER_CONTENT, made_otherwise())
        if answer.status not in {Status.CONFIRMED, Status.RELEASED}:
            raise CallError(Code.TOO_LATE, step_refused(lot.id.hex(), answer), self._cause(answer, lot, call))
        result = ClaimResult.REDEEMED if isinstance(operation, Confirm) else ClaimResult.RELEASED
        assert lot.origin
        self._teller.moved(began, result, origin=lot.origin, settled=answer, ticket=ticket, trace=call.trace)

    def _cause(self, answer: Settled, lot: Lot, call: StepCall) -> Cause:
        if answer.status is Status.NOTHING_LEFT:
            now_us = to_microseconds(call.at or self._clock.now())
            is_over = lot.state is UnitState.EXPIRED or is_due(lot, now_us)
            return Cause.CLAIM_EXPIRED if is_over else Cause.NOTHING_LEFT
        return _CAUSE_OF[answer.status]

    def _claimed(self, claim_id: str) -> tuple[Lot, Proposed]:
        lot = self._lot(bytes_of(claim_id))
        proposed = self._proposals.of_lot(lot) if lot and lot.part is Part.CLAIM else None
        if lot is None or proposed is None:
            raise CallError(Code.NOT_FOUND, "there is no such claim", Cause.UNKNOWN_CLAIM)
        return lot, proposed

    def _lot(self, lot_id: bytes) -> Lot | None:
        with store_calls(LEDGER_UNREAD):
            return self._store.lot(lot_id) if lot_id else None


class _Claim:
    """One claim on its way: what to read, what to do, what to answer. A ``tickets.Claiming``.

    ``proposed`` is what was claimed before; by default the decision says what it has proposed.
    """

    def __init__(
        self,
        call: ClaimCall,
        proposals: Proposals,
        clock: Clock,
        paused: Callable[[], frozenset[str]],
        proposed: Proposed | None = None,
    ) -> None:
        self._call, self._proposals, self._clock, self._are_paused = call, proposals, clock, paused
        self._before = proposed
        self.id = claim_id_of(call)

    def of(self, proposed: Proposed) -> "_Claim":
        """The same claim, of what it was made of before."""
        return _Claim(self._call, self._proposals, self._clock, self._are_paused, proposed)

    def ticket(self, decision_id: bytes) -> ClaimTicket:
        """What commits it."""
        call = self._call
        return ClaimTicket(decision_id=decision_id, claiming=self, deadline=call.deadline, at=call.at)

    def read(self, record: DecisionRecord | None) -> None:
        """See ``Claiming``."""
        self._proposed = self._before or self._proposals.of(record, self._call.action)

    def begin(self) -> None:
        """See ``Claiming``."""
        grant = self._proposals.claimable(self._proposed, self._call.at or self._clock.now())
        self._grant, self._paused = grant, self._are_paused()
        self._stand_ins = grant.stand_ins(self._proposed) if grant else None

    def asks(self) -> list[Need]:
        """What has to be read to know which stand-ins can be had."""
        return self._stand_ins.asks() if self._stand_ins else []

    def plan(self) -> Sequence[Operation]:
        """See ``Claiming``."""
        call, grant = self._call, self._grant
        limits = grant.action.claimed if grant else ()
        claim = claim_of(
            self._proposed,
            grant,
            self._paused,
            lot=self.id,
            fingerprint=digest(_CONTENT, call.decision_id, call.action),
            hold_us=hold_us_of(limits) if limits else DEFAULT_HOLD // MICROSECOND,
        )
        self.origin = claim.origin
        return [claim]

    def claimed(self, settled: Settled) -> ClaimRow | None:
        """See ``tickets.Claiming``."""
        expires_at = settled.expires_at
        if settled.status is not Status.GRANTED or settled.replayed or settled.reused or expires_at is None:
            return None
        record, body = self._proposed.record, self._proposed.body
        return ClaimRow(
            settled.lot, record.decision_id, self.origin.action, record.customer, body.location_id, expires_at
        )

    def answer(self, settled: Settled, view: View) -> ClaimAnswer:
        """What the caller is told."""
        if settled.status is Status.OTHER_CONTENT:
            raise CallError(Code.OTHER_CONTENT, made_otherwise())
        if settled.status is Status.PLACE_TAKEN:
            raise CallError(Code.TOO_LATE, place_taken(settled.lot.hex()), Cause.PLACE_TAKEN)
        if settled.status is Status.GRANTED:
            expires_at = settled.expires_at
            return ClaimAnswer(
                granted=True,
                claim_id=settled.lot.hex(),
                expires_at=expires_at,
                treatment=self._grant.words(expires_at) if self._grant else None,
                existing=settled.reused,
            )
        refused = settled.refused or GONE
        names_others = self._stand_ins is not None and refused.reason in OUT_OF_STOCK
        others = self._stand_ins.proposals(view, self._paused) if self._stand_ins and names_others else ()
        return ClaimAnswer(
            granted=False,
            claim_id="",
            reason=refused.reason,
            detail=claim_denied(self.origin.action, refused),
            alternatives=others,
        )


def _step(call: StepCall, kind: str) -> tuple[bytes, bytes]:
    """Id and fingerprint of a step."""
    content = digest(_CONTENT, kind, call.claim_id, call.cause, call.location_id)
    return digest(_STEP, call.request_id), content


def _check_place(action: Action, claimed_at: str, redeemed_at: str) -> None:
    """Raises ``CallError`` where the action's claims are redeemed elsewhere than this one is to be."""
    if action.redeem_at is RedeemAt.ANY or not claimed_at or redeemed_at == claimed_at:
        return
    raise CallError(Code.TOO_LATE, elsewhere(action.name, claimed_at), Cause.WRONG_LOCATION)


def claim_id_of(call: ClaimCall) -> bytes:
    """The id of the claim that a call makes: the same for every retry."""
    return digest(_CLAIM, call.request_id)
