"""What a decision has proposed, found again under the ruleset in force."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from maitred.core.conditions.scan import Memo, truth
from maitred.core.deciding.choose import Pick, stand_ins_of
from maitred.core.deciding.decide import claimed_treatment, proposals_of
from maitred.core.deciding.decisions import Proposal, Question
from maitred.core.deciding.policy import Policy
from maitred.core.deciding.ranking import draws_of, score_if_it_holds
from maitred.core.deciding.snapshot import Snapshot, shortage_among
from maitred.core.learning.draws import NO_DRAWS, Draws
from maitred.core.limits.limits import Limit, Need, SubjectPseudonym, Uncheckable, needs_of, parts_of
from maitred.core.limits.lots import (
    Before,
    Claim,
    Lot,
    Origin,
    Part,
    Refused,
    Turn,
    lot_id,
    lots_begin,
    own_lot_id,
)
from maitred.core.rules.experiments import as_assigned
from maitred.core.rules.live import clock_facts
from maitred.core.rules.ruleset import Action, Location
from maitred.core.rules.treatments import Treatment
from maitred.core.values.instants import to_microseconds
from maitred.core.values.kinds import fits
from maitred.core.values.reasons import Reason
from maitred.core.values.types import LOCATION, Attribute
from maitred.engine.deciding.codec import RecordBody
from maitred.engine.deciding.question import View
from maitred.engine.deciding.records import Records, question_of
from maitred.engine.deciding.rulesets import Rulesets
from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.ports.store import DecisionRecord

MAX_ALTERNATIVES = 5
"""Proposals in place of a claim that is denied."""

_RECHECKED = Reason.NOT_LIVE, Reason.CONSENT_REQUIRED, Reason.SENSITIVE
"""What may have changed since; who is eligible for what was proposed was decided then."""


class Grant(NamedTuple):
    """An action that a decision has proposed.

    ``question`` holds the facts of the decision, with time and place as of now. ``is_own`` is
    whether the decision itself proposed it, and did not only propose what it may stand in for.
    ``draws`` are its learned scores.
    """

    policy: Policy
    question: Question
    action: Action
    subject_pseudonym: SubjectPseudonym
    is_own: bool = True
    draws: Draws = NO_DRAWS

    def needs(self, limits: Sequence[Limit]) -> tuple[Need, ...] | Uncheckable:
        """One unit of each of these limits of the action."""
        collected: tuple[Need, ...] = ()
        for limit in limits:
            needs = self._needs_of(limit)
            if isinstance(needs, Uncheckable):
                return needs
            collected += needs
        return collected

    @property
    def claim_within(self) -> timedelta:
        """How long a decision can be claimed."""
        return self.action.claim_within or self.policy.ruleset.claim_within

    def turns(self, proposed: "Proposed") -> tuple[Turn, ...]:
        """When the action may be claimed in each of its places; none where it is proposed itself."""
        if self.is_own:
            return ()
        return tuple(Turn(place, self._ahead_in(place), proposed.hold_in(place)) for place in proposed.places)

    def before(self, proposed: "Proposed") -> Before | Uncheckable:
        """What comes before a claim, where it has to be taken anew."""
        made, shown = self.needs(self.action.decided), self.needs(self.action.held)
        if isinstance(made, Uncheckable):
            return made
        if isinstance(shown, Uncheckable):
            return shown
        return Before(made, shown, proposed.decided_lots() if made else ())

    def _ahead_in(self, place: str) -> frozenset[str]:
        """The actions of a place that this one stands in for, directly or by way of others."""
        first = self.policy.by_name.get(place)
        others = (first, *stand_ins_of(self.policy, first)) if first else ()
        name = self.action.name
        return frozenset(
            other.name
            for other in others
            if any(stand_in.name == name for stand_in in stand_ins_of(self.policy, other))
        )

    def refused(self) -> Refused | None:
        """Why it can no longer be had, whatever the ledger says."""
        memo: Memo = {}
        for gate in self.policy.gates[self.action.name]:
            if self.is_own and gate.reason not in _RECHECKED:
                continue
            if truth(gate.condition, self.question.facts, memo) is not True:
                return Refused(gate.rule, gate.reason)
        return None

    def words(self, expires_at: datetime | None) -> Treatment[str]:
        """What is said and shown to who holds a claim of it until then."""
        return claimed_treatment(self.policy, self.action, self.question, expires_at)

    def stand_ins(self, proposed: "Proposed") -> "StandIns | None":
        """What could be claimed instead, where the action has alternatives."""
        if not self.action.alternatives:
            return None
        others = tuple(stand_ins_of(self.policy, self.action, self.question.facts))
        limits = chain.from_iterable(other.limits for other in others)
        known = ((limit, self._needs_of(limit)) for limit in limits)
        return StandIns(
            self,
            others,
            {limit.key: needs for limit, needs in known if not isinstance(needs, Uncheckable)},
            frozenset(self._had_in(proposed)),
        )

    def _had_in(self, proposed: "Proposed") -> Iterator[str]:
        """Keys of limits of which the decision has a unit for whom the place belongs to."""
        holder = self.policy.by_name.get(proposed.place)
        if holder:
            held = holder.held if proposed.hold_in(proposed.place) else ()
            yield from (part.key for limit in (*holder.decided, *held) for part in parts_of(limit))

    def _needs_of(self, limit: Limit) -> tuple[Need, ...] | Uncheckable:
        question = self.question
        return needs_of(limit, question.facts, question.now, question.zone, self.subject_pseudonym)


class StandIns(NamedTuple):
    """The alternatives of an action, theirs included, in the authors' order.

    Of the limits with keys in ``had`` the place has a unit, which goes to who takes it.
    """

    grant: Grant
    actions: tuple[Action, ...]
    needs: Mapping[str, tuple[Need, ...]]
    had: frozenset[str]

    def asks(self) -> list[Need]:
        """What to read to know which of them can be had."""
        return list(chain.from_iterable(self.needs.values()))

    def proposals(self, view: View, paused: frozenset[str]) -> tuple[Proposal, ...]:
        """Those that hold and can be had."""
        limits = chain.from_iterable(action.limits for action in self.actions)
        live = {
            part.key: view.live(need) - (part.key in self.had)
            for limit in limits
            for part, need in zip(parts_of(limit), self.needs.get(limit.key, ()), strict=False)
        }
        snapshot, grant = Snapshot(live), self.grant
        open_ones = (action for action in self.actions if action.name not in paused)
        picks = [pick for action in open_ones if (pick := self._pick(action, snapshot))]
        return proposals_of(grant.policy, grant.question, picks[:MAX_ALTERNATIVES])

    def _pick(self, action: Action, snapshot: Snapshot) -> Pick | None:
        grant, facts = self.grant, self.grant.question.facts
        score = score_if_it_holds(grant.policy, action, facts, Memo(), grant.draws)
        if score is None or shortage_among(action.limits, facts, snapshot, {}):
            return None
        return Pick(score, action, grant.action.name)


class Proposed(NamedTuple):
    """An action of a decision, which proposed it, or something that it may stand in for.

    ``proposal`` is its own, and ``places`` those that it may take in the answer; both are empty where by
    now it could take none.
    """

    record: DecisionRecord
    body: RecordBody
    action: str
    proposal: Proposal | None
    places: tuple[str, ...]

    @property
    def is_own(self) -> bool:
        """Whether the decision itself proposed it."""
        return self.proposal is not None

    @property
    def origin(self) -> Origin:
        """What lots of it are taken for."""
        return Origin(self.record.decision_id, self.action, to_microseconds(self.record.decided_at))

    @property
    def place(self) -> str:
        """The action in whose place in the answer it is, as far as the decision tells."""
        return self.places[0] if self.places else self.action

    @property
    def hold(self) -> bytes:
        """The lot of what the decision holds to present it; empty where that is nothing."""
        return self.proposal.lot if self.proposal else b""

    def hold_in(self, place: str) -> bytes:
        """The lot of what the decision holds to present whom a place belongs to; empty for none."""
        lots = (proposal.lot for proposal in self.body.proposals if proposal.action == place)
        return next(lots, b"")

    def decided_lots(self) -> tuple[bytes, ...]:
        """Lots of what the decision spent, for the action itself and for those whose places it may take."""
        names = dict.fromkeys((self.action, *self.places))
        return tuple(self.own_lot(Part.DECIDED, name) for name in names)

    def own_lot(self, part: Part, action: str) -> bytes:
        """The lot of what the decision itself spent or holds for an action."""
        origin = self.origin._replace(action=action)
        if not self.body.has_lots_by_time:
            return lot_id(part, origin)
        return own_lot_id(part, origin, lots_begin(self.record.decision_id, self.record.decided_at))


class Proposals:
    """Finds proposals. ``subject_pseudonym`` is what counters know persons by."""

    def __init__(self, records: Records, rulesets: Rulesets, subject_pseudonym: SubjectPseudonym) -> None:
        self._records, self._rulesets, self._subject_pseudonym = records, rulesets, subject_pseudonym

    def find(self, decision_id: str, action: str) -> Proposed:
        """Raises ``CallError``: no such decision, or the action cannot be had of it."""
        return self.of(self._records.find(decision_id), action)

    def of(self, record: DecisionRecord | None, action: str) -> Proposed:
        """The same where the record has been looked for."""
        if record is None:
            raise CallError(Code.NOT_FOUND, "there is no such decision", Cause.UNKNOWN_DECISION)
        proposal = self._in(record, action)
        if proposal is None:
            message = "the decision did not propose this action"
            raise CallError(Code.NOT_FOUND, message, Cause.NOT_PROPOSED)
        return proposal

    def of_lot(self, lot: Lot | None) -> Proposed | None:
        """What a lot was ``taken`` for; ``None`` where there is none, or it was for no decision."""
        if lot is None or lot.origin is None:
            return None
        return self.taken(lot.origin.decision, lot.origin.action, lot.place)

    def taken(self, decision_id: bytes, action: str, place: str = "") -> Proposed:
        """What a lot was taken for, also where by now nothing could be: what was granted stays so.

        ``place`` is the one that it was claimed in. Raises ``CallError``: no such decision.
        """
        record = self._records.find(decision_id.hex())
        places = (place,) if place else ()
        proposal = self._in(record, action)
        if proposal is None:
            return Proposed(record, self._records.claimable(record), action, None, places)
        return proposal._replace(places=places or proposal.places)

    def grant(self, proposed: Proposed, now: datetime) -> Grant | None:
        """The proposal as of now; ``None`` where the ruleset in force has no such action.

        Raises ``CallError`` where no ruleset is in force.
        """
        policy = self._rulesets.in_force()
        action = policy.by_name.get(proposed.action)
        if action is None:
            return None
        body = proposed.body
        if proposed.record.ruleset != policy.ruleset.hash:
            body = body._replace(facts=_fitting(body.facts, policy.ruleset.attributes))
        question = question_of(policy, proposed.record, body)
        place = policy.location(body.location_id) or Location("", policy.ruleset.zone, {})
        facts = {**question.facts, **policy.place_facts(place), "now": now}
        if policy.zones:
            facts.update(clock_facts(policy.zones, now, place.zone))
        as_of_now = Question(question.channel, facts, now, question.max_actions, question.zone, question.seed)
        action = as_assigned(action, facts)
        draws = draws_of(policy, question, body.snapshot.learned)
        return Grant(policy, as_of_now, action, self._subject_pseudonym, is_own=proposed.is_own, draws=draws)

    def claimable(self, proposed: Proposed, now: datetime) -> Grant | None:
        """The same without what the customer has refused since: a consent withdrawn serves no more.

        Raises ``CallError`` where no ruleset is in force.
        """
        grant, statements = self.grant(proposed, now), proposed.record.statements
        if grant is None or not grant.policy.ruleset.privacy:
            return grant
        facts = grant.policy.still_allowed(grant.question.facts, statements)
        action = grant.policy.assigned(proposed.action, facts)
        return grant._replace(action=action, question=grant.question._replace(facts=facts))

    def _in(self, record: DecisionRecord, action: str) -> Proposed | None:
        body = self._records.claimable(record)
        for proposal in body.proposals:
            if proposal.action == action:
                return Proposed(record, body, action, proposal, (action,))
        places = tuple(proposal.action for proposal in body.proposals if self._stands_in(action, proposal))
        return Proposed(record, body, action, None, places) if places else None

    def _stands_in(self, name: str, proposal: Proposal) -> bool:
        """Whether the action of that name may be claimed in the place of the proposal's."""
        active = self._rulesets.active
        action = active.by_name.get(proposal.action) if active else None
        if active is None or action is None:
            return False
        return any(other.name == name for other in stand_ins_of(active, action))


GONE = Refused("ruleset", Reason.NOT_LIVE)
"""The rules in force do not have the action any more."""
_WINDOW_OVER = Refused("claim_within", Reason.CLAIM_WINDOW_OVER)


def claim_of(
    proposed: Proposed,
    grant: Grant | None,
    paused: frozenset[str],
    *,
    lot: bytes,
    fingerprint: bytes,
    hold_us: int | None = None,
) -> Claim:
    """The claim of an action, as of the grant's instant, with what stands against it whatever is left."""
    proposal = proposed.proposal
    claim = partial(
        Claim,
        lot,
        fingerprint,
        proposed.origin,
        proposed.place,
        hold_us=hold_us,
        hold=proposed.hold,
        carried=bytes.fromhex(proposal.claim_id) if proposal and proposal.claim_id else b"",
    )
    if grant is None:
        return claim(denied=GONE)
    if grant.question.now - proposed.record.decided_at >= grant.claim_within:
        return claim(denied=_WINDOW_OVER)
    action, turns = grant.action, grant.turns(proposed)
    denied = Refused("pause", Reason.PAUSED) if proposed.action in paused else grant.refused()
    # A stand-in was not decided for: what customers have rejected too often is looked at here.
    to_come = (*action.redeemed, *action.rejected) if turns else action.redeemed
    needs, before, later = grant.needs(action.claimed), grant.before(proposed), grant.needs(to_come)
    for unknown in (needs, before, later):
        if isinstance(unknown, Uncheckable):
            denied = denied or Refused(unknown.limit, Reason.MISSING_ATTRIBUTE)
    if (
        denied
        or isinstance(needs, Uncheckable)
        or isinstance(before, Uncheckable)
        or isinstance(later, Uncheckable)
    ):
        return claim(turns=turns, denied=denied)
    return claim(turns=turns, needs=needs, before=before, later=later)


def _fitting(facts: Mapping[str, Any], attributes: Mapping[str, Attribute]) -> Mapping[str, Any]:
    """Facts of a record that another ruleset's attributes can hold; those of a location are read anew."""
    return {
        name: value
        for name, value in facts.items()
        if not name.startswith(LOCATION) and _fits(value, attributes.get(name))
    }


def _fits(value: Any, attribute: Attribute | None) -> bool:
    return attribute is None or isinstance(value, dict) or fits(value, attribute.type)
