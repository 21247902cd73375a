"""Documents about scores that are learned."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from maitred.rulefiles import bounds

from . import field_types
from .field_types import Name, Strict
from .models import Document
from .windows import Duration

_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Weight = Annotated[float, Field(ge=1, le=bounds.PRIOR_WEIGHT, allow_inf_nan=False)]


class Prior(Strict):
    """The belief about an action before there are data, as a number of successes and failures."""

    successes: _Weight = 1
    """The number of successes, at least 1."""
    failures: _Weight = 1
    """The number of failures, at least 1. 1 and 49 expect two successes in a hundred."""


class Learner(Document):
    """Learns which actions people accept. A score reads it as `learned("NAME")`: a share from 0 to 1."""

    kind: Literal["Learner"]
    name: Name
    """The name in `learned(...)` and `maitred learn`."""
    outcome: Literal["accepted", "rejected", "claimed", "redeemed"] = "accepted"
    """What counts as a success."""
    over: Literal["presented", "claimed"] = "presented"
    """What the share is of: an `outcome` counts if the action was `over` before."""
    within: Duration = timedelta(days=1)
    """How long after the decision an outcome counts. Without it, `1d`."""
    prior: Prior = Prior()
    """The belief before anything is learned. Without it, every share is equally likely."""
    floor: _Share = 0
    """The lowest share that is drawn, so that no action is given up."""
    ceiling: _Share = 1
    """The highest share that is drawn."""
    exploration: field_types.Percent = 5
    """The percentage of decisions whose shares are drawn evenly, whatever was learned."""
    purpose: Name | None = None
    """The purpose for which outcomes are learned from; required where there is a `Privacy` document."""
    enabled: bool = False
    """Whether it learns. Otherwise `learned(...)` is the prior's expected share, for everybody."""
