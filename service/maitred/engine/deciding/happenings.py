"""Events inside a batch: each is written once, with its customer where they are new."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from maitred.engine.customers.histories import WrittenEvent
from maitred.engine.customers.people import People
from maitred.engine.messages import event_used_otherwise
from maitred.engine.ports.store import EventRow, Person, Transaction

from .tickets import EventTicket, Happened


class Recorded(NamedTuple):
    """What a batch has written of events, and the count that each customer has by it."""

    written: Sequence[WrittenEvent] = ()
    counts: Mapping[bytes, int] = {}


def record_events(transaction: Transaction, people: People, tickets: Sequence[EventTicket]) -> Recorded:
    """Writes the events that are new, and tells each ticket of each of its own."""
    if not tickets:
        return Recorded()
    happened = list(chain.from_iterable(ticket.happened for ticket in tickets))
    recording = _Recording(
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


class _Recording:
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
