"""Documents about what customers did."""

from typing import Literal

from pydantic import Field

from .field_types import ColumnName, Identifier, Name
from .models import Document, Spec
from .windows import Duration


class Event(Document):
    """Something customers do, recorded with `RecordEvents`; attributes are computed over `events.NAME`."""

    kind: Literal["Event"]
    name: Identifier
    """The name in conditions, `events.NAME`, and the `kind` when it is recorded."""
    purpose: Name | None = None
    """What it is processed for: a purpose of `Privacy`, or `none`. Not kept where that is not allowed."""
    fields: dict[ColumnName, Spec] = Field(default={})
    """The fields that are sent with it, each with its type; read as `event.NAME`."""
    retention: Duration
    """How long after it happened it is kept and counts: `400d`."""
