"""What happens inside one transaction: read, decide, settle, write.

The functions are run again from the beginning where the transaction lost against another one:
everything they find out is written over.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import NamedTuple, TypeVar

from maitred.core.behaviour.history import NO_HISTORY
from maitred.core.limits.ledger import is_due
from maitred.core.limits.limits import Need
from maitred.core.limits.lots import Lot, Operation, Part, Settled, Take, UnitState, lots_moved, spent_by
from maitred.core.values.instants import to_microseconds
from maitred.engine.customers.people import Asker, Histories, People, WrittenEvent
from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.messages import event_used_otherwise, unknown_claim
from maitred.engine.ports.store import (
    NOBODY,
    ClaimRow,
    EventRow,
    OutcomeRow,
    Person,
    StoreConflict,
    Transaction,
)

from .question import OwnClaim, View
from .tickets import (
    ClaimTicket,
    ConsentTicket,
    DecisionTicket,
    EventTicket,
    Happened,
    MoveTicket,
    OutcomeTicket,
    Reported,
    Ticket,
    conclude_all,
    prepare_all,
)

_T = TypeVar("_T", bound=Ticket)


class Customers(NamedTuple):
    """What finds customers, and what reads what they did."""

    people: People
    histories: Histories


class Recorded(NamedTuple):
    """What a batch has written of events, and the count that each customer has by it."""

    written: Sequence[WrittenEvent] = ()
    counts: Mapping[bytes, int] = {}


class Done(NamedTuple):
    """What a batch comes to beside its tickets: what has expired, by name of the action, and the events."""

    expired: Mapping[str, int]
    recorded: Recorded


def run(
    transaction: Transaction, customers: Customers, tickets: Sequence[Ticket], local: datetime, *, last: bool
) -> Done:
    """Does what the tickets ask for, in their order.

    ``local`` is this process's clock. Raises ``StoreConflict`` where it has to be run again;
    when it is the ``last`` time, the decisions that still lose are given up instead.
    """
    # Before decisions: those of the same batch see them.
    _record_consents(transaction, customers.people, _of(ConsentTicket, tickets), local)
    recorded = _record_events(transaction, customers.people, _of(EventTicket, tickets))
    decisions = _firsts(tickets)
    unmet = [ticket for ticket in decisions.values() if ticket.needs_person]
    _introduce(transaction, customers, unmet, recorded.counts)
    prepare_all(decisions.values())
    prepared = [ticket for ticket in decisions.values() if not ticket.error]
    _show_claims(transaction, prepared)
    _know_claims(transaction, [ticket for ticket in prepared if ticket.claims or ticket.named])
    sound = [ticket for ticket in decisions.values() if not ticket.error]
    # Whether a decision needs the ledger may be known only as the customer is.
    limited = [ticket for ticket in sound if ticket.needs_ledger]
    moves: list[MoveTicket | ClaimTicket] = [
        *_of(MoveTicket, tickets),
        *_begun(transaction, _of(ClaimTicket, tickets)),
    ]
    outcomes = _of(OutcomeTicket, tickets)
    expired: Mapping[str, int] = {}
    if limited or moves or outcomes:
        now = instant_of(transaction, tickets, local)
        _Settlement(transaction, now).run(limited, moves, outcomes, last=last)
        expired = transaction.expired
    conclude_all([ticket for ticket in sound if not ticket.earlier])
    _append(transaction, decisions, limited)
    transaction.place_people(_moved(sound))
    _share(decisions, _of(DecisionTicket, tickets))
    return Done(expired, recorded)


def _moved(tickets: Iterable[DecisionTicket]) -> Mapping[bytes, str]:
    """Where customers are who were elsewhere when they were last decided for, by their references."""
    return {
        ticket.person.ref: ticket.jurisdiction
        for ticket in tickets
        if ticket.person and ticket.person.ref and ticket.record and not ticket.earlier
        if ticket.jurisdiction not in ("", ticket.person.jurisdiction)
    }


def _record_consents(
    transaction: Transaction, people: People, tickets: Sequence[ConsentTicket], local: datetime
) -> None:
    """One after the other: a customer who is new with the first is known to the next."""
    for ticket in tickets:
        known = people.known(transaction, [ticket.pseudonyms]).get(ticket.pseudonyms[0])
        person = known or people.stranger(ticket.pseudonyms)
        ticket.kept = transaction.record_consents(
            person, ticket.request, ticket.fingerprint, ticket.consents, local
        )


def _introduce(
    transaction: Transaction,
    customers: Customers,
    tickets: Sequence[DecisionTicket],
    unsettled: Collection[bytes],
) -> None:
    """Makes the customers known to their tickets; who is new is written down with the first decision.

    ``unsettled`` are those of whom the batch has written events.
    """
    if not tickets:
        return
    named = [ticket.pseudonyms for ticket in tickets if ticket.pseudonyms]
    people = customers.people
    known = people.known(transaction, named) if named else {}
    sessions = {key for ticket in tickets if (key := ticket.requester.session_key)}
    rejections = transaction.rejections(sessions) if sessions else {}
    strangers: dict[bytes, Person] = {}
    met = [
        (ticket, _person(people, ticket, known, strangers) if ticket.pseudonyms else NOBODY)
        for ticket in tickets
    ]
    askers = [Asker(ticket.policy, person) for ticket, person in met if ticket.policy]
    past = customers.histories.read(transaction, askers, unsettled=unsettled) if askers else {}
    for ticket, person in met:
        rejected = rejections.get(ticket.requester.session_key, ())
        history = past.get((ticket.policy.ruleset.hash, person.ref)) if ticket.policy else None
        ticket.meet(person, rejected, history or NO_HISTORY)
    if strangers:
        transaction.add_people(list(strangers.values()))


def _show_claims(transaction: Transaction, tickets: Sequence[DecisionTicket]) -> None:
    """Makes the open claims of customers known to their tickets: those of before the batch."""
    # Most customers have none, which is known with the customer.
    asked = [ticket for ticket in tickets if ticket.person and ticket.person.claims_until_us]
    claims = _open_claims(transaction, asked) if asked else {}
    for ticket in tickets:
        ticket.claims = claims.get(ticket.person.ref, ()) if claims and ticket.person else ()


def _open_claims(
    transaction: Transaction, tickets: Sequence[DecisionTicket]
) -> Mapping[bytes, Sequence[ClaimRow]]:
    """Reads them for customers who have or had claims, by their references."""
    since = min(ticket.prepared.question.now for ticket in tickets if ticket.prepared)
    since_us = to_microseconds(since)
    people = [ticket.person for ticket in tickets if ticket.person]
    return transaction.open_claims(
        {person.ref for person in people if person.claims_until_us > since_us}, since
    )


def _know_claims(transaction: Transaction, tickets: Sequence[DecisionTicket]) -> None:
    """Tells decisions which counters their customers' own claims have units of, and which are named."""
    ids = {lot for ticket in tickets for lot in _claims_of(ticket)}
    if not ids:
        return
    lots = transaction.lots(ids | {spent_by(lot) for lot in ids})
    named = (lots.get(claim) for ticket in tickets for claim in ticket.named)
    decisions = {lot.origin.decision for lot in named if lot and lot.origin}
    records = transaction.find(decisions) if decisions else {}
    for ticket in tickets:
        ref = ticket.person.ref if ticket.person else b""
        for place, claim in enumerate(ticket.named):
            lot = lots.get(claim)
            record = records.get(lot.origin.decision) if lot and lot.origin else None
            is_theirs = record is not None and record.customer == ref
            if lot is None or lot.part is not Part.CLAIM or not is_theirs:
                ticket.error = CallError(Code.NOT_FOUND, unknown_claim(place), Cause.UNKNOWN_CLAIM)
        if not ticket.error:
            _know(ticket, lots)
    prepare_all(ticket for ticket in tickets if not ticket.error)


def _claims_of(ticket: DecisionTicket) -> Iterator[bytes]:
    yield from ticket.named
    yield from (row.id for row in ticket.claims)


def _know(ticket: DecisionTicket, lots: Mapping[bytes, Lot]) -> None:
    assert ticket.prepared
    now_us, own, ended = to_microseconds(ticket.prepared.question.now), list[OwnClaim](), list[bytes]()
    for claim in dict.fromkeys(_claims_of(ticket)):
        lot = lots.get(claim)
        if lot and lot.origin and lot.state is UnitState.HELD and not is_due(lot, now_us):
            spent = lots.get(spent_by(claim))
            units = (*lot.live, *(spent.live if spent else ()))
            counters = frozenset(unit.counter for unit in units)
            own.append(
                OwnClaim(claim, lot.origin.action, lot.expires_at, counters, is_named=claim in ticket.named)
            )
        elif claim in ticket.named:
            ended.append(claim)
    ticket.know_claims(own, ended)


def _person(
    people: People, ticket: DecisionTicket, known: Mapping[bytes, Person], strangers: dict[bytes, Person]
) -> Person:
    """The customer of a decision; who is new is among the ``strangers`` from then on."""
    key = ticket.pseudonyms[0]
    person = known.get(key) or strangers.get(key)
    if person is None:
        person = people.stranger(ticket.pseudonyms)
        if not ticket.dry:
            strangers[key] = person
    return person


def _begun(transaction: Transaction, tickets: Sequence[ClaimTicket]) -> list[ClaimTicket]:
    """The claims that can be planned: what they are of is read for all of them at once."""
    if not tickets:
        return []
    records = transaction.find([ticket.decision_id for ticket in tickets])
    # Step by step for all of them: what a step needs of code and tables is in the processor's caches then.
    read = _without_errors(tickets, lambda ticket: ticket.claiming.read(records.get(ticket.decision_id)))
    return _without_errors(read, lambda ticket: ticket.claiming.begin())


def _without_errors(tickets: Sequence[ClaimTicket], step: Callable[[ClaimTicket], None]) -> list[ClaimTicket]:
    """Those of the tickets that the step succeeds for; the others are told why it does not."""
    for ticket in tickets:
        try:
            step(ticket)
        except CallError as error:
            ticket.error = error
    return [ticket for ticket in tickets if not ticket.error]


def _of(kind: type[_T], tickets: Iterable[Ticket]) -> list[_T]:
    return [ticket for ticket in tickets if isinstance(ticket, kind)]


def _firsts(tickets: Iterable[Ticket]) -> dict[bytes, DecisionTicket]:
    """The first ticket of each decision; of dry ones every one."""
    first: dict[bytes, DecisionTicket] = {}
    for number, ticket in enumerate(_of(DecisionTicket, tickets)):
        key = number.to_bytes(4) if ticket.dry else ticket.decision_id
        first.setdefault(key, ticket)
    return first


def instant_of(transaction: Transaction, tickets: Sequence[Ticket], local: datetime) -> datetime:
    """The instant that the first ticket of the ledger names, or the database's."""
    at = next((ticket.at for ticket in tickets if ticket.at and ticket.needs_ledger), None)
    return at or transaction.clock(local)


def _append(
    transaction: Transaction, decisions: Mapping[bytes, DecisionTicket], limited: Sequence[DecisionTicket]
) -> None:
    records = [ticket.record for ticket in decisions.values() if ticket.record and not ticket.earlier]
    earlier = transaction.append(records) if records else {}
    if any(ticket.decision_id in earlier and not ticket.earlier for ticket in limited):
        raise StoreConflict("another replica has decided the same request in the meantime")
    for key, record in earlier.items():
        decisions[key].earlier = record


def _share(first: Mapping[bytes, DecisionTicket], tickets: Iterable[DecisionTicket]) -> None:
    """Gives those that ask the same what the first has got."""
    for ticket in tickets:
        one = ticket if ticket.dry else first[ticket.decision_id]
        if one is not ticket:
            ticket.earlier, ticket.error = one.earlier or one.record, one.error


class _Settlement:
    """The part of a batch that needs the ledger."""

    def __init__(self, transaction: Transaction, now: datetime) -> None:
        self._transaction, self._now = transaction, now
        self._known: Mapping[bytes, OutcomeRow] = {}

    def run(
        self,
        limited: Sequence[DecisionTicket],
        moves: Sequence[MoveTicket | ClaimTicket],
        outcomes: Sequence[OutcomeTicket],
        *,
        last: bool,
    ) -> None:
        plans = [list(move.plan()) for move in moves]
        fresh = self._fresh(outcomes)
        reported = [list(report.operations) for report in fresh.values()]
        operations = chain.from_iterable((*plans, *reported)) if limited else ()
        moved = {lot for operation in operations for lot in lots_moved(operation)}
        self._view = View(self._transaction, self._now, moved)
        undecided, takes = self._decide(limited, [need for move in moves for need in move.asks])
        answers = self._settle([*plans, *reported, *takes])
        for move in moves:
            move.view, move.answers = self._view, next(answers)
        claims = [move.claimed() for move in moves if isinstance(move, ClaimTicket)]
        self._transaction.append_claims(self._now, [row for row in claims if row])
        self._write_down(outcomes, fresh, [next(answers) for _ in reported])
        self._check(undecided, answers, last=last)

    def _decide(
        self, limited: Sequence[DecisionTicket], asks: list[Need]
    ) -> tuple[list[DecisionTicket], list[Sequence[Take]]]:
        """Decides what has not been decided before, each after the ones before it; what each takes."""
        known = self._transaction.find([ticket.decision_id for ticket in limited if not ticket.dry])
        for ticket in limited:
            ticket.earlier = None if ticket.dry else known.get(ticket.decision_id)
        undecided = [ticket for ticket in limited if not ticket.earlier]
        wants = [ticket.begin() for ticket in undecided]
        needs = chain(asks, chain.from_iterable(needs for needs, _ in wants))
        # What each wants first is read for the whole batch.
        self._view.read(list(needs), list(chain.from_iterable(keys for _, keys in wants)))
        return undecided, [self._decide_one(ticket) for ticket in undecided]

    def _decide_one(self, ticket: DecisionTicket) -> Sequence[Take]:
        takes = ticket.decide(self._view)
        for take in takes:
            self._view.take(take)
        return takes

    def _settle(self, groups: Sequence[Sequence[Operation]]) -> Iterator[Sequence[Settled]]:
        """The answers, group by group."""
        answers = iter(self._transaction.settle(self._now, list(chain.from_iterable(groups))))
        return iter([list(islice(answers, len(group))) for group in groups])

    def _fresh(self, tickets: Sequence[OutcomeTicket]) -> dict[bytes, Reported]:
        """The outcomes that have not been reported before, each once."""
        reports: dict[bytes, Reported] = {}
        for report in chain.from_iterable(ticket.reported for ticket in tickets):
            reports.setdefault(report.row.id, report)
        self._known = self._transaction.find_outcomes(reports.keys()) if reports else {}
        return {key: report for key, report in reports.items() if key not in self._known}

    def _write_down(
        self,
        tickets: Sequence[OutcomeTicket],
        fresh: Mapping[bytes, Reported],
        answers: Sequence[Sequence[Settled]],
    ) -> None:
        rows = [_judged(report, settled) for report, settled in zip(fresh.values(), answers, strict=True)]
        if rows:
            self._transaction.append_outcomes(rows)
        standing = {**self._known, **{row.id: row for row in rows}}
        for ticket in tickets:
            ticket.rows = [standing[report.row.id] for report in ticket.reported]

    def _check(
        self,
        undecided: Sequence[DecisionTicket],
        answers: Iterator[Sequence[Settled]],
        *,
        last: bool,
    ) -> None:
        """Another replica may have taken in the meantime what was still there when it was read."""
        lost = [ticket for ticket in undecided if not ticket.settled(next(answers))]
        if lost and last:
            for ticket in lost:
                ticket.error = CallError(Code.RETRY, "others took what was left again and again, try again")
        if lost:
            raise StoreConflict("another replica has taken the last unit in the meantime")


def _judged(report: Reported, settled: Sequence[Settled]) -> OutcomeRow:
    verdict = report.judge(settled)
    return report.row._replace(recorded=verdict.recorded, detail=verdict.detail)


def _record_events(transaction: Transaction, people: People, tickets: Sequence[EventTicket]) -> Recorded:
    """Writes the events that are new, and tells each ticket of each of its own."""
    if not tickets:
        return Recorded()
    happened = list(chain.from_iterable(ticket.happened for ticket in tickets))
    recording = _EventRecording(
        people,
        dict(people.known(transaction, [event.pseudonyms for event in happened])),
        dict(transaction.find_events([event.id for event in happened])),
    )
    for ticket in tickets:
        ticket.details = [recording.take(event) for event in ticket.happened]
    if recording.strangers:
        transaction.add_people(recording.strangers)
    counts = transaction.append_events([written.row for written in recording.written])
    return Recorded(recording.written, counts)


class _EventRecording:
    """One pass over the events of a batch. ``standing`` are fingerprints by id."""

    def __init__(self, people: People, known: dict[bytes, Person], standing: dict[bytes, bytes]) -> None:
        self._people, self._known, self._standing = people, known, standing
        self.strangers: list[Person] = []
        self.written: list[WrittenEvent] = []

    def take(self, happened: Happened) -> str:
        """Why the event is not recorded; empty where it is, or was before."""
        standing = self._standing.get(happened.id)
        if standing is not None:
            return "" if standing == happened.fingerprint else event_used_otherwise()
        person = self._known.get(happened.pseudonyms[0])
        detail = happened.bar(person)
        if not detail:
            self._write(happened, person or self._introduced(happened))
        return detail

    def _introduced(self, happened: Happened) -> Person:
        stranger = self._people.stranger(happened.pseudonyms)
        self._known[happened.pseudonyms[0]] = stranger
        self.strangers.append(stranger)
        return stranger

    def _write(self, happened: Happened, person: Person) -> None:
        row = EventRow(
            happened.id,
            happened.fingerprint,
            person.ref,
            happened.kind,
            happened.at,
            happened.over_at,
            happened.withdraws,
            self._people.seal_event(person.key, happened.body, happened.id),
        )
        self.written.append(WrittenEvent(row, happened.body))
        self._standing[happened.id] = happened.fingerprint
