"""What the engine needs of the world. Shells implement it; ``bootstrap`` plugs them in."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, unique
from typing import NamedTuple, Protocol

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.limits.lots import Lot, Step, UnitState
from maitred.core.privacy.purposes import Consent, ConsentState
from maitred.engine.errors import CallError, Code

from .evidence import ExperimentLog, LearningStore
from .ledger import Ledger


class StoreDown(Exception):
    """The database cannot be reached or does not answer in time."""


class StoreConflict(Exception):
    """The transaction lost against another one; running it again may succeed."""


@contextmanager
def store_calls(down: str) -> Iterator[None]:
    """Failures of the store are those of the call: ``down`` says what cannot be done while it is down.

    Raises ``CallError``: store down, retry.
    """
    try:
        yield
    except StoreDown as failure:
        raise CallError(Code.STORE_DOWN, down) from failure
    except StoreConflict as failure:
        raise CallError(Code.RETRY, "lost against another call, try again") from failure


class DecisionRecord(NamedTuple):
    """One row of the decision log.

    ``decision_id`` is 16 bytes, a function of the request id. ``customer`` is the reference of
    a ``Person``, empty for nobody. ``body`` is everything needed to answer again and to decide again,
    sealed with ``key``, the person's, which is empty where they have been erased and for nobody.
    ``statements`` are what the person has stated by now, where it was read. ``session`` (16 bytes,
    as a pseudonym) is the one it was made in, empty for none. ``arms`` are its exposures, as
    ``exposures_text`` puts them. Both are written and not read back.
    """

    decision_id: bytes
    decided_at: datetime
    ruleset: str
    customer: bytes
    body: bytes
    key: bytes
    statements: Mapping[str, ConsentState] = {}
    session: bytes = b""
    arms: str = ""


class Person(NamedTuple):
    """A customer as the database knows them.

    ``ref`` (16 bytes) stands for them in every other row. ``pseudonym`` is how they are
    found, ``key`` what seals their data, wrapped. ``statements`` are their last ones by purpose.
    ``events`` is how often events of theirs were written; 0 while there never were any. ``jurisdiction`` is
    that of their last decision, by name; empty where none was told. ``claims_until_us`` is when the last of
    their claims expires or has expired, whatever has become of it; 0 where there never were any. It is read
    and never written.
    """

    ref: bytes
    pseudonym: bytes
    key: bytes
    statements: Mapping[str, ConsentState]
    events: int = 0
    jurisdiction: str = ""
    claims_until_us: int = 0


class EventRow(NamedTuple):
    """Something a customer did. ``id``, ``fingerprint`` and ``withdraws`` are functions of the caller's.

    ``ref`` is the person's. ``kind`` is empty where it only takes back another event, whose id is
    ``withdraws``; else that is empty. It is not kept longer than until ``over_at``. ``body`` is sealed
    with the person's key. ``number`` is the person's ``events`` when it had been written, given by the store.
    """

    id: bytes
    fingerprint: bytes
    ref: bytes
    kind: str
    happened_at: datetime
    over_at: datetime
    withdraws: bytes
    body: bytes
    number: int = 0


class PastOutcome(NamedTuple):
    """What became of a proposal, as later decisions read it."""

    kind: OutcomeKind
    action: str
    happened_at: datetime


class Rejection(NamedTuple):
    """An action that was rejected. ``customer`` is a person's ``ref``, empty for nobody known."""

    action: str
    customer: bytes
    happened_at: datetime


NOBODY = Person(b"", b"", b"", {})
"""Who a request without a customer is for: not kept, and without a key of their own."""


@dataclass(frozen=True, slots=True)
class StoredRuleset:
    """A ruleset as kept for replay: its files by relative path."""

    hash: str
    version: str
    commit: str
    activated_at: datetime
    sources: Mapping[str, bytes]


class LotHistory(NamedTuple):
    """A lot, when it was taken, and what became of it: its steps in their order, each with when."""

    lot: Lot
    taken_at: datetime
    steps: Sequence[tuple[Step, datetime]]


class CounterSummary(NamedTuple):
    """A counter as it stands: one limit for one subject in one window.

    ``live`` are the units that a limit is held against. ``recent`` is for a forecast: about how
    many of the units were taken in the last while that was asked for, by the pace of late, in
    which the last quarter of an hour weighs most; what was given back is not among them.
    ``held`` and ``used`` are all units of the counter, ``live_held`` those of ``live`` that are held.
    """

    limit: str
    subject: str
    window: str
    resets_at: datetime | None
    held: int
    used: int
    live: int
    recent: float
    live_held: int = 0


class CounterQuery(NamedTuple):
    """Counters of the limit of one name; ``lookback_us`` where its window is rolling.

    Only those whose subject begins with ``subject_start``. Those that are not of single persons
    (``is_shared``) an index finds; for others, which are rarely asked for, all counters are looked through.
    """

    limit: str
    lookback_us: int | None = None
    subject_start: str = ""
    is_shared: bool = False


class Break(NamedTuple):
    """The first row of a chain that is not as it was written: ``row`` counts from 1 in its chain."""

    writer: str
    row: int
    decision_id: str
    why: str


class Chain(NamedTuple):
    """The rows one process has written, and the hash of the last: noting it elsewhere proves the end too.

    ``purged`` rows before them were deleted when their time was over.
    """

    writer: str
    rows: int
    purged: int
    head: str


class Audit(NamedTuple):
    """What an audit of the decision log found."""

    rows: int
    chains: Sequence[Chain]
    broken: Sequence[Break]


class OutcomeRow(NamedTuple):
    """One reported outcome. ``id`` and ``fingerprint`` have 16 bytes, functions of the caller's.

    ``recorded`` is whether it was taken up; ``detail`` says why not. ``late_at`` is when it was reported,
    where that was ``evidence.LATE`` after it happened or later.
    """

    id: bytes
    fingerprint: bytes
    decision_id: bytes
    action: str
    kind: OutcomeKind
    happened_at: datetime
    recorded: bool
    detail: str
    late_at: datetime | None = None


class ClaimRow(NamedTuple):
    """A granted claim and whose it is.

    ``id`` is that of its lot, ``customer`` the reference of a ``Person``, empty for nobody; ``location``
    is where it was made, empty for nowhere. It is held until ``expires_at`` at most.
    """

    id: bytes
    decision_id: bytes
    action: str
    customer: bytes
    location: str
    expires_at: datetime


@unique
class ClaimsOf(Enum):
    """By what claims are found: a person's reference, the key of a session, a location in UTF-8."""

    CUSTOMER = "customer"
    SESSION = "session"
    LOCATION = "location"


class ClaimPlace(NamedTuple):
    """A place in a list of claims, the last to expire first."""

    expires_at: datetime
    id: bytes


class ListedClaim(NamedTuple):
    """A claim, and how its lot stands; one that is held may be due."""

    row: ClaimRow
    state: UnitState


class Pause(NamedTuple):
    """An action that is stopped everywhere, by whom and why."""

    action: str
    paused_at: datetime
    by: str = ""
    cause: str = ""


class Transaction(Ledger, Protocol):
    """One write transaction; it commits when its ``with`` block ends without an exception."""

    def find(self, decision_ids: Collection[bytes]) -> Mapping[bytes, DecisionRecord]:
        """Returns those of the decisions that have a record, with it."""
        ...

    def people(self, pseudonyms: Collection[bytes]) -> Mapping[bytes, Person]:
        """Returns those of the customers that are known, by pseudonym.

        They are not erased before the commit.
        """
        ...

    def add_people(self, people: Sequence[Person]) -> None:
        """Writes new customers. Raises ``StoreConflict`` where one is there in the meantime."""
        ...

    def renew_people(self, people: Sequence[Person]) -> None:
        """Writes other pseudonyms and keys for customers who are known by their references."""
        ...

    def record_consents(
        self,
        person: Person,
        request: bytes,
        fingerprint: bytes,
        consents: Sequence[Consent],
        local: datetime,
    ) -> bool:
        """Keeps statements under the id of their request (16 bytes), with the person where they are new.

        Repeating it changes nothing. False where the id was used with another fingerprint. Of two
        statements on one purpose the later counts, of two at one instant the stricter. ``local`` is
        this process's clock. Raises ``StoreConflict`` also where the person has been erased meanwhile.
        """
        ...

    def lots(self, ids: Collection[bytes]) -> Mapping[bytes, Lot]:
        """Returns those of the lots that are there, not locked."""
        ...

    def place_people(self, jurisdictions: Mapping[bytes, str]) -> None:
        """Writes where customers are, by their references.

        Those for whom another replica is writing stay as they are until the next time.
        """
        ...

    def find_outcomes(self, ids: Collection[bytes]) -> Mapping[bytes, OutcomeRow]:
        """Returns those of the outcomes that have been reported before."""
        ...

    def append_outcomes(self, rows: Sequence[OutcomeRow]) -> None:
        """Writes outcomes. Raises ``StoreConflict`` where an id is there in the meantime."""
        ...

    def find_events(self, ids: Collection[bytes]) -> Mapping[bytes, bytes]:
        """Returns the fingerprints of those of the events that were recorded before."""
        ...

    def append_events(self, rows: Sequence[EventRow]) -> Mapping[bytes, int]:
        """Writes events of people who are there; the ``number`` that those of each person have.

        Raises ``StoreConflict`` where an id is there meanwhile.
        """
        ...

    def events(self, after: Mapping[bytes, int]) -> Mapping[bytes, Sequence[EventRow]]:
        """Returns the events of those customers whose number is greater, in any order."""
        ...

    def outcomes_of(
        self, refs: Collection[bytes], *, by_calls: bool
    ) -> Mapping[bytes, Sequence[PastOutcome]]:
        """Returns what became of the proposals of each of those customers, in order of time.

        With ``by_calls`` also what was claimed and redeemed by the calls of these names.
        """
        ...

    def rejections(self, sessions: Collection[bytes]) -> Mapping[bytes, Sequence[Rejection]]:
        """Returns what was rejected in each of the sessions."""
        ...

    def append_claims(self, now: datetime, rows: Sequence[ClaimRow]) -> None:
        """Writes down whose the claims are that ``settle`` has made as of ``now``; once more does no harm."""
        ...

    def open_claims(
        self, customers: Collection[bytes], after: datetime
    ) -> Mapping[bytes, Sequence[ClaimRow]]:
        """Returns the claims of each customer that are held and expire after that instant, soonest first.

        Of very many the first are told.
        """
        ...

    def append(self, records: Sequence[DecisionRecord]) -> Mapping[bytes, DecisionRecord]:
        """Writes the records whose id is new; gives the stored record of each id that is not.

        The ids of one call are distinct.
        """
        ...


class DecisionLog(Protocol):
    """The decision log, with the outcomes reported of decisions.

    Every method is for any thread and may raise ``StoreDown``.
    """

    def decision(self, decision_id: bytes) -> DecisionRecord | None:
        """Returns the record of one decision."""
        ...

    def decisions_of(self, ref: bytes, after: bytes, max_rows: int) -> Sequence[DecisionRecord]:
        """Returns a customer's decisions in order of id, from after that one on."""
        ...

    def outcomes(self, decision_id: bytes) -> Sequence[OutcomeRow]:
        """Returns the outcomes reported of a decision, in order of time."""
        ...

    def audit(self, progress: Callable[[int], None]) -> Audit:
        """Goes through the decision log and its hash chains; ``progress`` is told the rows so far."""
        ...

    def purge_decisions(self, before: datetime, max_rows: int) -> int:
        """Deletes at most so many of the oldest decisions made before that instant, outcomes included.

        The chains begin where what is left begins, and say so. Answers how many went.
        """
        ...


class LedgerReader(Protocol):
    """Lots and counters as last committed, and their end.

    Every method is for any thread and may raise ``StoreDown``.
    """

    def lot(self, lot_id: bytes) -> Lot | None:
        """One lot as last committed."""
        ...

    def histories(self, decision_id: bytes) -> Sequence[LotHistory]:
        """Returns the lots that were taken for a decision, in order of time."""
        ...

    def claims_of(
        self, of: ClaimsOf, key: bytes, before: ClaimPlace | None, max_rows: int
    ) -> Sequence[ListedClaim]:
        """At most so many claims, open and ended ones, the last to expire first, from that place on."""
        ...

    def tallies(
        self, now: datetime, asks: Sequence[CounterQuery], recent_us: int, max_rows: int
    ) -> Sequence[CounterSummary]:
        """Returns the counters of limits whose window has not ended, at most so many of each limit.

        The fullest first. ``recent_us`` (microseconds) is the while that ``recent`` looks back.
        """
        ...

    def purge_ledger(self, before: datetime, max_rows: int) -> int:
        """Forgets at most so many lots, with their steps, and so many counters that count no more.

        Those are lots that were over, and counters whose window had ended, before that instant.
        ``before`` is as long ago as a retry may still come, a session last, a clock be wrong or
        the window of a rolling limit be lengthened. What is held stays, and what a window that
        never resets counts. Answers how many rows went: a caller goes on until there are none.
        """
        ...


class CustomerStore(Protocol):
    """Customers, what they have stated, and the keys that seal what is kept of them.

    Every method is for any thread and may raise ``StoreDown``.
    """

    def person(self, pseudonyms: Sequence[bytes]) -> Person | None:
        """Returns the customer known by one of the pseudonyms."""
        ...

    def statements(self, ref: bytes) -> Sequence[Consent]:
        """Returns every statement of a customer, oldest first."""
        ...

    def events_of(self, ref: bytes) -> Sequence[EventRow]:
        """Returns all events of a customer in order of time."""
        ...

    def last_decisions_of(self, ref: bytes, max_rows: int) -> Sequence[DecisionRecord]:
        """Returns a customer's last so many decisions, the newest first."""
        ...

    def decisions_in(self, session: bytes, max_rows: int) -> Sequence[bytes]:
        """Returns the ids of the last so many decisions of a session, oldest first."""
        ...

    def erase(self, ref: bytes) -> Mapping[str, int]:
        """Deletes a customer: key, statements, outcomes, events, counters of their own; how many of each.

        What they have of shared counters stays counted, and expires or is released as before. The
        decision log keeps its rows, which nobody can open any more.
        """
        ...

    def check_keys(self, values: Mapping[int, bytes]) -> Sequence[int]:
        """Keeps the check value of each version of the vault's keys; says which differ from what is kept."""
        ...

    def purge_consents(self, before: datetime, max_rows: int) -> int:
        """Deletes statements made before that instant that a later one on the purpose has replaced."""
        ...

    def purge_events(self, now: datetime, before: datetime, max_rows: int) -> int:
        """Deletes at most so many events that are over by now, or happened before that instant."""
        ...


class PauseStore(Protocol):
    """Actions that operators have stopped.

    Every method is for any thread and may raise ``StoreDown``.
    """

    def pause(self, pause: Pause) -> bool:
        """Keeps an action paused; whether it was not before. Else the first is kept."""
        ...

    def resume(self, action: str, at: datetime) -> bool:
        """Ends the pause of an action, and keeps when; whether there was one."""
        ...

    def resumed_at(self, action: str) -> datetime | None:
        """When the pause of an action was ended last."""
        ...

    def pauses(self) -> Sequence[Pause]:
        """Returns every pause there is, by name of the action; several times a second."""
        ...


class RulesetStore(Protocol):
    """The rulesets that were in force.

    Every method is for any thread and may raise ``StoreDown``.
    """

    def save_ruleset(self, ruleset: StoredRuleset) -> None:
        """Keeps a ruleset under its hash; keeps the first where there is one already."""
        ...

    def ruleset(self, digest: str) -> StoredRuleset | None:
        """Returns the ruleset kept under a hash."""
        ...

    def save_dictionary(self, key: bytes, dictionary: bytes) -> None:
        """Keeps what records are packed by, for as long as there are any; one there is already stays."""
        ...

    def dictionary(self, key: bytes) -> bytes | None:
        """Returns the dictionary of that id (8 octets)."""
        ...


class Store(
    DecisionLog,
    LedgerReader,
    CustomerStore,
    ExperimentLog,
    LearningStore,
    PauseStore,
    RulesetStore,
    Protocol,
):
    """The durable state. Every method may raise ``StoreDown``."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """For the committer alone. Durable once the block has ended.

        Leaving the block may raise ``StoreConflict``, or ``StoreDown`` where it is not
        known whether the commit took place.
        """
        ...

    def close(self) -> None:
        """Closes every connection. The store is not used afterwards."""
        ...
