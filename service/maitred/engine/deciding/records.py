"""Answering from the decision log: retries, GetDecision, and explanations long after."""

from collections.abc import Callable

from maitred.core.deciding.decide import Hold, decide_from
from maitred.core.deciding.decisions import Decision, Explain, Question
from maitred.core.deciding.policy import Policy
from maitred.core.explaining.explain import Explanation, explain, tell
from maitred.core.limits.limits import ANONYMOUS
from maitred.core.privacy.purposes import Use, uses
from maitred.core.values.types import CHANNEL, CUSTOMER_ID, LOCATION_ID, Facts
from maitred.engine.calls import Answer, DecideCall, RecordView, bytes_of
from maitred.engine.customers.people import People
from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.messages import LOG_UNREAD, RULESETS_UNREAD, ended_claim
from maitred.engine.ports.store import DecisionRecord, Store, store_calls

from .codec import Packings, RecordBody, decode_body, decode_claimable, decode_facts
from .rulesets import Rulesets
from .unused import unused

UNEXPLAINED = Explanation((), ())


class _LastBody:
    """What was read of the record that was asked for last: to all who claim it at once it is one object."""

    def __init__(
        self, decode: Callable[[bytes], RecordBody], plain: Callable[[DecisionRecord], bytes]
    ) -> None:
        self._decode, self._plain = decode, plain
        self._last: tuple[DecisionRecord, RecordBody] | None = None

    def of(self, record: DecisionRecord) -> RecordBody:
        last = self._last
        if last is not None and last[0] is record:
            return last[1]
        body = self._decode(self._plain(record))
        self._last = record, body
        return body


class Records:
    """Reads decisions back. Explanations are worked out again from what the record holds."""

    def __init__(self, store: Store, people: People, rulesets: Rulesets) -> None:
        self._store, self._people, self._rulesets = store, people, rulesets
        self._packings = Packings(self._dictionary)
        self._whole = _LastBody(decode_body, self._plain)
        self._claimable = _LastBody(decode_claimable, self._plain)

    def find(self, decision_id: str) -> DecisionRecord:
        """The record of a decision. Raises ``CallError``: not found, store down."""
        key = bytes_of(decision_id)
        record = self.stored(key) if key else None
        if record is None:
            raise CallError(Code.NOT_FOUND, "no such decision", Cause.UNKNOWN_DECISION)
        return record

    def stored(self, decision_id: bytes) -> DecisionRecord | None:
        """The record under an id, if there is one. Raises ``CallError``: store down."""
        with store_calls(LOG_UNREAD):
            return self._store.decision(decision_id)

    def body(self, record: DecisionRecord) -> RecordBody:
        """What the record holds. Raises ``CallError``: not found, where its customer has been erased."""
        return self._whole.of(record)

    def claimable(self, record: DecisionRecord) -> RecordBody:
        """As much of it as claims go by: see ``codec``. Raises as ``body``."""
        return self._claimable.of(record)

    def _plain(self, record: DecisionRecord) -> bytes:
        return self._packings.unpacked(self._people.opened(record))

    def _dictionary(self, key: bytes) -> bytes | None:
        with store_calls(LOG_UNREAD):
            return self._store.dictionary(key)

    def policy(self, ruleset: str) -> Policy:
        """The ruleset of a hash, compiled. Raises ``CallError``: not found, store down."""
        with store_calls(RULESETS_UNREAD):
            return self._rulesets.named(ruleset)

    def answer(self, record: DecisionRecord, call: DecideCall) -> Answer:
        """The answer as it was given, explained as the call that repeats it asks."""
        body = self.body(record)
        if not call.is_explained:
            return _answer(record, body, UNEXPLAINED)
        policy = self.policy(record.ruleset)
        question = question_of(policy, record, body)
        named = frozenset(call.explain_actions).intersection(policy.by_name)
        level = Explain.EXPLAIN_NONE if call.explain_actions and not named else call.explain
        explanation = explain(policy, question, body.proposals, level, body.snapshot, named=named)
        return _answer(record, body, explanation)._replace(
            unused=(*unused(policy, call.context, question.facts), *map(ended_claim, body.ended))
        )

    def view(self, decision_id: str, level: Explain) -> RecordView:
        """The record with what was decided upon.

        Without an explanation it is shown even where its ruleset does not load any more.
        Raises ``CallError``: not found, no ruleset, store down.
        """
        record = self.find(decision_id)
        body = self.body(record)
        try:
            policy = self.policy(record.ruleset)
        except CallError as gone:
            if level is not Explain.EXPLAIN_NONE or gone.code is Code.STORE_DOWN:
                raise
            return _view(body, _answer(record, body, UNEXPLAINED))
        question = question_of(policy, record, body)
        answer = _answer(record, body, explain(policy, question, body.proposals, level, body.snapshot))
        return _view(body, answer)._replace(
            situations=_chains(policy, question.facts),
            ruleset_version=policy.ruleset.version,
            uses=_uses(policy, question.facts),
        )


def decide_again(policy: Policy, record: DecisionRecord, body: RecordBody) -> Decision:
    """Decides what a record was the answer to, from what it says was seen: the same decision comes out."""
    holds = {
        proposal.action: Hold(proposal.lot, proposal.hold_expires_at)
        for proposal in body.proposals
        if proposal.lot
    }
    return decide_from(policy, question_of(policy, record, body), body.snapshot, holds)


def question_of(policy: Policy, record: DecisionRecord, body: RecordBody) -> Question:
    """The question a record was the answer to: deciding it again gives the same decision."""
    facts = decode_facts(body.facts, policy.ruleset.attributes)
    facts |= {"now": record.decided_at, CHANNEL: body.channel}
    if body.customer_id:
        facts[CUSTOMER_ID] = body.customer_id
    else:
        facts[ANONYMOUS] = True
    if body.location_id:
        facts[LOCATION_ID] = body.location_id
    location = policy.location(body.location_id)
    zone = location.zone if location else policy.ruleset.zone
    return Question(body.channel, facts, record.decided_at, body.max_actions, zone, record.decision_id)


def _answer(record: DecisionRecord, body: RecordBody, explanation: Explanation) -> Answer:
    return Answer(
        decision_id=record.decision_id.hex(),
        ruleset=record.ruleset,
        proposals=body.proposals,
        decided_at=record.decided_at,
        refusals=explanation.refusals,
        why=explanation.why,
        trace_id=body.trace_id,
        unused=tuple(map(ended_claim, body.ended)),
        open_claims=body.open_claims,
    )


def _view(body: RecordBody, answer: Answer) -> RecordView:
    return RecordView(
        answer=answer,
        request_id=body.request_id,
        customer_id=body.customer_id,
        channel=body.channel,
        location_id=body.location_id,
        max_actions=body.max_actions,
        facts_json=body.facts_json(),
        ruleset_commit=body.commit,
        purposes=body.purposes,
        exposures={name: exposure.arm for name, exposure in body.exposures.items()},
    )


def _uses(policy: Policy, facts: Facts) -> tuple[Use, ...]:
    rules = policy.ruleset.privacy
    return uses(rules, policy.ruleset.attributes, facts) if rules else ()


def _chains(policy: Policy, facts: Facts) -> tuple[str, ...]:
    if policy.situations is None:
        return ()
    derivation = policy.situations.derivation(facts)
    return tuple(tell(derivation, name) for name in sorted(derivation.holds))
