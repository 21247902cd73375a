"""The one seam through which the outside sees what happens: frozen events, one Protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from maitred.core.reasons import Reason
from maitred.core.trace import TraceContext

from .errors import Code


@dataclass(frozen=True, slots=True)
class DecisionMade:
    """A decision was answered. Ids of customers are not in it.

    ``started_ns`` and ``ended_ns`` are Unix time. ``step_seconds`` has the durations of
    ``match``, ``wait`` (for the decision thread), ``commit`` and ``explain``.
    ``refusals`` counts by reason what is known without explaining, or all where explained.
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


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call was answered with an error. ``error_id`` is set for faults of ours only.

    ``status`` is what the caller saw (``NOT_FOUND``), in the words of its protocol. ``cause`` is
    the exception behind a fault of ours: its traceback goes to the process log, nowhere else.
    """

    method: str
    code: Code | None
    seconds: float
    error_id: str = ""
    trace: TraceContext | None = None
    status: str = ""
    cause: BaseException | None = None


@dataclass(frozen=True, slots=True)
class BatchCommitted:
    """One transaction of the decision thread. ``waiting`` is what had queued up meanwhile."""

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


Event = DecisionMade | CallFailed | BatchCommitted | RulesetLoaded | RulesetRefused


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
