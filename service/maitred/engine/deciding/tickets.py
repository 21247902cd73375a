"""Calls on their way through the committer, and what came of them."""

import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from maitred.core.behaviour.history import NO_HISTORY, History
from maitred.core.deciding.decide import Choice, Hold, Prepared, Preparing, conclude, decide
from maitred.core.deciding.decisions import Decision
from maitred.core.deciding.policy import Policy
from maitred.core.deciding.snapshot import Claimed, Snapshot
from maitred.core.limits.limits import Need
from maitred.core.limits.lots import Operation, Settled, Status, Take
from maitred.core.privacy.purposes import JURISDICTION, Consent, ConsentState
from maitred.core.rules.ruleset import Action
from maitred.engine.calls import DecideCall
from maitred.engine.ports.store import NOBODY, ClaimRow, DecisionRecord, OutcomeRow, Person, Rejection

from .question import LedgerReads, OwnClaim, Requester, View, holds_of, lost_by


class Background(NamedTuple):
    """What a decision reads of its customer beside the request.

    Statements, what was rejected in the session, what they did, and what this checkout has claimed.
    """

    statements: Mapping[str, ConsentState] = {}
    rejected: frozenset[str] = frozenset()
    history: History = NO_HISTORY
    claimed: Mapping[str, Claimed] = {}


UNKNOWN_CUSTOMER = Background()

Prepare = Callable[[Background], Preparing]
"""From what is known of the customer to the question, which is to be prepared."""


class RecordMaker(Protocol):
    """Makes the record of a decision, in steps."""

    def body(self, ticket: "DecisionTicket") -> bytes:
        """What was asked, seen and decided, in plain."""
        ...

    def packed(self, ticket: "DecisionTicket") -> bytes:
        """The ticket's ``body``, packed."""
        ...

    def record(self, ticket: "DecisionTicket") -> DecisionRecord:
        """The record, with the ticket's ``body`` sealed."""
        ...


@dataclass(slots=True, eq=False, kw_only=True)
class Ticket:
    """What every ticket has. ``deadline`` is on the monotonic clock; ``at`` is simulated time.

    It is ``done`` when it is durable, or when ``error`` says why it is not.
    """

    deadline: float | None = None
    at: datetime | None = None
    error: Exception | None = None
    batch_size: int = 0
    commit_seconds: float = 0.0
    done: bool = False

    @property
    def needs_ledger(self) -> bool:
        """Whether something must be read or moved for it."""
        return True


Answered = TypeVar("Answered")
Steps = Generator[Ticket, None, Answered]
"""A call under way. It yields each ticket that must be committed before it can go on, is resumed when
that is durable or has the ticket's error thrown into it, and returns its answer. What it does between
two tickets must not block for long: on the loop other calls wait meanwhile."""


@dataclass(slots=True, eq=False, kw_only=True)
class DecisionTicket(Ticket):
    """One decision. ``earlier`` is the record that already stood under its id.

    It is prepared once. Where what the customer has stated decides what may be read
    (``depends_on_person``), that is when the batch has found the customer by one of the ``pseudonyms``;
    otherwise, and for nobody, who has none, before; and anew where something was rejected in the session.
    ``ready_at`` is when it was that was prepared before its batch (``perf_counter``, seconds).
    Of a ``dry`` one nothing is held and nothing written. ``policy`` is there where it reads what the
    customer did. ``claims`` are the customer's open ones, ``named`` those that the checkout names, and
    ``ended`` those of them that are not open any more. ``body`` is that of the record.
    """

    decision_id: bytes
    pseudonyms: tuple[bytes, ...]
    prepare: Prepare
    requester: Requester
    call: DecideCall
    trace_id: str
    record_maker: RecordMaker
    policy: Policy | None = None
    depends_on_person: bool = False
    dry: bool = False
    prepared: Prepared | None = None
    ready_at: float = 0.0
    person: Person | None = None
    choice: Choice | None = None
    decision: Decision | None = None
    body: bytes = b""
    record: DecisionRecord | None = None
    earlier: DecisionRecord | None = None
    claims: Sequence[ClaimRow] = ()
    named: Sequence[bytes] = ()
    ended: Sequence[bytes] = ()
    _own: Sequence[OwnClaim] = ()
    _background: Background | None = None
    _preparing: Preparing | None = None
    _reads: LedgerReads | None = None
    _lost: frozenset[bytes] = frozenset()
    _takes: Sequence[Take] = ()
    _holds: Mapping[str, Hold] | None = None

    def __post_init__(self) -> None:
        if not self.pseudonyms:
            self.person = NOBODY
        if not self.pseudonyms or not self.depends_on_person:
            self._background = UNKNOWN_CUSTOMER

    @property
    def needs_ledger(self) -> bool:
        """Whether it cannot be decided without the ledger, as far as that is known."""
        return self.prepared is None or bool(self.prepared.wants)

    @property
    def needs_person(self) -> bool:
        """Whether it must be known who the customer is: to write it down, and for what is known of them."""
        return bool(self.pseudonyms or self.requester.session)

    def meet(
        self, person: Person, rejections: Collection[Rejection] = (), history: History = NO_HISTORY
    ) -> None:
        """Makes the customer known, what was rejected in the session, by whomever, and what they did.

        It is to be prepared then. In a batch that is run again there may be more of each.
        """
        self.person = person
        if self._background is UNKNOWN_CUSTOMER and not (self.depends_on_person or rejections):
            return
        statements = person.statements if self.depends_on_person else {}
        self._know(Background(statements, frozenset(self._binding(person, rejections)), history))

    def know_claims(self, own: Sequence[OwnClaim], ended: Sequence[bytes]) -> None:
        """Makes the customer's open claims known; those that the checkout names stand beside all others.

        It is to be prepared then.
        """
        self._own, self.ended = own, ended
        claimed = {claim.action: Claimed(claim.id.hex(), claim.expires_at) for claim in own if claim.is_named}
        self._know((self._background or UNKNOWN_CUSTOMER)._replace(claimed=claimed))

    def _know(self, background: Background) -> None:
        if background != self._background:
            self._background, self.prepared, self.choice = background, None, None

    def _binding(self, person: Person, rejections: Iterable[Rejection]) -> Iterator[str]:
        """What was rejected by the same customer, or where either is not known."""
        for rejection in rejections:
            by_them = rejection.customer in (b"", person.ref) or not self.requester.customer
            if by_them and not (self.at and rejection.happened_at > self.at):
                yield rejection.action

    @property
    def can_be_prepared(self) -> bool:
        """Whether it has not been prepared, and enough is known for it."""
        return self.prepared is None and self._background is not None

    def read(self) -> None:
        """Reads the facts of the question."""
        assert self._background
        self._preparing = self.prepare(self._background)

    def match(self) -> None:
        """Asks the index."""
        assert self._preparing
        self._preparing.match()

    def rank(self) -> None:
        """Ranks what is possible."""
        assert self._preparing
        self._preparing.rank()

    def choose_first(self) -> None:
        """Chooses as far as that goes without the ledger. It is prepared then."""
        assert self._preparing
        self.prepared, self._preparing = self._preparing.choose(), None

    def prepare_alone(self) -> Prepared:
        """Takes all of these steps for this one, whoever the customer is."""
        self._background = self._background or UNKNOWN_CUSTOMER
        if self.prepared is None:
            _step_by_step([self], *PREPARING)
        assert self.prepared
        return self.prepared

    def begin(self) -> tuple[Sequence[Need], Sequence[bytes]]:
        """Begins anew with what the ledger has to be asked for; gives what to read first."""
        assert self.prepared
        assert self.person
        self._reads = LedgerReads(self.prepared, self.requester, self.person.ref, self._lost, self._own)
        self.choice, self._takes, self._holds = None, (), None
        return self._reads.asks(self.prepared.wants)

    def decide(self, view: View) -> Sequence[Take]:
        """Decides by what the batch sees; gives what the decision takes of the ledger."""
        assert self.prepared
        assert self._reads
        self.choice = decide(self.prepared, self._reads.over(view))
        if not self.dry:
            self._takes, self._holds = self._reads.takes(self.choice.picks)
        return self._takes

    def settled(self, answers: Sequence[Settled]) -> bool:
        """Whether every take was granted. What was lost is known as used up from then on."""
        assert self.prepared
        if not all(answer.status is Status.GRANTED for answer in answers):
            self._lost = self._lost.union(lost_by(self._takes, answers))
            return False
        if answers:
            self._holds = {**(self._holds or {}), **holds_of(self._takes, answers)}
        return True

    @property
    def jurisdiction(self) -> str:
        """Where the customer is, by name; empty where it is not told, or the rules know but one."""
        assert self.prepared
        rules = self.prepared.policy.ruleset.privacy
        name = self.prepared.question.facts.get(JURISDICTION) if rules and rules.by else None
        return name if isinstance(name, str) else ""

    def choose(self) -> None:
        """Chooses what was not chosen by the ledger."""
        assert self.prepared
        self.choice = self.choice or decide(self.prepared, _nothing)

    def conclude(self) -> None:
        """Puts down what was decided."""
        assert self.prepared
        assert self.choice
        self.decision = conclude(self.prepared, self.choice, self._holds)

    def write(self) -> None:
        """Writes the body of the record."""
        self.body = self.record_maker.body(self)

    def pack(self) -> None:
        """Packs the body."""
        self.body = self.record_maker.packed(self)

    def seal(self) -> None:
        """Makes the record."""
        self.record = self.record_maker.record(self)


def _nothing(_: Sequence[Action]) -> Snapshot:
    raise AssertionError("a decision that needs nothing of the ledger looks nothing up")


_Step = Callable[[DecisionTicket], None]
PREPARING = DecisionTicket.read, DecisionTicket.match, DecisionTicket.rank, DecisionTicket.choose_first
CONCLUDING = DecisionTicket.choose, DecisionTicket.conclude
RECORDING = DecisionTicket.write, DecisionTicket.pack, DecisionTicket.seal


def get_ready(tickets: Iterable[Ticket]) -> None:
    """Does what can be done of the tickets before their batch."""
    decisions = [ticket for ticket in tickets if isinstance(ticket, DecisionTicket)]
    prepare_all(decisions)
    now = time.perf_counter()
    for ticket in decisions:
        ticket.ready_at = now


def prepare_all(tickets: Iterable[DecisionTicket]) -> None:
    """Prepares those that can be; one that fails has its error."""
    waiting = [ticket for ticket in tickets if ticket.can_be_prepared]
    try:
        _step_by_step(waiting, *PREPARING)
    except Exception:  # noqa: BLE001 -- one call's fault must not be that of all
        for ticket in waiting:
            _prepare_safely(ticket)


def _prepare_safely(ticket: DecisionTicket) -> None:
    try:
        ticket.prepare_alone()
    except Exception as error:  # noqa: BLE001 -- whatever it is, its caller is told
        ticket.error = error


def conclude_all(tickets: Sequence[DecisionTicket]) -> None:
    """Puts down what was decided, with the records of what is written."""
    _step_by_step(tickets, *CONCLUDING)
    _step_by_step([ticket for ticket in tickets if not ticket.dry], *RECORDING)


def _step_by_step(tickets: Sequence[DecisionTicket], *steps: _Step) -> None:
    """Takes each step for all of them: what it needs of code and tables is in the processor's caches then."""
    for step in steps:
        for ticket in tickets:
            step(ticket)


@dataclass(slots=True, eq=False, kw_only=True)
class ConsentTicket(Ticket):
    """What a customer has stated; ``kept`` is false where the request's id had other content before."""

    pseudonyms: tuple[bytes, ...]
    request: bytes
    fingerprint: bytes
    consents: Sequence[Consent]
    kept: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class MoveTicket(Ticket):
    """Units to be moved. ``plan`` makes the operations; ``asks`` are read beside them."""

    plan: Callable[[], Sequence[Operation]]
    asks: Sequence[Need] = ()
    answers: Sequence[Settled] = ()
    view: View | None = None


class Claiming(Protocol):
    """A claim under way."""

    def read(self, record: DecisionRecord | None) -> None:
        """Reads what the record of its decision has proposed, where there is one. Raises ``CallError``."""
        ...

    def begin(self) -> None:
        """Finds out what stands against it by now. Raises ``CallError``."""
        ...

    def asks(self) -> Sequence[Need]:
        """What has to be read for its answer."""
        ...

    def plan(self) -> Sequence[Operation]:
        """What has to be done."""
        ...

    def claimed(self, settled: Settled) -> ClaimRow | None:
        """What to write down of a claim that was granted; nothing of any other."""
        ...


@dataclass(slots=True, eq=False, kw_only=True)
class ClaimTicket(Ticket):
    """A claim of what a decision proposed; the decision is read with those of the whole batch."""

    decision_id: bytes
    claiming: Claiming
    answers: Sequence[Settled] = ()
    view: View | None = None

    @property
    def asks(self) -> Sequence[Need]:
        """See ``Claiming``."""
        return self.claiming.asks()

    def plan(self) -> Sequence[Operation]:
        """See ``Claiming``."""
        return self.claiming.plan()

    def claimed(self) -> ClaimRow | None:
        """See ``Claiming``."""
        return self.claiming.claimed(self.answers[0])


class Verdict(NamedTuple):
    """Whether an outcome was taken up, and in plain words why not, or what is to be known of it."""

    recorded: bool
    detail: str = ""


class Reported(NamedTuple):
    """One outcome, the operations it comes to where it is new, and how to read what they came to."""

    row: OutcomeRow
    operations: tuple[Operation, ...]
    judge: Callable[[Sequence[Settled]], Verdict]


@dataclass(slots=True, eq=False, kw_only=True)
class OutcomeTicket(Ticket):
    """Outcomes to be taken up; ``rows`` is what stands under the id of each afterwards."""

    reported: Sequence[Reported]
    rows: Sequence[OutcomeRow] = ()


class Happened(NamedTuple):
    """Something a customer did that is not at fault by itself. See ``ports.store.EventRow``.

    The customer is known by one of the ``pseudonyms``; ``body`` is plain. ``bar`` says from what they
    have stated why it may not be kept.
    """

    id: bytes
    fingerprint: bytes
    pseudonyms: tuple[bytes, ...]
    kind: str
    at: datetime
    over_at: datetime
    withdraws: bytes
    body: bytes
    bar: Callable[[Person | None], str]


@dataclass(slots=True, eq=False, kw_only=True)
class EventTicket(Ticket):
    """Events to be recorded; ``details`` says afterwards of each why it is not, empty where it is."""

    happened: Sequence[Happened]
    details: Sequence[str] = ()

    @property
    def needs_ledger(self) -> bool:
        """Never: events have their own time."""
        return False
