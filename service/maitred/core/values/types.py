"""Values a condition may read, and the types they are declared with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, unique

from .scalars import Keyed

Scalar = bool | int | float | str | datetime | timedelta | date | Decimal | Keyed
"""Timestamps are aware (UTC), to the microsecond. Amounts have all the digits of their type."""
Item = Mapping[str, "Scalar | tuple[Scalar, ...]"]
"""An object in a list, by the names of its fields. Absent is not in it."""
Value = Scalar | tuple[Scalar, ...]


@unique
class Kind(Enum):
    """What a value of an attribute, or an element of a list, can be. ``kinds`` says all about each."""

    BOOL = "bool"
    INT = "int"
    DOUBLE = "double"
    STRING = "string"
    TIMESTAMP = "timestamp"
    DURATION = "duration"
    DECIMAL = "decimal"
    VERSION = "version"
    DATE = "date"
    IP = "ip"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class AttributeType:
    """``kind``, or a list of it.

    ``digits`` are those after the point of a decimal. ``fields`` are those of an object, each an
    attribute by its bare name, and ``item`` is what conditions call one of a list of objects.
    """

    kind: Kind
    is_list: bool = False
    digits: int = 0
    fields: tuple["Attribute", ...] = ()
    item: str = ""

    def __str__(self) -> str:
        name = f"{self.kind.value}({self.digits})" if self.kind is Kind.DECIMAL else self.kind.value
        return f"list<{name}>" if self.is_list else name


@dataclass(frozen=True, slots=True)
class Invalid:
    """Stands in the facts for a value that was sent but cannot be used.

    Rules that read it are not true, with reason ``RULE_ERROR``; ``why`` is plain words.
    """

    why: str


Fact = Value | tuple[Item, ...] | Invalid
Facts = dict[str, Fact]
"""What is known, by qualified attribute name (``customer.age``). Absent is not in it."""

CHANNEL, CUSTOMER_ID, LOCATION_ID, SESSION_ID = "channel", "customer.id", "location.id", "session.id"
"""Attributes that requests bring beside their context."""
SITUATION, LOCATION, ROW, LIST = "situation.", "location.", "row.", "list."
"""What names begin with, by where their values come from."""
OWN = "~"
"""Begins attributes of the service itself: no rule file can name them."""
HOLD_EXPIRES = "hold.expires"
"""What treatments may show and no condition can read: when the proposal's hold expires."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute that conditions may read.

    Text is compared as it is read: folded where ``ignores_case``, without blanks at its ends where
    ``is_trimmed``. ``sources`` are what a computed attribute is worked out from: it is absent where one
    of them may not be read. A text longer than ``max_length``, in a list too, or a list of more than
    ``max_items`` is ``Invalid``; 0 is no bound.
    """

    name: str
    type: AttributeType
    allowed: tuple[Scalar, ...] = ()
    purpose: str | None = None
    sensitive: str | None = None
    description: str = ""
    max_length: int = 0
    max_items: int = 0
    ignores_case: bool = False
    is_trimmed: bool = False
    sources: frozenset[str] = frozenset()
