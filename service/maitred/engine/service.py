"""Deciding: gather what is known, decide, write it down, tell."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from maitred.core.decide import decide
from maitred.core.decisions import Decision, Explain, Question
from maitred.core.explain import explain
from maitred.core.policy import Policy
from maitred.core.reasons import Reason
from maitred.core.rules import Location

from .calls import Answer, DecideCall, RecordView
from .codec import decode_body, encode_body
from .committer import Committer, Ticket
from .errors import CallError, Code
from .observer import DecisionMade, Observer
from .ports import DecisionRecord
from .records import UNEXPLAINED, Records
from .rulesets import Rulesets

DECISION_ID_OCTETS = 16
_PERSON = b"maitred.decision"
_TRACE_ID_OCTETS, _SPAN_ID_OCTETS = 16, 8


def decision_id_of(request_id: str) -> bytes:
    """The decision's id is a function of the request's: a retry lands on the same record."""
    return blake2b(request_id.encode(), digest_size=DECISION_ID_OCTETS, person=_PERSON).digest()


class _Made(NamedTuple):
    """A decision on its way out, with when its steps began (``perf_counter``, seconds)."""

    policy: Policy
    question: Question
    decision: Decision
    ticket: Ticket
    trace_id: str
    started_ns: int
    began: float
    matched: float


class DecisionService:
    """Implements ``api.Decider``.

    ``now`` gives aware UTC; ``new_id`` a random id of so many octets, in hex.
    """

    def __init__(
        self,
        rulesets: Rulesets,
        records: Records,
        committer: Committer,
        observer: Observer,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[int], str],
    ) -> None:
        self._rulesets, self._records, self._committer = rulesets, records, committer
        self._observer, self._now, self._new_id = observer, now, new_id

    def ready(self) -> bool:
        """Whether a valid ruleset is in force."""
        return self._rulesets.active is not None

    def get_decision(self, decision_id: str, explain: Explain) -> RecordView:
        """See ``api.Decider.get_decision``."""
        return self._records.view(decision_id, explain)

    def decide(self, call: DecideCall) -> Answer:
        """See ``api.Decider.decide``."""
        try:
            made = self._make(call)
        except CallError:
            # What is wrong with it today may not have been when it was decided.
            earlier = None if call.dry_run else self._records.stored(decision_id_of(call.request_id))
            if earlier is None:
                raise
            return self._again(call, earlier)
        if not call.dry_run:
            self._committer.commit(made.ticket)
        committed = time.perf_counter()
        answer = self._answer(call, made)
        if self._observer.tracing:
            self._observer.observe(self._event(call, made, answer, committed))
        return answer

    def _make(self, call: DecideCall) -> _Made:
        started_ns, began = time.time_ns(), time.perf_counter()
        policy = self._policy(call)
        question = question_of(policy, call, call.at or self._now())
        decision = decide(policy, question)
        trace_id = self._trace_id(call)
        record = DecisionRecord(
            decision_id=decision_id_of(call.request_id),
            decided_at=question.now,
            ruleset=policy.ruleset.hash,
            customer_id=call.customer_id,
            body=encode_body(call, question.facts, decision, trace_id, policy.ruleset.commit),
        )
        ticket = Ticket(record, call.deadline)
        return _Made(policy, question, decision, ticket, trace_id, started_ns, began, time.perf_counter())

    def _policy(self, call: DecideCall) -> Policy:
        if call.ruleset:
            return self._records.policy(call.ruleset)
        active = self._rulesets.active
        if active is None:
            raise CallError(Code.NO_RULESET, "no valid ruleset is in force")
        return active

    def _trace_id(self, call: DecideCall) -> str:
        if not self._observer.tracing:
            return ""
        return call.trace.trace_id if call.trace else self._new_id(_TRACE_ID_OCTETS)

    def _answer(self, call: DecideCall, made: _Made) -> Answer:
        if made.ticket.earlier:
            return self._again(call, made.ticket.earlier)
        explanation = UNEXPLAINED
        if call.explain is not Explain.EXPLAIN_NONE:
            explanation = explain(made.policy, made.question, made.decision.proposals, call.explain)
        return Answer(
            decision_id="" if call.dry_run else made.ticket.record.decision_id.hex(),
            ruleset=made.policy.ruleset.hash,
            proposals=made.decision.proposals,
            decided_at=made.question.now,
            refusals=explanation.refusals,
            why=explanation.why,
            trace_id=made.trace_id,
        )

    def _again(self, call: DecideCall, earlier: DecisionRecord) -> Answer:
        """The stored answer; the same content only."""
        if decode_body(earlier.body).fingerprint != call.fingerprint:
            raise CallError(
                Code.OTHER_CONTENT, f"request `{call.request_id}` was made before with other content"
            )
        return self._records.answer(earlier, call.explain)

    def _event(self, call: DecideCall, made: _Made, answer: Answer, committed: float) -> DecisionMade:
        ticket, ruleset = made.ticket, made.policy.ruleset
        waited = committed - made.matched - ticket.commit_seconds
        return DecisionMade(
            decision_id=answer.decision_id,
            trace_id=made.trace_id,
            span_id=self._new_id(_SPAN_ID_OCTETS),
            parent=call.trace,
            ruleset=answer.ruleset,
            ruleset_version=ruleset.version if ruleset.hash == answer.ruleset else "",
            channel=call.channel,
            location_id=call.location_id,
            proposals=tuple(proposal.action for proposal in answer.proposals),
            refusals=_refusal_counts(call, made.decision, answer),
            candidates=made.decision.candidates,
            replayed=ticket.earlier is not None,
            dry_run=call.dry_run,
            batch_size=ticket.batch_size,
            started_ns=made.started_ns,
            ended_ns=time.time_ns(),
            step_seconds={
                "match": made.matched - made.began,
                "wait": max(0.0, waited),
                "commit": ticket.commit_seconds,
                "explain": time.perf_counter() - committed,
            },
        )


def question_of(policy: Policy, call: DecideCall, now: datetime) -> Question:
    """What the call asks of a policy. Raises ``CallError``: unknown channel or location."""
    channels = policy.ruleset.channels
    if channels and call.channel not in channels:
        raise CallError(
            Code.MALFORMED, f"unknown channel `{call.channel}`, known are {', '.join(sorted(channels))}"
        )
    location = _location(policy, call.location_id)
    facts = policy.facts(
        call.context, channel=call.channel, customer_id=call.customer_id, location=location, now=now
    )
    return Question(call.channel, facts, now, call.max_actions, location.zone)


def _location(policy: Policy, location_id: str) -> Location:
    """A call without a location is at none: its clock is that of the ruleset's zone."""
    if not location_id:
        return Location("", policy.ruleset.zone, {})
    found = policy.location(location_id)
    if found is None:
        raise CallError(Code.NOT_FOUND, f"unknown location `{location_id}`")
    return found


def _refusal_counts(call: DecideCall, decision: Decision, answer: Answer) -> Mapping[Reason, int]:
    """All reasons where they were worked out; else at most how many others were ranked before."""
    if answer.refusals:
        return Counter(refusal.reason for refusal in answer.refusals)
    outranked = decision.candidates - len(decision.proposals)
    full = len(decision.proposals) == call.max_actions
    return {Reason.OUTRANKED: outranked} if full and outranked > 0 else {}
