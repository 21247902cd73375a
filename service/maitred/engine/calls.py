"""What the shell hands to the engine and gets back."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import IntEnum, unique
from typing import Any, NamedTuple

from maitred.core.behaviour.outcomes import Outcome, OutcomeKind
from maitred.core.deciding.decisions import Explain, Proposal, Refusal
from maitred.core.limits.limits import LimitKind
from maitred.core.privacy.purposes import Consent, Use
from maitred.core.privacy.signals import Gpp, Malformed, Tcf
from maitred.core.rules.treatments import Treatment
from maitred.core.trace import TraceContext
from maitred.core.values.reasons import Reason


def bytes_of(id_hex: str) -> bytes:
    """Returns what an id stands for; empty where it is none of ours."""
    try:
        return bytes.fromhex(id_hex)
    except ValueError:
        return b""


class DecideCall(NamedTuple):
    """One Decide, checked in form but not yet against a ruleset.

    ``context`` is the JSON object as sent. ``fingerprint`` (16 bytes) stands for the whole
    content: a retry has the same one. ``deadline`` is on ``time.monotonic``'s clock, in
    seconds. ``at`` is the instant to decide as of; ``None`` is now. ``ruleset`` pins a hash.
    ``explain_actions`` are the only actions to explain; all where empty. ``claims`` are the ids of the
    claims of this checkout.
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
    consent: "ConsentSignals | None" = None
    explain_actions: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()

    @property
    def is_explained(self) -> bool:
        """Whether any explanation is asked for."""
        return self.explain is not Explain.EXPLAIN_NONE or bool(self.explain_actions)


class Answer(NamedTuple):
    """What a Decide answers with. ``unused`` are plain words on what was sent and not used.

    ``open_claims`` are the customer's claims that can be redeemed there, soonest expiry first.
    """

    decision_id: str
    ruleset: str
    proposals: tuple[Proposal, ...]
    decided_at: datetime
    refusals: tuple[Refusal, ...] = ()
    why: tuple[tuple[str, ...], ...] = ()
    degraded: bool = False
    trace_id: str = ""
    unused: tuple[str, ...] = ()
    open_claims: "tuple[OpenClaim, ...]" = ()


class RecordView(NamedTuple):
    """A decision's record as GetDecision shows it.

    ``situations``, ``uses`` and ``ruleset_version`` are known while its ruleset still loads.
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
    purposes: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    exposures: Mapping[str, str] = {}


class ClaimCall(NamedTuple):
    """One Claim: a unit of an action that a decision proposed, or named as an alternative.

    ``at`` is the instant to claim as of, ``None`` for now; ``deadline`` as in ``DecideCall``.
    """

    request_id: str
    decision_id: str
    action: str
    at: datetime | None = None
    deadline: float | None = None
    trace: TraceContext | None = None


class ClaimAnswer(NamedTuple):
    """What came of a claim. Denied, ``reason`` and ``detail`` say why; a replay has the same.

    ``alternatives`` are what can be claimed instead under the same decision. Granted, ``treatment`` are
    the words for who holds it, where the action is still in the rules. ``existing`` is whether the claim
    was there already, as the answer to another id.
    """

    granted: bool
    claim_id: str
    expires_at: datetime | None = None
    reason: Reason | None = None
    detail: str = ""
    alternatives: tuple[Proposal, ...] = ()
    treatment: Treatment[str] | None = None
    existing: bool = False


@unique
class ClaimState(IntEnum):
    """Names and numbers are those of ``maitred.v1.OpenClaim.State``."""

    HELD = 1
    REDEEMED = 2
    RELEASED = 3
    EXPIRED = 4


class OpenClaim(NamedTuple):
    """A claim as its customer has it; ``state`` is told in lists."""

    claim_id: str
    action: str
    treatment: Treatment[str]
    expires_at: datetime | None
    location_id: str = ""
    state: ClaimState | None = None


class ClaimsCall(NamedTuple):
    """Whose claims to list: exactly one of customer, session and location is given.

    ``page_token`` is what the page before has ended with. ``at`` is as of when, ``None`` for now.
    """

    customer_id: str = ""
    session_id: str = ""
    location_id: str = ""
    page_size: int = 20
    page_token: str = ""
    at: datetime | None = None


class ClaimsPage(NamedTuple):
    """Claims, the last to expire first; ``next_page_token`` is empty on the last page."""

    claims: tuple[OpenClaim, ...]
    next_page_token: str = ""


class StepCall(NamedTuple):
    """One Redeem or Release of a claim.

    ``cause`` says why it is released, ``location_id`` where it is redeemed.
    """

    request_id: str
    claim_id: str
    cause: str = ""
    at: datetime | None = None
    deadline: float | None = None
    trace: TraceContext | None = None
    location_id: str = ""


class OutcomesCall(NamedTuple):
    """What became of proposals, oldest first, at most as many as one call may carry.

    ``at`` is the instant to take them up as of, ``None`` for now.
    """

    outcomes: tuple[Outcome, ...]
    deadline: float | None = None
    at: datetime | None = None


class OutcomeAnswer(NamedTuple):
    """Whether an outcome was taken up; ``detail`` says why not, in plain words."""

    outcome_id: str
    recorded: bool
    detail: str = ""


class EventCall(NamedTuple):
    """One event as sent. ``fields_json`` is a JSON object; ``at`` is now where it is ``None``."""

    event_id: str
    customer_id: str
    kind: str
    at: datetime | None = None
    fields_json: bytes = b""
    session_id: str = ""
    withdraws: str = ""


class EventsCall(NamedTuple):
    """What customers did, at most as many as one call may carry; ``at`` as in ``OutcomesCall``.

    ``faults`` say of events by their place what could not be read of them, in plain words.
    """

    events: tuple[EventCall, ...]
    deadline: float | None = None
    at: datetime | None = None
    faults: Mapping[int, str] = {}


class EventAnswer(NamedTuple):
    """Whether an event is recorded; ``detail`` says why not, in plain words."""

    event_id: str
    recorded: bool
    detail: str = ""


class ReportedOutcome(NamedTuple):
    """What was reported of a proposal."""

    action: str
    kind: OutcomeKind
    at: datetime


class SessionStep(NamedTuple):
    """One decision as somebody at the desk looks back on it, with what became of its proposals."""

    decision_id: str
    decided_at: datetime
    channel: str
    location_id: str
    proposals: tuple[Proposal, ...]
    outcomes: tuple[ReportedOutcome, ...]


class SessionView(NamedTuple):
    """Where a session is: its last decisions, oldest first, what was rejected, and open claims."""

    session_id: str
    steps: tuple[SessionStep, ...]
    rejected: tuple[str, ...]
    open_claims: tuple[OpenClaim, ...]


class CustomerView(NamedTuple):
    """Where a customer is: open claims, the last decisions and events, newest first, and rejections."""

    customer_id: str
    open_claims: tuple[OpenClaim, ...]
    last_decisions: tuple[SessionStep, ...]
    rejections: tuple[ReportedOutcome, ...]
    events: tuple[EventCall, ...]


class LimitView(NamedTuple):
    """One limit for one subject as it stands.

    ``subject`` is in plain words (``location oslo-1``), empty for everybody together; that of
    a person is a pseudonym. ``maximum`` is ``None`` where it depends on a request. ``exhausted_at``
    is when the last unit goes at the present pace; ``None`` where it does not. Of very many
    ``actions`` only the first are told. ``also`` are kinds of events that count on top of what is ``used``.
    """

    name: str
    kind: LimitKind
    subject: str
    window: str
    counts: str
    used: int
    held: int
    maximum: int | None
    resets_at: datetime | None = None
    exhausted_at: datetime | None = None
    actions: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


class LimitsCall(NamedTuple):
    """Which limits to show: all where empty. ``max_subjects`` subjects of each limit, the fullest first.

    ``at`` is the instant to show them as of, ``None`` for now.
    """

    limit: str = ""
    action: str = ""
    location_id: str = ""
    max_subjects: int = 20
    at: datetime | None = None


class ConsentSignals(NamedTuple):
    """What the caller knows of the customer's consent, as sent; strings are not yet decoded."""

    granted: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    gpc: bool = False
    tcf: str = ""
    gpp: str = ""


NO_SIGNALS = ConsentSignals()

ReadSignals = Callable[[str, str], tuple[Tcf | Malformed | None, Gpp | Malformed | None]]
"""Reads a TCF and a GPP string, either of which may be empty; never raises."""


class RecordConsentCall(NamedTuple):
    """Statements of one customer, to be kept under ``request_id``.

    ``fingerprint`` (16 bytes) stands for the content as sent: a retry has the same one, though
    what was sent without a time has a later one by then.
    """

    request_id: str
    customer_id: str
    consents: tuple[Consent, ...]
    deadline: float | None = None
    fingerprint: bytes = b""


class ConsentView(NamedTuple):
    """What counts now for each purpose, and every statement there was, oldest first."""

    current: tuple[Consent, ...]
    history: tuple[Consent, ...]


class Erased(NamedTuple):
    """What was erased, by kind of data and number of rows; nothing at a repetition."""

    rows: Mapping[str, int]
    erased_at: datetime
