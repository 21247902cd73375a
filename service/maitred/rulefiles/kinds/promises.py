"""Documents about what customers were promised."""

from typing import Annotated, Literal

from pydantic import Field

from .field_types import ActionName, Identifier, Name
from .models import Document
from .windows import Duration, Window

TIMES_MAX = 100


class Promise(Document):
    """Something promised to customers: while it is due, its action is proposed before all others."""

    kind: Literal["Promise"]
    name: Name
    """The name in explanations and refusals."""
    action: ActionName
    """The action that was promised."""
    every: Duration | None = None
    """Due when it has not been presented for this long: `15m`. Either this or `before`."""
    before: ActionName | None = None
    """Due until it was presented `times`; this action is held back until then."""
    times: Annotated[int, Field(ge=1, le=TIMES_MAX)] = 1
    """Of `before`: how often."""
    window: Window | None = None
    """Of `before`: the window in which presentations count. Without it, all of them count."""
    situation: Identifier | None = None
    """The promise applies while this `Situation` holds. Without it, always."""
