"""The kinds of documents that limit, ``FrequencyCap`` and ``Capacity``, and the types of their fields."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from maitred.core.limits.limits import DEFAULT_HOLD
from maitred.core.values.types import CHANNEL, CUSTOMER_ID, LOCATION_ID, SESSION_ID
from maitred.rulefiles import bounds
from maitred.rulefiles.messages import file_messages, limit_messages

from . import field_types
from .field_types import Name, NonEmpty, Strict
from .models import AppliesTo, Document
from .windows import Duration, Window

ACTION = "action"
"""In ``per``: each action has units of its own."""
CHAIN = "chain"
"""In ``per``: everybody together."""

SHORT: Mapping[str, str] = {
    "customer": CUSTOMER_ID,
    "household": "household.id",
    "device": "device.id",
    "location": LOCATION_ID,
    CHANNEL: CHANNEL,
    "session": SESSION_ID,
}
"""The short words of ``per`` and the attributes they stand for."""


class Quota(NamedTuple):
    """A number of units that the request gives, and the one for where it does not."""

    attribute: str
    default: int


def _units(value: Any) -> int | str | Quota:
    if isinstance(value, dict):
        return _quota(value)
    if isinstance(value, str):
        if (
            field_types.COLUMN.fullmatch(value)
            or not value.strip()
            or len(value) > bounds.EXPRESSION_CHARACTERS
        ):
            raise field_types.refuse(limit_messages.bad_units(value))
        return value.strip()
    return _number(value)


def _quota(value: dict[Any, Any]) -> Quota:
    if value.keys() != {"attribute", "default"}:
        raise field_types.refuse(limit_messages.bad_quota(value))
    attribute = value["attribute"]
    if not isinstance(attribute, str) or not is_attribute(attribute):
        raise field_types.refuse(limit_messages.bad_quota_attribute(attribute))
    return Quota(attribute=attribute, default=_number(value["default"]))


def _written(units: Any) -> Any:
    return units._asdict() if isinstance(units, Quota) else units


def is_attribute(text: str) -> bool:
    """Returns whether a number of units is named by an attribute, and not worked out by an expression."""
    return bool(field_types.ATTRIBUTE.fullmatch(text))


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise field_types.refuse(limit_messages.bad_units(value))
    if not are_units(value):
        raise field_types.refuse(limit_messages.units_out_of_range(value))
    return value


def are_units(value: int) -> bool:
    """Returns whether there can be so many."""
    return 0 <= value <= bounds.UNITS


def _percent(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= bounds.OVERBOOK_PERCENT:
        raise field_types.refuse(limit_messages.bad_percent(value))
    return value


def _word(text: str) -> str:
    name = SHORT.get(text, text)
    if name not in (ACTION, CHAIN, CHANNEL) and not field_types.ATTRIBUTE.fullmatch(name):
        raise field_types.refuse(limit_messages.bad_per(text, (*SHORT, ACTION, CHAIN)))
    return name


def _per(names: list[str]) -> list[str]:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise field_types.refuse(file_messages.duplicate_value(min(twice)))
    if CHAIN in names and len(names) > 1:
        raise field_types.refuse(limit_messages.chain_stands_alone())
    return [name for name in names if name != CHAIN]


Units = Annotated[
    int | str | Quota,
    PlainValidator(_units),
    PlainSerializer(_written),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": bounds.UNITS},
                {"type": "string", "minLength": 1, "maxLength": bounds.EXPRESSION_CHARACTERS},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["attribute", "default"],
                    "properties": {
                        "attribute": {"type": "string", "pattern": f"^{field_types.ATTRIBUTE.pattern}$"},
                        "default": {"type": "integer", "minimum": 0, "maximum": bounds.UNITS},
                    },
                },
            ]
        }
    ),
]
Percent = Annotated[
    int,
    PlainValidator(_percent),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": bounds.OVERBOOK_PERCENT}),
]
PerWord = Annotated[
    str,
    AfterValidator(_word),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [*SHORT, ACTION, CHAIN]},
                {"type": "string", "pattern": f"^{field_types.ATTRIBUTE.pattern}$"},
            ]
        }
    ),
]
Per = Annotated[list[PerWord], AfterValidator(_per), PlainSerializer(sorted)]
"""Qualified names, and ``action``; the units of everybody together are those of nobody."""
CountsName = Literal["decided", "presented", "claimed", "redeemed", "rejected"]

Hold = Annotated[Duration, Field(json_schema_extra={"default": "20m"})]


class PaceSpec(Strict):
    """How fast units may be given out."""

    limit: Units
    """How many: a number or an attribute, as above."""
    window: Window
    """The length of the window: `{rolling: 15m}`."""


class OverbookSpec(Strict):
    """Units that may be given out beyond the limit, as some customers do not come."""

    percent: Percent
    """A percentage of the limit, rounded down."""


class LimitDocument(Document):
    """What both kinds of limits say."""

    name: Name
    """The name in refusals. Unique among all limits."""
    applies_to: AppliesTo
    """The actions that take a unit."""
    limit: Units
    """How many: a number; an int attribute (`location.NAME`, `row.NAME`, one of a `Context`), also as
    `{attribute: NAME, default: N}` for where it is absent; or a number in CEL, rounded down."""
    window: Window
    """How long a unit counts: `{rolling: 7d}`, `{calendar: day}`, `lifetime` or `session`."""
    hold: Hold = DEFAULT_HOLD
    """How long a unit is held before it is spent or given back. Without it, `20m`."""
    on_failure: Literal["closed", "open"] = "closed"
    """When the ledger does not answer: `closed` refuses, `open` proposes all the same (messages only)."""
    letter_case: Literal["exact", "ignore"] = "exact"
    """Whether ids that differ in letter case only are the same: `ignore` counts them together."""
    anonymous: Literal["refuse", "allow"] = "refuse"
    """A request without a customer, where there is no subject: `allow` lets it pass uncounted."""


class FrequencyCap(LimitDocument):
    """Limits how often somebody gets something."""

    kind: Literal["FrequencyCap"]
    per: Per
    """For whom units are counted: `customer`, `household`, `device`, `session` or attributes."""
    counts: CountsName = "presented"
    """The step at which a unit is spent."""
    also: Annotated[list[NonEmpty], Field(min_length=1), AfterValidator(field_types.distinct)] = Field(
        default=[]
    )
    """Events of the customer that count like units: `events.contact`, for contacts by other systems."""


class Capacity(LimitDocument):
    """Limits how much of something is given out."""

    kind: Literal["Capacity"]
    per: Per = Field(default=[])
    """Where it is counted: `location`, attributes. Without it, everybody together (`chain`)."""
    counts: CountsName = "claimed"
    """The step at which a unit is spent."""
    pace: PaceSpec | None = None
    """How fast units may be given out, in addition."""
    overbook: OverbookSpec | None = None
    """How many units more than the limit may be given out."""
