"""Calls on their way through the decision thread, and what came of them."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from maitred.core.decisions import Decision
from maitred.core.limits import Need
from maitred.core.lots import Operation, Settled
from maitred.core.snapshot import Snapshot

from .deciding import Deciding
from .ports import DecisionRecord, OutcomeRow
from .view import View

MakeRecord = Callable[[Decision, Snapshot], DecisionRecord]


@dataclass(slots=True, eq=False, kw_only=True)
class Ticket:
    """What every ticket has. ``deadline`` is on the monotonic clock; ``at`` is simulated time."""

    deadline: float | None = None
    at: datetime | None = None
    error: Exception | None = None
    batch_size: int = 0
    commit_seconds: float = 0.0
    done: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.done.acquire()

    @property
    def needs_ledger(self) -> bool:
        """Whether something must be read or moved for it."""
        return True


@dataclass(slots=True, eq=False, kw_only=True)
class DecisionTicket(Ticket):
    """One decision. ``earlier`` is the record that already stood under its id.

    Of a ``dry`` one nothing is held and nothing written.
    """

    decision_id: bytes
    deciding: Deciding
    make_record: MakeRecord
    dry: bool = False
    limited: bool = field(init=False)
    decision: Decision | None = None
    record: DecisionRecord | None = None
    earlier: DecisionRecord | None = None

    @property
    def needs_ledger(self) -> bool:
        """Whether it could not be decided without the ledger."""
        return self.limited

    def __post_init__(self) -> None:
        super(DecisionTicket, self).__post_init__()
        self.limited = self.deciding.waits

    def conclude(self) -> None:
        """Puts down what was decided."""
        self.decision = self.deciding.decision()
        if not self.dry:
            self.record = self.make_record(self.decision, self.deciding.snapshot)


@dataclass(slots=True, eq=False, kw_only=True)
class MoveTicket(Ticket):
    """Units to be moved. ``plan`` makes the operations from what was read of ``asks``."""

    plan: Callable[[View], Sequence[Operation]]
    asks: Sequence[Need] = ()
    answers: Sequence[Settled] = ()
    view: View | None = None


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
