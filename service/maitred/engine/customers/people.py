"""Customers as the database knows them: by a pseudonym, with a key that seals what is kept of them.

What they did is read for decisions from their events; what is kept of it in memory is a copy. A customer's
row says how often events of theirs were written, and each event as which of these it was. A copy as of a
lower count takes in what was written since, and nothing else is read or opened. What this process writes
itself it takes in once that is durable. Own outcomes are read each time.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

import orjson

from maitred.core.behaviour.events import AT, EventKind
from maitred.core.behaviour.history import EVENTS, NO_HISTORY, OUTCOMES, History, Track, outcome_source
from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.behaviour.projections import NEVER_US, Deed
from maitred.core.deciding.policy import Policy
from maitred.core.values.instants import MICROSECOND, time_bytes, to_microseconds
from maitred.core.values.types import Item
from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.ports.store import DecisionRecord, EventRow, PastOutcome, Person, Transaction
from maitred.engine.ports.vault import KEY_OF_NOBODY, SealBroken, Vault

REF_BYTES = 16


def refs_by_time(now: Callable[[], datetime], random: Callable[[], bytes]) -> Callable[[], bytes]:
    """Makes references of customers that follow each other in time; ``random`` gives at least 11 bytes.

    So those who are new are written to the last page of an index, in place of a page each.
    """
    return lambda: (time_bytes(now()) + random())[:REF_BYTES]


class People:
    """Finds customers, and makes those that are new. ``new_ref`` gives 16 bytes that no other has."""

    def __init__(self, vault: Vault, new_ref: Callable[[], bytes]) -> None:
        self._vault, self._new_ref = vault, new_ref

    def pseudonyms(self, customer_id: str) -> tuple[bytes, ...]:
        """How a customer may be known, the newest first; nobody is known by none."""
        return self._vault.pseudonyms(customer_id) if customer_id else ()

    def subject_pseudonym(self, subject: str) -> str:
        """What stands for a person where units are counted."""
        return self._vault.subject_pseudonym(subject)

    def stranger(self, pseudonyms: tuple[bytes, ...]) -> Person:
        """A customer who is not known yet."""
        return Person(self._new_ref(), pseudonyms[0], self._vault.new_key(), {})

    def known(self, transaction: Transaction, asked: Iterable[tuple[bytes, ...]]) -> Mapping[bytes, Person]:
        """Those who are known, by their newest pseudonym; who was known by an older one is renewed."""
        wanted = {pseudonyms[0]: pseudonyms for pseudonyms in asked}
        by_pseudonym = transaction.people([codes for pseudonyms in wanted.values() for codes in pseudonyms])
        people = {key: person for key, codes in wanted.items() if (person := _first(by_pseudonym, codes))}
        renewed = [fresh for key, person in people.items() if (fresh := self._renewed(key, person))]
        if renewed:
            transaction.renew_people(renewed)
        return people | {person.pseudonym: person for person in renewed}

    def forget(self, person: Person) -> None:
        """Lets go of the key of one who has been erased."""
        self._vault.forget(person.key)

    def seal(self, person: Person, body: bytes, decision_id: bytes) -> bytes:
        """The body of a customer's decision, sealed."""
        return self._vault.seal(person.key if person.ref else KEY_OF_NOBODY, body, decision_id)

    def seal_event(self, key: bytes, body: bytes, event_id: bytes) -> bytes:
        """The body of an event, sealed with its customer's key."""
        return self._vault.seal(key, body, event_id)

    def open_event(self, key: bytes, row: EventRow) -> bytes:
        """The plain body of an event. Raises ``SealBroken``."""
        return self._vault.open(key, row.body, row.id)

    def opened(self, record: DecisionRecord) -> bytes:
        """The record's plain body. Raises ``CallError`` where nobody can read it any more."""
        if not _key_of(record):
            raise CallError(
                Code.NOT_FOUND, "the customer of this decision has been erased", Cause.CUSTOMER_ERASED
            )
        try:
            return self._vault.open(_key_of(record), record.body, record.decision_id)
        except SealBroken as broken:
            message = "the decision cannot be opened with the keys in use"
            raise CallError(Code.NOT_FOUND, message, Cause.KEY_LOST) from broken

    def _renewed(self, pseudonym: bytes, person: Person) -> Person | None:
        key = self._vault.rewrapped(person.key)
        if key is None and person.pseudonym == pseudonym:
            return None
        return person._replace(pseudonym=pseudonym, key=key or person.key)


def _key_of(record: DecisionRecord) -> bytes:
    """Empty where the customer has been erased."""
    return record.key if record.customer else KEY_OF_NOBODY


def _first(people: Mapping[bytes, Person], pseudonyms: tuple[bytes, ...]) -> Person | None:
    for pseudonym in pseudonyms:
        person = people.get(pseudonym)
        if person is not None:
            return person
    return None


MAX_KEPT_EVENTS = 200_000
"""Of all customers together, some 200 MB; those who were decided for last are kept."""
_BY_CALLS = frozenset({outcome_source(OutcomeKind.CLAIMED), outcome_source(OutcomeKind.REDEEMED)})
"""What comes to be by calls too, and is not reported then."""
KEPT_ANSWERS = 256
"""Two for each ruleset; it is asked for every decision."""
UNREAD = -1
"""The count of a copy that nothing has been taken into."""


class Asker(NamedTuple):
    """Whose history is wanted, and by the rules of which policy."""

    policy: Policy
    person: Person


class WrittenEvent(NamedTuple):
    """An event that was written, and its plain body."""

    row: EventRow
    body: bytes


@dataclass(slots=True, eq=False)
class _Copy:
    """The events of a customer as of the ``count``, as the ruleset of a policy reads them.

    ``longest`` is how long events are kept at most. ``withdrawn_us`` is from when events are withdrawn, by
    id, whether they are known yet or not; ``counted`` the size that the total has of it. The first of the
    events is over at ``first_over_us``.
    """

    policy: Policy
    longest: timedelta | None
    count: int = UNREAD
    size: int = 0
    counted: int = 0
    tracks: dict[str, Track] = field(default_factory=dict)
    withdrawn_us: dict[bytes, int] = field(default_factory=dict)
    history: History = NO_HISTORY
    first_over_us: int = NEVER_US

    def apart(self) -> "_Copy":
        """One that can be changed and leaves this one as it is."""
        tracks = {source: track.copy() for source, track in self.tracks.items()}
        withdrawn_us = dict(self.withdrawn_us)
        return _Copy(
            self.policy, self.longest, self.count, self.size, tracks=tracks, withdrawn_us=withdrawn_us
        )

    def take_in(self, rows: Sequence[EventRow], bodies: Iterable[Mapping[str, Any]], count: int) -> None:
        """Takes in what was written up to a count."""
        for row in rows:
            if row.withdraws:
                self._withdraw(row)
        deeds: dict[str, list[Deed]] = defaultdict(list)
        for row, body in zip(rows, bodies, strict=True):
            kind = self.policy.ruleset.events.get(row.kind)
            if kind:
                deeds[f"{EVENTS}{kind.name}"].append(self._deed(kind, row, body))
        for source, fresh in deeds.items():
            self._add(source, fresh)
        # Another one, so that a decision that is made again sees that more has happened.
        self.count, self.history = count, History(self.tracks)

    def _withdraw(self, row: EventRow) -> None:
        at_us = to_microseconds(row.happened_at)
        earlier_us = self.withdrawn_us.get(row.withdraws)
        if earlier_us is None or at_us < earlier_us:
            self.withdrawn_us[row.withdraws] = at_us
            for track in self.tracks.values():
                track.withdraw(row.withdraws, at_us)

    def _add(self, source: str, fresh: Sequence[Deed]) -> None:
        self.size += len(fresh)
        track = self.tracks.get(source)
        if track is None:
            self.tracks[source] = Track(fresh)
            return
        for deed in fresh:
            track.add(deed)

    def _deed(self, kind: EventKind, row: EventRow, body: Mapping[str, Any]) -> Deed:
        at_us = to_microseconds(row.happened_at)
        over_us = min(to_microseconds(row.over_at), at_us + kind.kept(self.longest) // MICROSECOND)
        self.first_over_us = min(self.first_over_us, over_us)
        item = kind.item(body.get("fields", {}), row.happened_at, body.get("session", ""))
        return Deed(at_us, over_us, self.withdrawn_us.get(row.id, NEVER_US), item, row.id)


class Histories:
    """Reads histories, and keeps those that were read last. Safe to use from many threads.

    ``longest`` is how long events are kept at most, whatever their kinds say; ``None`` for ever.
    """

    def __init__(self, people: People, longest: timedelta | None = None) -> None:
        self._people, self._longest = people, longest
        self._kept: OrderedDict[bytes, _Copy] = OrderedDict()
        self._size, self._lock = 0, Lock()

    def read(
        self, transaction: Transaction, askers: Iterable[Asker], *, unsettled: Collection[bytes] = ()
    ) -> Mapping[tuple[str, bytes], History]:
        """The histories, by hash of the ruleset and the person's reference.

        ``unsettled`` are those of whom the transaction itself has written events, which it may yet lose.
        """
        askers = [asker for asker in askers if asker.person.ref]
        with self._lock:
            histories = self._of_events(transaction, askers, unsettled)
        past = {asker.person.ref for asker in askers if _reads(asker.policy.reads_history, OUTCOMES)}
        if not past:
            return histories
        by_calls = any(not asker.policy.reads_history.isdisjoint(_BY_CALLS) for asker in askers)
        outcomes = transaction.outcomes_of(past, by_calls=by_calls)
        return {
            key: _with_outcomes(history, outcomes[key[1]]) if key[1] in outcomes else history
            for key, history in histories.items()
        }

    def add(self, written: Sequence[WrittenEvent], counts: Mapping[bytes, int]) -> None:
        """Takes in what has been written and is durable, with the count that each customer has by it."""
        fresh: dict[bytes, list[WrittenEvent]] = defaultdict(list)
        for one_written in written:
            fresh[one_written.row.ref].append(one_written)
        with self._lock:
            for ref, events in fresh.items():
                copy = self._kept.get(ref)
                # With a gap, what is missing is read with the next decision.
                if copy and copy.count == counts[ref] - 1:
                    bodies = (orjson.loads(event.body) for event in events)
                    copy.take_in([event.row for event in events], bodies, counts[ref])
                    self._count(copy)
            self._drop_oldest()

    def forget(self, ref: bytes) -> None:
        """Drops what is kept of one who has been erased."""
        with self._lock:
            self._drop(ref)

    def forget_over(self, now: datetime) -> None:
        """Drops the copies that hold events which are over; the next decision makes them without."""
        now_us = to_microseconds(now)
        with self._lock:
            for ref in [ref for ref, copy in self._kept.items() if copy.first_over_us <= now_us]:
                self._drop(ref)

    def _of_events(
        self, transaction: Transaction, askers: Sequence[Asker], unsettled: Collection[bytes]
    ) -> dict[tuple[str, bytes], History]:
        histories: dict[tuple[str, bytes], History] = {}
        behind: dict[tuple[str, bytes], tuple[Asker, _Copy]] = {}
        for asker in askers:
            policy, person = asker
            key = policy.ruleset.hash, person.ref
            if key in behind:
                continue
            if not person.events or not _reads(policy.reads_history, EVENTS):
                histories[key] = NO_HISTORY
                continue
            copy = self._kept.get(person.ref)
            if copy is None or copy.policy.ruleset.hash != policy.ruleset.hash:
                copy = _Copy(policy, self._longest)
            if copy.count == person.events:
                self._kept.move_to_end(person.ref)
                histories[key] = copy.history
            else:
                behind[key] = asker, copy.apart() if person.ref in unsettled else copy
        if behind:
            self._catch_up(transaction, behind.values())
            histories |= {key: copy.history for key, (_, copy) in behind.items()}
            for asker, copy in behind.values():
                if asker.person.ref not in unsettled:
                    self._keep(asker.person.ref, copy)
        return histories

    def _catch_up(self, transaction: Transaction, behind: Collection[tuple[Asker, _Copy]]) -> None:
        after: dict[bytes, int] = {}
        for asker, copy in behind:
            ref = asker.person.ref
            after[ref] = min(copy.count, after.get(ref, copy.count))
        rows = transaction.events(after)
        for asker, copy in behind:
            person = asker.person
            # Another replica may have written more since the customer was found.
            fresh = [row for row in rows.get(person.ref, ()) if copy.count < row.number <= person.events]
            copy.take_in(fresh, self._bodies(person, fresh), person.events)

    def _bodies(self, person: Person, rows: Iterable[EventRow]) -> Iterator[Mapping[str, Any]]:
        """What cannot be opened with the keys in use has happened all the same: its fields are absent."""
        for row in rows:
            try:
                yield orjson.loads(self._people.open_event(person.key, row))
            except SealBroken:
                yield {}

    def _keep(self, ref: bytes, copy: _Copy) -> None:
        earlier = self._kept.get(ref)
        if earlier is not copy:
            self._drop(ref)
            self._kept[ref] = copy
        self._count(copy)
        self._kept.move_to_end(ref)
        self._drop_oldest()

    def _count(self, copy: _Copy) -> None:
        self._size += copy.size - copy.counted
        copy.counted = copy.size

    def _drop(self, ref: bytes) -> None:
        copy = self._kept.pop(ref, None)
        if copy:
            self._size -= copy.counted

    def _drop_oldest(self) -> None:
        while self._size > MAX_KEPT_EVENTS and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))


@lru_cache(maxsize=KEPT_ANSWERS)
def _reads(sources: frozenset[str], kind: str) -> bool:
    return any(source.startswith(kind) for source in sources)


def _with_outcomes(history: History, outcomes: Sequence[PastOutcome]) -> History:
    deeds: dict[str, list[Deed]] = defaultdict(list)
    for kind, action, happened_at in outcomes:
        item: Item = {"action": action, AT: happened_at}
        deeds[outcome_source(kind)].append(Deed(to_microseconds(happened_at), NEVER_US, NEVER_US, item))
    return History({**history.tracks, **{source: Track(past) for source, past in deeds.items()}})
