"""The one seam through which the outside sees what happens: frozen events, one Protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, unique
from typing import NamedTuple, Protocol

from maitred.core.trace import TraceContext
from maitred.core.values.reasons import Reason
from maitred.engine.errors import Code


@unique
class ClaimResult(Enum):
    """What came of a call that moves a claim."""

    GRANTED = "granted"
    DENIED = "denied"
    REDEEMED = "redeemed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class DecisionMade:
    """A decision was answered. Ids of customers are not in it.

    ``started_ns`` and ``ended_ns`` are Unix time. ``step_seconds`` has the durations of
    ``match``, ``wait`` (for the writer), ``commit`` and ``explain``.
    ``refusals`` counts by reason what is known without explaining, or all where explained.
    ``limits`` counts the refusals of limits that it came upon, by name of the limit. ``channel`` and
    ``location_id`` are empty where the ruleset does not name them: what callers make up may be personal.
    """

    decision_id: str
    trace_id: str
    span_id: str
    parent: TraceContext | None
    ruleset: str
    ruleset_version: str
    channel: str
    location_id: str
    proposals: tuple[str, ...]
    refusals: Mapping[Reason, int]
    candidates: int
    replayed: bool
    dry_run: bool
    batch_size: int
    started_ns: int
    ended_ns: int
    step_seconds: Mapping[str, float]
    limits: Mapping[tuple[str, Reason], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClaimMoved:
    """A claim was answered, redeemed or released. Ids of customers are not in it, nor a cause.

    ``method`` is ``Claim``, ``Redeem`` or ``Release``. ``reason`` and ``limit`` say why it was denied; of a
    ``replayed`` one they are those of the first time. Times are Unix time.
    """

    method: str
    result: ClaimResult
    action: str
    decision_id: str
    reason: Reason | None
    limit: str
    replayed: bool
    trace: TraceContext | None
    batch_size: int
    started_ns: int
    ended_ns: int
    commit_seconds: float


@dataclass(frozen=True, slots=True)
class HoldsExpired:
    """Holds whose time has come were given back: how many, by name of the action."""

    actions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PauseChanged:
    """An operator or a guard has stopped an action, or an operator has let it go on.

    Which operator and why, free text, stays on record.
    """

    action: str
    paused: bool
    by_guard: bool = False


class Fullness(NamedTuple):
    """How full a limit is: ``used_ratio`` of the fullest subject, and how many have no unit left."""

    limit: str
    used_ratio: float
    exhausted: int


@dataclass(frozen=True, slots=True)
class LimitsSeen:
    """How full the limits were that are not per person, and how many actions were stopped."""

    limits: tuple[Fullness, ...]
    paused: int


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call was answered with an error. ``error_id`` is set for faults of ours only.

    ``status`` is what the caller saw (``NOT_FOUND``), in the words of its protocol. ``cause`` is
    the exception behind a fault of ours: where it came from goes to the process log, its text nowhere.
    ``detail`` is what the store said, for the operator.
    """

    method: str
    code: Code | None
    seconds: float
    error_id: str = ""
    trace: TraceContext | None = None
    status: str = ""
    cause: BaseException | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CallsRefused:
    """So many calls of a method were refused alike within ``seconds``, too many to be told of one by one."""

    method: str
    code: Code
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TransportChosen:
    """How calls are answered, ``loop`` or ``stock``; ``fault`` is why it is not the loop, else empty."""

    transport: str
    fault: str


@dataclass(frozen=True, slots=True)
class BatchCommitted:
    """One transaction of the committer. ``waiting`` is what had queued up meanwhile."""

    size: int
    waiting: int
    commit_seconds: float


@dataclass(frozen=True, slots=True)
class RulesetLoaded:
    """A ruleset went into force."""

    hash: str
    version: str
    commit: str
    actions: int
    seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class RulesetRefused:
    """A ruleset did not load; the one in force, if any, stays in force."""

    source: str
    faults: tuple[str, ...]
    in_force: str


Event = (
    DecisionMade
    | ClaimMoved
    | CallFailed
    | CallsRefused
    | TransportChosen
    | BatchCommitted
    | HoldsExpired
    | LimitsSeen
    | PauseChanged
    | RulesetLoaded
    | RulesetRefused
)


class Observer(Protocol):
    """Told of every event, on whatever thread it happens. Must not block and must not raise."""

    @property
    def tracing(self) -> bool:
        """Whether decisions should carry a trace id and be told at all."""
        ...

    def observe(self, event: Event) -> None:
        """Takes the event; what it does with it, it does elsewhere."""
        ...

    def close(self) -> None:
        """Hands on what is still held, for at most a few seconds."""
        ...
