"""The kinds of documents that limit: ``FrequencyCap`` and ``Capacity``."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from maitred.core.limits import DEFAULT_HOLD

from . import limit_messages
from .fields import Name, NonEmpty, refuse
from .kinds import AppliesTo, Document, Strict
from .limit_fields import Day, Duration, Per, Percent, Units

CountsName = Literal["decided", "presented", "claimed", "redeemed", "rejected"]
PeriodName = Literal["day", "week", "month", "year"]
WindowWord = Literal["lifetime", "session"]
_WORDS = ("lifetime", "session")


class WindowSpec(Strict):
    """The stretch of time whose units count: one of `rolling`, `calendar`, `lifetime` and `session`."""

    rolling: Duration | None = None
    """Looks back so long from now: `7d`, `1h30m`."""
    calendar: PeriodName | None = None
    """The civil calendar of `timezone`."""
    lifetime: Literal[True] | None = None
    """Never resets. `window: lifetime` for short."""
    session: Literal[True] | None = None
    """One `session.id`. `window: session` for short."""
    timezone: NonEmpty | None = None
    """Of a calendar: IANA time zone, or `location` for the location's own. Without it, the `Ruleset`'s."""
    week_starts: Day = "mon"
    """Of `calendar: week`: the day it starts on."""


def _window(value: Any) -> Any:
    if isinstance(value, str):
        if value not in _WORDS:
            raise refuse(limit_messages.bad_window(value, _WORDS))
        return {value: True}
    return value


Window = Annotated[WindowSpec, BeforeValidator(_window, json_schema_input_type=WindowWord | WindowSpec)]
Hold = Annotated[Duration, Field(json_schema_extra={"default": "20m"})]


class PaceSpec(Strict):
    """How fast units may go."""

    limit: Units
    """How many: a number or an attribute, as above."""
    window: Window
    """In any stretch of this length: `{rolling: 15m}`."""


class OverbookSpec(Strict):
    """Units that may be given out beyond the limit, as some never come."""

    percent: Percent
    """Of the limit, rounded down."""


class LimitDocument(Document):
    """What both kinds of limits say."""

    name: Name
    """What refusals name. Unique among all limits."""
    applies_to: AppliesTo
    """The actions that take a unit."""
    limit: Units
    """How many: a number, or an int attribute: `location.NAME`, `row.NAME` or one of a `Context`."""
    window: Window
    """How long a unit counts: `{rolling: 7d}`, `{calendar: day}`, `lifetime` or `session`."""
    hold: Hold = DEFAULT_HOLD
    """How long a unit is held before it is spent or goes back. Without it, `20m`."""
    on_failure: Literal["closed", "open"] = "closed"
    """When the ledger cannot answer: `closed` refuses, `open` proposes all the same (messages only)."""
    letter_case: Literal["exact", "ignore"] = "exact"
    """Whether ids that differ in letter case only are the same: `ignore` counts them together."""


class FrequencyCap(LimitDocument):
    """How often somebody gets something."""

    kind: Literal["FrequencyCap"]
    per: Per
    """Whom it is counted for: `customer`, `household`, `device`, `session` or attributes."""
    counts: CountsName = "presented"
    """The step at which a unit is spent."""


class Capacity(LimitDocument):
    """How much there is of something."""

    kind: Literal["Capacity"]
    per: Per = Field(default=[])
    """Where it is counted: `location`, attributes. Without it, everybody together (`chain`)."""
    counts: CountsName = "claimed"
    """The step at which a unit is spent."""
    pace: PaceSpec | None = None
    """How fast they may go, besides."""
    overbook: OverbookSpec | None = None
    """How many more than there are may be given out."""
