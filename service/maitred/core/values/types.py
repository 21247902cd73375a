"""Values a condition may read, and the types they are declared with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, unique

Scalar = bool | int | float | str | datetime | timedelta
"""Timestamps are aware (UTC), to the microsecond."""
Value = Scalar | tuple[Scalar, ...]


@unique
class Kind(Enum):
    """The scalar types of CEL that an attribute can have."""

    BOOL = "bool"
    INT = "int"
    DOUBLE = "double"
    STRING = "string"
    TIMESTAMP = "timestamp"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class AttributeType:
    """``kind``, or a list of it."""

    kind: Kind
    is_list: bool = False

    def __str__(self) -> str:
        return f"list<{self.kind.value}>" if self.is_list else self.kind.value


@dataclass(frozen=True, slots=True)
class Invalid:
    """Stands in the facts for a value that was sent but cannot be used.

    Rules that read it are not true, with reason ``RULE_ERROR``; ``why`` is plain
    words without the value itself.
    """

    why: str


Fact = Value | Invalid
Facts = dict[str, Fact]
"""What is known, by qualified attribute name (``customer.age``). Absent is not in it."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute that conditions may read."""

    name: str
    type: AttributeType
    allowed: tuple[Scalar, ...] = ()
    purpose: str | None = None
    sensitive: str | None = None
    description: str = ""
