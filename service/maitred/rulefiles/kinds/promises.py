"""Documents about what customers were promised."""

from typing import Annotated, Literal

from pydantic import Field

from .field_types import ActionName, Identifier, Name
from .models import Document
from .windows import Duration, Window

TIMES_MAX = 100


class Promise(Document):
    """What a customer was promised: the action is due, and outranks everything else that is appropriate."""

    kind: Literal["Promise"]
    name: Name
    """What explanations and refusals name."""
    action: ActionName
    """What was promised."""
    every: Duration | None = None
    """Due when it was not presented for so long: `15m`. Either this or `before`."""
    before: ActionName | None = None
    """Due until it was presented `times`; this action is held back until then."""
    times: Annotated[int, Field(ge=1, le=TIMES_MAX)] = 1
    """Of `before`: how often."""
    window: Window | None = None
    """Of `before`: how far back it counts that it was presented. Without it, ever."""
    situation: Identifier | None = None
    """It counts while this `Situation` holds. Without it, always."""
