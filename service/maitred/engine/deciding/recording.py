"""Making the record of a decision: its body, packed, sealed."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from maitred.core.deciding.decide import claimed_treatment
from maitred.core.deciding.decisions import Question
from maitred.core.deciding.policy import Policy
from maitred.core.rules.experiments import Exposures, as_assigned, exposures_text
from maitred.core.rules.ruleset import RedeemAt
from maitred.engine.calls import OpenClaim
from maitred.engine.customers.people import People
from maitred.engine.ports.store import ClaimRow, DecisionRecord

from .codec import Recurring, encode_body
from .rulesets import Rulesets
from .tickets import DecisionTicket

OPEN_CLAIMS_MAX = 20
"""Promised in the API: nobody redeems more in one sale."""
_ARMS: Recurring[Exposures, str] = Recurring(exposures_text)


class RecordMaker:
    """Implements ``tickets.Recorder``."""

    def __init__(self, rulesets: Rulesets, people: People) -> None:
        self._rulesets, self._people = rulesets, people

    def body(self, ticket: DecisionTicket) -> bytes:
        """See ``tickets.Recorder``."""
        prepared, choice, decision, call = ticket.prepared, ticket.choice, ticket.decision, ticket.call
        assert prepared
        assert choice
        assert decision
        policy, question = prepared.policy, prepared.question
        return encode_body(
            call,
            question.facts,
            decision,
            choice.snapshot,
            trace_id=ticket.trace_id,
            commit=policy.ruleset.commit,
            purposes=policy.purposes_of(question.facts, decision.proposals, decision.learned),
            open_claims=open_claims_of(policy, question, call.location_id, ticket.claims),
            ended=[claim.hex() for claim in ticket.ended],
        )

    def packed(self, ticket: DecisionTicket) -> bytes:
        """See ``tickets.Recorder``."""
        assert ticket.prepared
        packing = self._rulesets.packing(ticket.prepared.policy.ruleset.hash)
        return packing.pack(ticket.body) if packing else ticket.body

    def record(self, ticket: DecisionTicket) -> DecisionRecord:
        """See ``tickets.Recorder``."""
        prepared, decision, person = ticket.prepared, ticket.decision, ticket.person
        assert prepared
        assert decision
        assert person
        return DecisionRecord(
            decision_id=ticket.decision_id,
            decided_at=prepared.question.now,
            ruleset=prepared.policy.ruleset.hash,
            customer=person.ref,
            body=self._people.seal(person, ticket.body, ticket.decision_id),
            key=person.key,
            session=ticket.requester.session_key,
            arms=_ARMS.of(decision.exposures) if decision.exposures else "",
        )


def open_claims_of(
    policy: Policy, question: Question, location_id: str, rows: Sequence[ClaimRow]
) -> tuple[OpenClaim, ...]:
    """Those of a customer's open claims that can be redeemed there, with the words for that channel."""
    if not rows:
        return ()
    return tuple(islice(_redeemable(policy, question, location_id, rows), OPEN_CLAIMS_MAX))


def _redeemable(
    policy: Policy, question: Question, location_id: str, rows: Iterable[ClaimRow]
) -> Iterator[OpenClaim]:
    for row in rows:
        action = policy.by_name.get(row.action)
        if action is None or row.expires_at <= question.now:
            continue
        if action.channels and question.channel not in action.channels:
            continue
        if action.redeem_at is RedeemAt.CLAIMED and row.location not in ("", location_id):
            continue
        action = as_assigned(action, question.facts)
        words = claimed_treatment(policy, action, question, row.expires_at)
        yield OpenClaim(row.id.hex(), row.action, words, row.expires_at, row.location)
