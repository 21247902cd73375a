"""Deciding: gather what is known, decide, write it down, tell."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple

from maitred.core.behaviour.projections import When
from maitred.core.deciding.choose import Reach
from maitred.core.deciding.decide import Choice, Prepared, Preparing, claimed_treatment
from maitred.core.deciding.decisions import Explain, Question
from maitred.core.deciding.policy import Policy
from maitred.core.deciding.snapshot import Shortage, Snapshot
from maitred.core.explaining.explain import explain
from maitred.core.learning.learners import Parameters
from maitred.core.privacy.purposes import KnownConsent
from maitred.core.rules.experiments import Exposures, as_assigned, exposures_text, person_of
from maitred.core.rules.ruleset import Location, RedeemAt
from maitred.core.values.nearest import did_you_mean
from maitred.core.values.reasons import Reason
from maitred.core.values.texts import composed, has_blank_ends
from maitred.engine.calls import NO_SIGNALS, Answer, DecideCall, OpenClaim, ReadSignals, RecordView, bytes_of
from maitred.engine.customers.people import People
from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.messages import ended_claim, made_otherwise
from maitred.engine.ports.observer import DecisionMade, Observer
from maitred.engine.ports.store import ClaimRow, DecisionRecord

from .codec import Recurring, encode_body
from .committer import Clock, Committer
from .question import Requester, without_ledger
from .records import UNEXPLAINED, Records
from .rulesets import Rulesets
from .tickets import Background, DecisionTicket, Prepare, Steps, conclude_all
from .unused import MAX_NAME_CHARACTERS, unused

DECISION_ID_BYTES = 16
OPEN_CLAIMS_MAX = 20
"""Promised in the API: nobody redeems more in one sale."""
_STATE = blake2b(digest_size=DECISION_ID_BYTES, person=b"maitred.decision")
TRACE_ID_BYTES, SPAN_ID_BYTES = 16, 8


def decision_id_of(request_id: str) -> bytes:
    """The decision's id is a function of the request's: a retry lands on the same record."""
    state = _STATE.copy()
    state.update(request_id.encode())
    return state.digest()


_ARMS: Recurring[Exposures, str] = Recurring(exposures_text)


class _Made(NamedTuple):
    """A decision on its way out, with when its steps began (``perf_counter``, seconds)."""

    policy: Policy
    ticket: DecisionTicket
    trace_id: str
    started_ns: int
    began: float
    matched: float

    @property
    def prepared(self) -> Prepared:
        """The prepared question."""
        assert self.ticket.prepared
        return self.ticket.prepared

    @property
    def choice(self) -> Choice:
        """What was chosen."""
        assert self.ticket.choice
        return self.ticket.choice

    @property
    def candidates(self) -> int:
        """How many actions the index left possible; none where it was answered from the record at once."""
        return self.ticket.prepared.ranking.candidates if self.ticket.prepared else 0

    @property
    def shortages(self) -> Mapping[str, Shortage]:
        """Why actions that hold were refused by their limits, by name."""
        return self.ticket.choice.shortages if self.ticket.choice else {}


class DecisionService:
    """Implements ``api.Decider``.

    ``new_id`` gives a random id of so many bytes, in hex, ``paused`` since when what is stopped,
    ``learned`` the parameters of learned scores. ``guard_at`` has guards look before a simulated instant.
    """

    def __init__(
        self,
        rulesets: Rulesets,
        records: Records,
        people: People,
        committer: Committer,
        observer: Observer,
        *,
        clock: Clock,
        new_id: Callable[[int], str],
        paused: Callable[[], Mapping[str, datetime]],
        learned: Callable[[], Parameters],
        read_signals: ReadSignals,
        guard_at: Callable[[datetime], None] = lambda _at: None,
    ) -> None:
        self._rulesets, self._records, self._people = rulesets, records, people
        self._committer, self._observer = committer, observer
        self._clock, self._new_id, self._read_signals = clock, new_id, read_signals
        self._paused, self._learned, self._guard_at = paused, learned, guard_at
        self._record_maker = _SealedRecords(rulesets, people)

    def ready(self) -> bool:
        """Whether a valid ruleset is in force."""
        return self._rulesets.active is not None

    def get_decision(self, decision_id: str, explain: Explain) -> RecordView:
        """See ``api.Decider.get_decision``."""
        return self._records.view(decision_id, explain)

    def decide(self, call: DecideCall) -> Answer:
        """See ``api.Decider.decide``."""
        return self._committer.complete(self.deciding(call))

    def deciding(self, call: DecideCall) -> Steps[Answer]:
        """See ``api.Decider.deciding``."""
        if call.at or self._clock.is_simulated:
            call = call._replace(at=self._instant(call))
        try:
            made = self._make(call)
        except CallError:
            # What is wrong with it today may not have been when it was decided.
            earlier = None if call.dry_run else self._records.stored(decision_id_of(call.request_id))
            if earlier is None:
                raise
            return self._again(call, earlier)
        ticket = made.ticket
        if call.dry_run and not (call.claims or ticket.needs_person) and not ticket.prepare_alone().wants:
            conclude_all([ticket])
        else:
            try:
                yield ticket
            except CallError as error:
                return self._degraded(made, error)
        committed = time.perf_counter()
        answer = self._answer(call, made)
        if self._observer.tracing:
            self._observer.observe(self._event(call, made, answer, committed))
        return answer

    def _instant(self, call: DecideCall) -> datetime | None:
        """As of when a call is answered; ``None`` for the process's time.

        Where rules count and remember nothing, no decision depends on the one before it, and each is made
        as of the very instant it names: recorded traffic may be replayed on many connections at once.
        """
        at = self._clock.simulated(call.at)
        if at:
            self._guard_at(at)
        if not call.at or call.at == at:
            return at
        try:
            policy = self._policy(call)
        except CallError:
            return at
        return at if policy.limits or policy.reads_history else call.at

    def _make(self, call: DecideCall) -> _Made:
        started_ns, began = time.time_ns(), time.perf_counter()
        policy = self._policy(call)
        check_channel(policy, call.channel)
        check_named(policy, call.explain_actions)
        trace_id = self._trace_id(call)
        decision_id, session = decision_id_of(call.request_id), session_of(call.context)
        ticket = DecisionTicket(
            decision_id=decision_id,
            pseudonyms=self._people.pseudonyms(call.customer_id),
            prepare=self._prepare(call, policy, call.at or self._clock.now(), session, decision_id),
            requester=Requester.of(
                decision_id,
                call.fingerprint,
                call.customer_id,
                session,
                self._people.subject_pseudonym,
            ),
            call=call,
            trace_id=trace_id,
            record_maker=self._record_maker,
            policy=policy if policy.reads_history else None,
            depends_on_person=policy.ruleset.privacy is not None or bool(policy.reads_history),
            dry=call.dry_run,
            named=[bytes_of(claim) for claim in dict.fromkeys(call.claims)] if call.claims else (),
            deadline=call.deadline,
            at=call.at,
        )
        return _Made(policy, ticket, trace_id, started_ns, began, time.perf_counter())

    def _prepare(self, call: DecideCall, policy: Policy, now: datetime, session: str, seed: bytes) -> Prepare:
        """What goes on with the decision once it is known what the customer has stated."""
        place = place_of(policy, call)
        signals = call.consent or NO_SIGNALS
        tcf, gpp = self._read_signals(signals.tcf, signals.gpp) if call.consent else (None, None)
        paused, learned = self._paused(), self._learned()
        reach = Reach.ALL if call.is_explained else Reach.ENOUGH
        given = policy.given(
            call.context, channel=call.channel, customer_id=call.customer_id, location=place, now=now
        )

        person = person_of(call.customer_id, session)

        def preparing(background: Background) -> Preparing:
            known = KnownConsent(
                background.statements, signals.granted, signals.denied, signals.gpc, tcf, gpp
            )
            sent = given
            if policy.reads_history:
                sent = policy.remembering(given, background.history, When(now, place.zone, session))
            facts = policy.read(sent, place, now, known, person, paused=paused)
            question = Question(call.channel, facts, now, call.max_actions, place.zone, seed)
            before = Snapshot(
                paused=frozenset(paused),
                rejected=background.rejected,
                claimed=background.claimed,
                learned=learned,
            )
            return Preparing(policy, question, before, reach, call.explain_actions)

        return preparing

    def _policy(self, call: DecideCall) -> Policy:
        if call.ruleset:
            return self._records.policy(call.ruleset)
        return self._rulesets.in_force()

    def _trace_id(self, call: DecideCall) -> str:
        if not self._observer.tracing:
            return ""
        return call.trace.trace_id if call.trace else self._new_id(TRACE_ID_BYTES)

    def _answer(self, call: DecideCall, made: _Made) -> Answer:
        if made.ticket.earlier:
            return self._again(call, made.ticket.earlier)
        decision = made.ticket.decision
        assert decision
        policy, question = made.policy, made.prepared.question
        explanation = UNEXPLAINED
        if call.is_explained:
            explanation = explain(
                policy,
                question,
                decision.proposals,
                call.explain,
                made.choice.snapshot,
                named=call.explain_actions,
            )
        return Answer(
            decision_id="" if call.dry_run else made.ticket.decision_id.hex(),
            ruleset=policy.ruleset.hash,
            proposals=decision.proposals,
            decided_at=question.now,
            refusals=explanation.refusals,
            why=explanation.why,
            trace_id=made.trace_id,
            unused=_unused(made, call),
            open_claims=open_claims_of(policy, question, call.location_id, made.ticket.claims),
        )

    def _degraded(self, made: _Made, error: CallError) -> Answer:
        """What may be said without the ledger. Nothing is held or logged, so it has no id."""
        if error.code is not Code.STORE_DOWN:
            raise error
        ticket = made.ticket
        # What the customer has stated cannot be read either: it is decided as for one who has stated nothing.
        proposals = without_ledger(ticket.prepare_alone())
        if not proposals:
            raise error
        return Answer(
            decision_id="",
            ruleset=made.policy.ruleset.hash,
            proposals=proposals,
            decided_at=made.prepared.question.now,
            degraded=True,
            trace_id=made.trace_id,
        )

    def _again(self, call: DecideCall, earlier: DecisionRecord) -> Answer:
        """The stored answer; the same content only."""
        if self._records.body(earlier).fingerprint != call.fingerprint:
            raise CallError(Code.OTHER_CONTENT, made_otherwise())
        return self._records.answer(earlier, call)

    def _event(self, call: DecideCall, made: _Made, answer: Answer, committed: float) -> DecisionMade:
        ticket, ruleset = made.ticket, made.policy.ruleset
        matched = max(made.matched, ticket.ready_at)
        waited = committed - matched - ticket.commit_seconds
        return DecisionMade(
            decision_id=answer.decision_id,
            trace_id=made.trace_id,
            span_id=self._new_id(SPAN_ID_BYTES),
            parent=call.trace,
            ruleset=answer.ruleset,
            ruleset_version=ruleset.version if ruleset.hash == answer.ruleset else "",
            # What callers may put there at will can be a customer's data.
            channel=call.channel if ruleset.channels else "",
            location_id="" if made.policy.locations is None else call.location_id,
            proposals=tuple(proposal.action for proposal in answer.proposals),
            refusals=_refusal_counts(call, made, answer),
            candidates=made.candidates,
            replayed=ticket.earlier is not None,
            dry_run=call.dry_run,
            batch_size=ticket.batch_size,
            started_ns=made.started_ns,
            ended_ns=time.time_ns(),
            step_seconds={
                "match": matched - made.began,
                "wait": max(0.0, waited),
                "commit": ticket.commit_seconds,
                "explain": time.perf_counter() - committed,
            },
            limits=Counter((shortage.limit.name, shortage.reason) for shortage in made.shortages.values()),
        )


class _SealedRecords:
    """Implements ``tickets.RecordMaker``."""

    def __init__(self, rulesets: Rulesets, people: People) -> None:
        self._rulesets, self._people = rulesets, people

    def body(self, ticket: DecisionTicket) -> bytes:
        """See ``tickets.RecordMaker``."""
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
        """See ``tickets.RecordMaker``."""
        assert ticket.prepared
        packing = self._rulesets.packing(ticket.prepared.policy.ruleset.hash)
        return packing.pack(ticket.body) if packing else ticket.body

    def record(self, ticket: DecisionTicket) -> DecisionRecord:
        """See ``tickets.RecordMaker``."""
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


def check_channel(policy: Policy, channel: str) -> None:
    """Raises ``CallError`` for a channel that the ruleset does not know."""
    channels = policy.ruleset.channels
    if channels and channel not in channels:
        raise CallError(Code.MALFORMED, f"unknown channel, known are {', '.join(sorted(channels))}")


def _unused(made: _Made, call: DecideCall) -> tuple[str, ...]:
    """What was sent and not used, where an explanation is asked for; claims that have ended anyway."""
    ended = tuple([ended_claim(claim.hex()) for claim in made.ticket.ended])
    if not call.is_explained:
        return ended
    return (*unused(made.policy, call.context, made.prepared.question.facts), *ended)


def check_named(policy: Policy, actions: Iterable[str]) -> None:
    """Raises ``CallError`` for an action to explain that the ruleset does not know."""
    for name in actions:
        if name not in policy.by_name:
            near, shown = did_you_mean(name, policy.by_name), name[:MAX_NAME_CHARACTERS]
            raise CallError(Code.MALFORMED, f"`explain_actions`: there is no action `{shown}`{near}")


def place_of(policy: Policy, call: DecideCall) -> Location:
    """A call without a location is at none: its clock is that of the ruleset's zone.

    Raises ``CallError`` for a location that the ruleset does not know.
    """
    if not call.location_id:
        return Location("", policy.ruleset.zone, {})
    location = policy.location(call.location_id)
    if location is None:
        raise CallError(Code.NOT_FOUND, "unknown location", Cause.UNKNOWN_LOCATION)
    return location


def _refusal_counts(call: DecideCall, made: _Made, answer: Answer) -> Mapping[Reason, int]:
    """All reasons where they were worked out; else those of limits, and at most how many were outranked."""
    if answer.refusals:
        return Counter(refusal.reason for refusal in answer.refusals)
    counts = Counter(shortage.reason for shortage in made.shortages.values())
    outranked = made.candidates - len(answer.proposals) - counts.total()
    if len(answer.proposals) == call.max_actions and outranked > 0:
        counts[Reason.OUTRANKED] = outranked
    return counts


def session_of(context: Mapping[str, Any]) -> str:
    """The session's id, declared or not; empty where there is none, or one with white space around it."""
    session = context.get("session")
    raw_id = session.get("id") if isinstance(session, dict) else None
    if raw_id is None:
        return ""
    session_id = composed(str(raw_id)) if isinstance(raw_id, str | int) else ""
    return "" if has_blank_ends(session_id) else session_id


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
