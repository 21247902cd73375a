"""What the shell hands to the engine and gets back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from maitred.core.decisions import Explain, Proposal, Refusal
from maitred.core.trace import TraceContext


class DecideCall(NamedTuple):
    """One Decide, checked in form but not yet against a ruleset.

    ``context`` is the JSON object as sent. ``fingerprint`` (16 bytes) stands for the whole
    content: a retry has the same one. ``deadline`` is on ``time.monotonic``'s clock, in
    seconds. ``at`` is the instant to decide as of; ``None`` is now. ``ruleset`` pins a hash.
    """

    request_id: str
    customer_id: str
    channel: str
    location_id: str
    context: Mapping[str, Any]
    fingerprint: bytes
    max_actions: int = 1
    explain: Explain = Explain.EXPLAIN_NONE
    dry_run: bool = False
    ruleset: str = ""
    at: datetime | None = None
    deadline: float | None = None
    trace: TraceContext | None = None


class Answer(NamedTuple):
    """What a Decide answers with."""

    decision_id: str
    ruleset: str
    proposals: tuple[Proposal, ...]
    decided_at: datetime
    refusals: tuple[Refusal, ...] = ()
    why: tuple[tuple[str, ...], ...] = ()
    degraded: bool = False
    trace_id: str = ""


class RecordView(NamedTuple):
    """A decision's record as GetDecision shows it.

    ``situations`` and ``ruleset_version`` are known while its ruleset still loads.
    """

    answer: Answer
    request_id: str
    customer_id: str
    channel: str
    location_id: str
    max_actions: int
    facts_json: bytes
    situations: tuple[str, ...] = ()
    ruleset_version: str = ""
    ruleset_commit: str = ""
