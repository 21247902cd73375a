"""Deciding: gather what is known, decide, write it down, tell."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from maitred.core.choose import Reach
from maitred.core.decisions import Decision, Explain, Question
from maitred.core.explain import explain
from maitred.core.limits import plain
from maitred.core.policy import Policy
from maitred.core.reasons import Reason
from maitred.core.rules import Location
from maitred.core.snapshot import Snapshot

from .calls import Answer, DecideCall, RecordView
from .codec import decode_body, encode_body
from .committer import Committer
from .deciding import Asked, Deciding
from .errors import CallError, Code
from .observer import DecisionMade, Observer
from .ports import DecisionRecord
from .records import UNEXPLAINED, Records
from .rulesets import Rulesets
from .tickets import DecisionTicket

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
    deciding: Deciding
    ticket: DecisionTicket
    trace_id: str
    started_ns: int
    began: float
    matched: float


class DecisionService:
    """Implements ``api.Decider``.

    ``now`` gives aware UTC; ``new_id`` a random id of so many octets, in hex. ``paused`` gives the
    actions that operators have stopped.
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
        paused: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self._rulesets, self._records, self._committer = rulesets, records, committer
        self._observer, self._now, self._new_id, self._paused = observer, now, new_id, paused

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
        if made.ticket.limited or not call.dry_run:
            try:
                self._committer.commit(made.ticket)
            except CallError as error:
                return self._degraded(made, error)
        committed = time.perf_counter()
        answer = self._answer(call, made)
        if self._observer.tracing:
            self._observer.observe(self._event(call, made, answer, committed))
        return answer

    def _make(self, call: DecideCall) -> _Made:
        started_ns, began = time.time_ns(), time.perf_counter()
        policy = self._policy(call)
        question = question_of(policy, call, call.at or self._now())
        decision_id = decision_id_of(call.request_id)
        asked = Asked(
            decision_id, call.fingerprint, call.customer_id, session_of(call.context), self._paused(), plain
        )
        reach = Reach.ALL if call.explain else Reach.ENOUGH
        deciding = Deciding(policy, question, asked, reach)
        trace_id = self._trace_id(call)

        def record(decision: Decision, snapshot: Snapshot) -> DecisionRecord:
            commit = policy.ruleset.commit
            return DecisionRecord(
                decision_id=decision_id,
                decided_at=question.now,
                ruleset=policy.ruleset.hash,
                customer_id=call.customer_id,
                body=encode_body(call, question.facts, decision, snapshot, trace_id=trace_id, commit=commit),
            )

        ticket = DecisionTicket(
            decision_id=decision_id,
            deciding=deciding,
            make_record=record,
            dry=call.dry_run,
            deadline=call.deadline,
            at=call.at,
        )
        if not ticket.limited:
            ticket.conclude()
        return _Made(policy, question, deciding, ticket, trace_id, started_ns, began, time.perf_counter())

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
        decision = made.ticket.decision
        assert decision
        explanation = UNEXPLAINED
        if call.explain is not Explain.EXPLAIN_NONE:
            explanation = explain(
                made.policy, made.question, decision.proposals, call.explain, made.deciding.snapshot
            )
        return Answer(
            decision_id="" if call.dry_run else made.ticket.decision_id.hex(),
            ruleset=made.policy.ruleset.hash,
            proposals=decision.proposals,
            decided_at=made.question.now,
            refusals=explanation.refusals,
            why=explanation.why,
            trace_id=made.trace_id,
        )

    def _degraded(self, made: _Made, error: CallError) -> Answer:
        """What may be said without the ledger. Nothing is held or logged, so it has no id."""
        proposals = made.deciding.without_ledger() if error.code is Code.STORE_DOWN else ()
        if not proposals:
            raise error
        return Answer(
            decision_id="",
            ruleset=made.policy.ruleset.hash,
            proposals=proposals,
            decided_at=made.question.now,
            degraded=True,
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
            refusals=_refusal_counts(call, made, answer),
            candidates=made.deciding.candidates,
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
            limits=Counter((found.limit.name, found.reason) for found in made.deciding.shortages.values()),
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


def _refusal_counts(call: DecideCall, made: _Made, answer: Answer) -> Mapping[Reason, int]:
    """All reasons where they were worked out; else those of limits, and at most how many were outranked."""
    if answer.refusals:
        return Counter(refusal.reason for refusal in answer.refusals)
    counts = Counter(shortage.reason for shortage in made.deciding.shortages.values())
    outranked = made.deciding.candidates - len(answer.proposals) - counts.total()
    if len(answer.proposals) == call.max_actions and outranked > 0:
        counts[Reason.OUTRANKED] = outranked
    return counts


def session_of(context: Mapping[str, Any]) -> str:
    """The session's id, declared or not; empty where there is none."""
    session = context.get("session")
    found = session.get("id") if isinstance(session, Mapping) else None
    return str(found) if isinstance(found, str | int) else ""
