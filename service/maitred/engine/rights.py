"""Customers' consent and rights: what they have stated, what is held about them, and its end."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from maitred.core.deciding.decisions import Explain
from maitred.core.privacy.purposes import Consent
from maitred.core.values.texts import digest
from maitred.engine.customers.people import People
from maitred.engine.deciding.records import Records
from maitred.engine.deciding.rulesets import Rulesets
from maitred.engine.deciding.tickets import ConsentTicket, Steps
from maitred.engine.operating.limits import LimitReport
from maitred.engine.ports.store import (
    DecisionRecord,
    EventRow,
    LotHistory,
    OutcomeRow,
    Person,
    Store,
    store_calls,
)

from .calls import Answer, ConsentView, Erased, LimitView, RecordConsentCall, RecordView
from .errors import CallError, Code
from .messages import STORE_SILENT, made_otherwise, unknown_purpose

_REQUEST, _CONTENT = b"maitred.consent", b"maitred.stated"
PAGE_DECISIONS = 200
"""Read at once for an export: some hundred kilobytes."""
_FIRST = b""


class CustomerRights:
    """Implements ``api.Privacy``. ``now`` gives aware UTC; ``forget`` drops copies of what is erased."""

    def __init__(
        self,
        store: Store,
        records: Records,
        people: People,
        *,
        rulesets: Rulesets,
        standings: LimitReport,
        forget: Callable[[bytes], None],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._records, self._people = store, records, people
        self._rulesets, self._standings = rulesets, standings
        self._forget, self._now = forget, now

    def recording_consent(self, call: RecordConsentCall) -> Steps[None]:
        """See ``api.Privacy.recording_consent``."""
        self._check_purposes(call)
        # Keyed: a hash of so little would tell who guesses a customer's id that it is theirs.
        content = digest(_CONTENT, self._people.subject_pseudonym(call.fingerprint.hex()))
        ticket = ConsentTicket(
            pseudonyms=self._people.pseudonyms(call.customer_id),
            request=digest(_REQUEST, call.request_id),
            fingerprint=content,
            consents=call.consents,
            deadline=call.deadline,
        )
        yield ticket
        if not ticket.kept:
            raise CallError(Code.OTHER_CONTENT, made_otherwise())

    def consent(self, customer_id: str) -> ConsentView:
        """See ``api.Privacy.consent``."""
        with store_calls(STORE_SILENT):
            person = self._person(customer_id)
            history = self._store.statements(person.ref) if person else ()
        return ConsentView(_current(person, history), tuple(history))

    def export(self, customer_id: str) -> bytes:
        """See ``api.Privacy.export``."""
        with store_calls(STORE_SILENT):
            person = self._person(customer_id)
            document = {
                "customer_id": customer_id,
                "exported_at": self._now(),
                "consents": list(map(_consent, self._store.statements(person.ref))) if person else [],
                "caps": list(map(_cap, self._standings.of_customer(customer_id))),
                "events": [self._event(person, row) for row in self._store.events_of(person.ref)]
                if person
                else [],
                "decisions": list(map(self._decision, self._decisions_of(person))) if person else [],
            }
            return orjson.dumps(document, option=orjson.OPT_INDENT_2)

    def erase(self, customer_id: str) -> Erased:
        """See ``api.Privacy.erase``."""
        with store_calls(STORE_SILENT):
            person = self._person(customer_id)
            rows = self._store.erase(person.ref) if person else {}
        if person:
            self._people.forget(person)
            self._forget(person.ref)
        return Erased(rows, self._now())

    def _check_purposes(self, call: RecordConsentCall) -> None:
        """A statement on what no rule knows would be kept and never heeded: most likely a slip of the pen."""
        policy = self._rulesets.active
        rules = policy.ruleset.privacy if policy else None
        for place, consent in enumerate(call.consents if rules else ()):
            if rules and consent.purpose not in rules.purposes:
                raise CallError(Code.MALFORMED, unknown_purpose(place, rules.purposes))

    def _person(self, customer_id: str) -> Person | None:
        return self._store.person(self._people.pseudonyms(customer_id))

    def _decisions_of(self, person: Person) -> Iterator[DecisionRecord]:
        last = _FIRST
        while page := self._store.decisions_of(person.ref, last, PAGE_DECISIONS):
            yield from page
            last = page[-1].decision_id

    def _event(self, person: Person, row: EventRow) -> Mapping[str, Any]:
        body = orjson.loads(self._people.open_event(person.key, row))
        return {
            "event_id": body["id"],
            "kind": row.kind,
            "happened_at": row.happened_at,
            "session_id": body["session"],
            "withdraws": body["withdraws"],
            "fields": body["fields"],
        }

    def _decision(self, record: DecisionRecord) -> Mapping[str, Any]:
        view = self._explained(record.decision_id.hex())
        return {
            "decision_id": view.answer.decision_id,
            "request_id": view.request_id,
            "decided_at": view.answer.decided_at,
            "ruleset": view.answer.ruleset,
            "channel": view.channel,
            "location_id": view.location_id,
            "read": orjson.Fragment(view.facts_json),
            "situations": view.situations,
            "proposals": list(_proposals(view.answer)),
            "refusals": [
                {
                    "action": refusal.action,
                    "reason": refusal.reason.name,
                    "rule": refusal.rule,
                    "detail": refusal.detail,
                }
                for refusal in view.answer.refusals
            ],
            "holds": list(map(_history, self._store.histories(record.decision_id))),
            "outcomes": list(map(_outcome, self._store.outcomes(record.decision_id))),
        }

    def _explained(self, decision_id: str) -> RecordView:
        """With its reasons, where its ruleset still loads."""
        try:
            return self._records.view(decision_id, Explain.EXPLAIN_REASONS)
        except CallError as error:
            if error.code is not Code.NO_RULESET:
                raise
            return self._records.view(decision_id, Explain.EXPLAIN_NONE)


def _current(person: Person | None, history: Sequence[Consent]) -> tuple[Consent, ...]:
    """Returns the statement that counts for each purpose, in order of purpose."""
    states = person.statements if person else {}
    last = {
        statement.purpose: statement
        for statement in history
        if statement.state is states.get(statement.purpose)
    }
    return tuple(last[purpose] for purpose in sorted(last))


def _proposals(answer: Answer) -> Iterator[Mapping[str, Any]]:
    for place, proposal in enumerate(answer.proposals):
        yield {
            "action": proposal.action,
            "rank": proposal.rank,
            **proposal.treatment.filled(),
            "stands_in_for": proposal.substitute_for,
            "why": answer.why[place] if answer.why else (),
        }


def _consent(consent: Consent) -> Mapping[str, Any]:
    return {
        "purpose": consent.purpose,
        "state": consent.state.name.lower(),
        "source": consent.source,
        "at": consent.at,
        "text_version": consent.text_version,
    }


def _cap(view: LimitView) -> Mapping[str, Any]:
    return {
        "limit": view.name,
        "actions": view.actions,
        "window": view.window,
        "counts": view.counts,
        "used": view.used,
        "held": view.held,
        "maximum": view.maximum,
        "resets_at": view.resets_at,
    }


def _history(history: LotHistory) -> Mapping[str, Any]:
    lot = history.lot
    return {
        "action": lot.origin.action if lot.origin else "",
        "taken_at": history.taken_at,
        "state": lot.state.name.lower(),
        "steps": [{"status": step.status.name.lower(), "at": at} for step, at in history.steps],
    }


def _outcome(row: OutcomeRow) -> Mapping[str, Any]:
    return {
        "action": row.action,
        "kind": row.kind.name.lower(),
        "happened_at": row.happened_at,
        "recorded": row.recorded,
        "detail": row.detail,
    }
