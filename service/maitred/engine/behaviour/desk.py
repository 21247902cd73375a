"""Where a session or a customer is: what whoever serves them needs to see, as far as purposes allow."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import orjson

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.engine.calls import (
    ClaimsCall,
    ClaimState,
    CustomerView,
    EventCall,
    OpenClaim,
    ReportedOutcome,
    SessionStep,
    SessionView,
)
from maitred.engine.claiming.listing import Listing
from maitred.engine.customers.people import People
from maitred.engine.deciding.committer import Clock
from maitred.engine.deciding.question import session_key_of
from maitred.engine.deciding.records import Records
from maitred.engine.deciding.rulesets import Rulesets
from maitred.engine.errors import CallError, Code
from maitred.engine.messages import STORE_SILENT
from maitred.engine.ports.store import DecisionRecord, EventRow, Person, Store, store_calls
from maitred.engine.ports.vault import SealBroken

from .recording import Bar

STEPS_MAX, EVENTS_MAX, CLAIMS_MAX = 50, 50, 20
"""What fits on a screen; the rest is in the export."""


class DeskView:
    """Implements ``api.Desk``."""

    def __init__(
        self,
        store: Store,
        records: Records,
        people: People,
        *,
        rulesets: Rulesets,
        listing: Listing,
        clock: Clock,
    ) -> None:
        self._store, self._records, self._people = store, records, people
        self._rulesets, self._listing, self._clock = rulesets, listing, clock

    def session(self, session_id: str, at: datetime | None) -> SessionView:
        """See ``api.Desk.session``."""
        at = self._clock.simulated(at)
        when = at or self._clock.now()
        with store_calls(STORE_SILENT):
            ids = self._store.decisions_in(
                session_key_of(session_id, self._people.subject_pseudonym), STEPS_MAX
            )
            records = [record for key in ids if (record := self._store.decision(key))]
            steps = tuple(self._steps(records, when))
        rejected = dict.fromkeys(rejection.action for rejection in _rejections(steps))
        claims = self._open(ClaimsCall(session_id=session_id, page_size=CLAIMS_MAX, at=at))
        return SessionView(session_id, steps, tuple(rejected), claims)

    def customer(self, customer_id: str, at: datetime | None) -> CustomerView:
        """See ``api.Desk.customer``."""
        at = self._clock.simulated(at)
        when = at or self._clock.now()
        with store_calls(STORE_SILENT):
            person = self._store.person(self._people.pseudonyms(customer_id))
            if person is None:
                return CustomerView(customer_id, (), (), (), ())
            steps = tuple(self._steps(self._store.last_decisions_of(person.ref, STEPS_MAX), when))
            events = tuple(self._events(person, customer_id, when))
        claims = self._open(ClaimsCall(customer_id=customer_id, page_size=CLAIMS_MAX, at=at))
        rejections = sorted(_rejections(steps), key=lambda rejection: rejection.at, reverse=True)
        return CustomerView(customer_id, claims, steps, tuple(rejections), events)

    def _open(self, call: ClaimsCall) -> tuple[OpenClaim, ...]:
        page = self._listing.claims(call)
        return tuple(claim for claim in page.claims if claim.state is ClaimState.HELD)

    def _steps(self, records: Iterable[DecisionRecord], when: datetime) -> Iterator[SessionStep]:
        """Yields those that had been made by then, and that can be read: of one who was erased nothing is."""
        for record in records:
            if record.decided_at > when:
                continue
            try:
                body = self._records.body(record)
            except CallError as error:
                if error.code is not Code.NOT_FOUND:
                    raise
                continue
            outcomes = tuple(
                ReportedOutcome(row.action, row.kind, row.happened_at)
                for row in self._store.outcomes(record.decision_id)
                if row.recorded and row.happened_at <= when
            )
            yield SessionStep(
                record.decision_id.hex(),
                record.decided_at,
                body.channel,
                body.location_id,
                body.proposals,
                outcomes,
            )

    def _events(self, person: Person, customer_id: str, when: datetime) -> Sequence[EventCall]:
        """Returns the last ones whose purpose is allowed, without those that are over or were withdrawn."""
        rows = [row for row in self._store.events_of(person.ref) if row.happened_at <= when < row.over_at]
        withdrawn = {row.withdraws for row in rows if row.withdraws}
        allowed = self._allowed(person, when)
        shown = [row for row in rows if row.kind in allowed and row.id not in withdrawn]
        opened = (self._event(person, customer_id, row) for row in reversed(shown[-EVENTS_MAX:]))
        return [event for event in opened if event]

    def _allowed(self, person: Person, when: datetime) -> Mapping[str, bool]:
        """Returns the kinds of events that may be shown."""
        policy = self._rulesets.active
        if policy is None:
            return {}
        rules, kinds = policy.ruleset.privacy, policy.ruleset.events
        bars = {name: Bar(rules, kind, when)(person) for name, kind in kinds.items()}
        return {name: True for name, why_not in bars.items() if not why_not}

    def _event(self, person: Person, customer_id: str, row: EventRow) -> EventCall | None:
        try:
            body = orjson.loads(self._people.open_event(person.key, row))
        except SealBroken:
            return None
        fields = orjson.dumps(body["fields"])
        return EventCall(body["id"], customer_id, row.kind, row.happened_at, fields, body["session"])


def _rejections(steps: Iterable[SessionStep]) -> Iterator[ReportedOutcome]:
    for step in steps:
        yield from (outcome for outcome in step.outcomes if outcome.kind is OutcomeKind.REJECTED)
