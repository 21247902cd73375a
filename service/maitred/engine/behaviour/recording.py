"""Recording events: each is kept, or answered with what is wrong with it; never the whole batch refused."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from maitred.core.behaviour.events import MAX_FIELDS_BYTES, EventKind
from maitred.core.deciding.policy import Policy
from maitred.core.privacy.purposes import KnownConsent, PrivacyRules, permissions_in
from maitred.core.values.texts import digest
from maitred.engine import messages
from maitred.engine.calls import EventAnswer, EventCall, EventsCall
from maitred.engine.customers.people import People
from maitred.engine.deciding.committer import Clock, Committer
from maitred.engine.deciding.rulesets import Rulesets
from maitred.engine.deciding.tickets import EventTicket, Happened, Steps
from maitred.engine.ports.store import Person

_EVENT, _CONTENT = b"maitred.event", b"maitred.happened"
EVENT_ID_MAX_BYTES, CUSTOMER_ID_MAX_BYTES = 128, 256


class Recording:
    """Implements ``api.Recorder``. Events are kept for ``longest`` at most; ``None`` is for ever."""

    def __init__(
        self,
        rulesets: Rulesets,
        people: People,
        committer: Committer,
        clock: Clock,
        longest: timedelta | None = None,
    ) -> None:
        self._rulesets, self._people, self._committer, self._clock = rulesets, people, committer, clock
        self._longest = longest

    def record_events(self, call: EventsCall) -> Sequence[EventAnswer]:
        """Blocks until the events are recorded; else like ``recording_events``."""
        return self._committer.complete(self.recording_events(call))

    def recording_events(self, call: EventsCall) -> Steps[Sequence[EventAnswer]]:
        """See ``api.Recorder.recording_events``."""
        call = call._replace(at=self._clock.simulated(call.at))
        policy, now = self._rulesets.in_force(), call.at or self._clock.now()
        faults = [
            call.faults.get(place) or self._fault(policy, event, now)
            for place, event in enumerate(call.events)
        ]
        sound = [event for event, fault in zip(call.events, faults, strict=True) if not fault]
        ticket = EventTicket(
            happened=[self._happened(policy, event, now) for event in sound],
            deadline=call.deadline,
            at=call.at,
        )
        if sound:
            yield ticket
        details = iter(ticket.details)
        return [
            _answer(event, fault or next(details)) for event, fault in zip(call.events, faults, strict=True)
        ]

    def _fault(self, policy: Policy, event: EventCall, now: datetime) -> str:
        """Returns what is wrong with an event by itself, in plain words."""
        for check in (_id_fault, _kind_fault(policy), _fields_fault):
            if fault := check(event):
                return fault
        kind = policy.ruleset.events.get(event.kind)
        sent = _fields(event)
        if kind is None:
            return messages.withdrawal_with_fields() if sent else ""
        return kind.fault(sent) or kind.time_fault(event.at or now, now, self._longest)

    def _happened(self, policy: Policy, event: EventCall, now: datetime) -> Happened:
        kind, at = policy.ruleset.events.get(event.kind), event.at or now
        body = {"id": event.event_id, "session": event.session_id, "withdraws": event.withdraws}
        content = (event.customer_id, event.kind, str(event.at or ""), *map(str, body.values()))
        fields = orjson.dumps(_fields(event), option=orjson.OPT_SORT_KEYS).decode()
        return Happened(
            id=event_id_of(event.event_id),
            # Keyed: who guesses an event could tell by a plain hash that it took place.
            fingerprint=digest(
                _CONTENT, self._people.subject_pseudonym(digest(_CONTENT, *content, fields).hex())
            ),
            pseudonyms=self._people.pseudonyms(event.customer_id),
            kind=event.kind,
            at=at,
            over_at=at + kind.retention if kind else _last(policy, at),
            withdraws=event_id_of(event.withdraws) if event.withdraws else b"",
            body=orjson.dumps({**body, "fields": _fields(event)}),
            bar=Bar(policy.ruleset.privacy, kind, now),
        )


def event_id_of(event_id: str) -> bytes:
    """Returns what an event is known by in the store: a function of the caller's id."""
    return digest(_EVENT, event_id)


class Bar:
    """Why an event may not be kept, by the rules of where its customer was last decided for, for adults."""

    def __init__(self, rules: PrivacyRules | None, kind: EventKind | None, now: datetime) -> None:
        self._rules, self._kind, self._now = rules, kind, now

    def __call__(self, person: Person | None) -> str:
        """Returns why not, from what the customer has stated, if they are known; empty where it may."""
        if self._rules is None or self._kind is None or not self._kind.purpose:
            return ""
        known = KnownConsent(person.statements if person else {})
        name = person.jurisdiction if person else ""
        jurisdiction = self._rules.jurisdictions.get(name, self._rules.default)
        allowed = permissions_in(self._rules, jurisdiction, known, self._now, minor="")
        permission = allowed[self._kind.purpose]
        return "" if permission.allowed else messages.event_barred(permission.purpose, permission.why)


def _answer(event: EventCall, detail: str) -> EventAnswer:
    return EventAnswer(event.event_id, not detail, detail)


def _id_fault(event: EventCall) -> str:
    required = {"event_id": event.event_id, "customer_id": event.customer_id}
    for name, text in required.items():
        if not text:
            return messages.event_without(name)
    texts = {**required, "session_id": event.session_id, "withdraws": event.withdraws}
    for name, text in texts.items():
        limit_bytes = EVENT_ID_MAX_BYTES if name in {"event_id", "withdraws"} else CUSTOMER_ID_MAX_BYTES
        if len(text.encode()) > limit_bytes or not text.isprintable() or text != text.strip():
            return messages.event_bad_text(name, limit_bytes)
    return ""


def _kind_fault(policy: Policy) -> Callable[[EventCall], str]:
    def check(event: EventCall) -> str:
        if event.kind in policy.ruleset.events or (event.withdraws and not event.kind):
            return ""
        return messages.unknown_event(event.kind, policy.ruleset.events)

    return check


def _fields_fault(event: EventCall) -> str:
    if len(event.fields_json) > MAX_FIELDS_BYTES:
        return messages.event_fields_too_long(MAX_FIELDS_BYTES)
    try:
        values = orjson.loads(event.fields_json or b"{}")
    except orjson.JSONDecodeError:
        values = None
    return "" if isinstance(values, dict) else messages.EVENT_FIELDS_NO_OBJECT


def _fields(event: EventCall) -> Mapping[str, Any]:
    values: Mapping[str, Any] = orjson.loads(event.fields_json or b"{}")
    return values


def _last(policy: Policy, at: datetime) -> datetime:
    """A withdrawal is kept as long as any event may be that it takes back."""
    return at + max((kind.retention for kind in policy.ruleset.events.values()), default=timedelta())
