"""Calls on their way through the committer, and what came of them."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from maitred.core.deciding.decisions import Decision
from maitred.core.limits.limits import Need
from maitred.core.limits.lots import Lot, Operation, Settled
from maitred.core.privacy.consents import ConsentState
from maitred.engine.ports.store import DecisionRecord, OutcomeRow, Person

from .question import Deciding
from .view import View

Prepare = Callable[[Mapping[str, ConsentState]], Deciding]
"""From a customer's statements on record to the decision under way."""
MakeRecord = Callable[[Decision, Deciding, Person], DecisionRecord]
"""The record of a decision, its body sealed."""


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

    It is prepared as for a customer who has stated nothing, and anew where the customer, known by
    one of the ``pseudonyms``, has. Of a ``dry`` one nothing is held and nothing written.
    """

    decision_id: bytes
    pseudonyms: tuple[bytes, ...]
    prepare: Prepare
    make_record: MakeRecord
    dry: bool = False
    deciding: Deciding = field(init=False)
    person: Person | None = None
    decision: Decision | None = None
    record: DecisionRecord | None = None
    earlier: DecisionRecord | None = None

    def __post_init__(self) -> None:
        self.deciding = self.prepare({})

    @property
    def needs_ledger(self) -> bool:
        """Whether it cannot be decided without the ledger."""
        return self.deciding.limited

    @property
    def needs_person(self) -> bool:
        """Whether it must be known who the customer is: to write it down, or for what they have stated."""
        return not self.dry or self.deciding.policy.ruleset.privacy is not None

    def meet(self, person: Person) -> None:
        """Makes the customer known."""
        if self.deciding.policy.ruleset.privacy and person.statements != self._stated():
            self.deciding = self.prepare(person.statements)
        self.person = person

    def conclude(self) -> None:
        """Puts down what was decided."""
        self.decision = self.deciding.decision()
        if not self.dry:
            assert self.person
            self.record = self.make_record(self.decision, self.deciding, self.person)

    def _stated(self) -> Mapping[str, ConsentState]:
        return self.person.statements if self.person else {}


@dataclass(slots=True, eq=False, kw_only=True)
class MoveTicket(Ticket):
    """Units to be moved. ``plan`` makes the operations from what was read of ``asks``."""

    plan: Callable[[View], Sequence[Operation]]
    asks: Sequence[Need] = ()
    answers: Sequence[Settled] = ()
    view: View | None = None


class Claiming(Protocol):
    """A claim under way. ``shown`` is the lot that holds what presenting took, empty for none."""

    shown: bytes

    def meet(self, shown: Lot | None) -> None:
        """Makes known how that lot stands."""
        ...

    def asks(self) -> Sequence[Need]:
        """What has to be read before it can be planned."""
        ...

    def plan(self, view: View) -> Sequence[Operation]:
        """What has to be done."""
        ...


@dataclass(slots=True, eq=False, kw_only=True)
class ClaimTicket(Ticket):
    """A claim of what a decision proposed; the decision is read with those of the whole batch.

    ``begin`` takes the decision's record, where there is one, and raises ``CallError``.
    """

    decision_id: bytes
    begin: Callable[[DecisionRecord | None], Claiming]
    claiming: Claiming = field(init=False)
    answers: Sequence[Settled] = ()
    view: View | None = None

    @property
    def asks(self) -> Sequence[Need]:
        """See ``Claiming``."""
        return self.claiming.asks()

    def plan(self, view: View) -> Sequence[Operation]:
        """See ``Claiming``."""
        return self.claiming.plan(view)


class Reported(NamedTuple):
    """One outcome, the operations it comes to where it is new, and the words where they fail."""

    row: OutcomeRow
    operations: tuple[Operation, ...]
    judge: Callable[[Sequence[Settled]], str]


@dataclass(slots=True, eq=False, kw_only=True)
class OutcomeTicket(Ticket):
    """Outcomes to be taken up; ``rows`` is what stands under the id of each afterwards."""

    reported: Sequence[Reported]
    rows: Sequence[OutcomeRow] = ()
