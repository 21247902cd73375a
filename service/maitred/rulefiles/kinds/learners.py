"""Documents about scores that are learned."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from maitred.rulefiles import bounds

from . import field_types
from .field_types import Name
from .models import Document, Strict
from .windows import Duration

_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Weight = Annotated[float, Field(ge=1, le=bounds.PRIOR_WEIGHT, allow_inf_nan=False)]


class Prior(Strict):
    """What is believed of an action of which nothing is known, as if so much had been seen of it."""

    successes: _Weight = 1
    """So many successes, at least 1."""
    failures: _Weight = 1
    """So many failures, at least 1. 1 and 49: two of a hundred, and one day teaches otherwise."""


class Learner(Document):
    """Learns which actions people take up. A score reads it by `learned("NAME")`: a share from 0 to 1."""

    kind: Literal["Learner"]
    name: Name
    """What `learned(...)` and `maitred learn` call it."""
    outcome: Literal["accepted", "rejected", "claimed", "redeemed"] = "accepted"
    """What counts as a success."""
    over: Literal["presented", "claimed"] = "presented"
    """Of what: a success is an `outcome` of what was `over` before."""
    within: Duration = timedelta(days=1)
    """How long after the decision the outcome counts, and a proposal teaches. Without it, `1d`."""
    prior: Prior = Prior()
    """What is believed before anything is learned. Without it, everything is as likely."""
    floor: _Share = 0
    """No action's value is lower, so that it keeps its chance."""
    ceiling: _Share = 1
    """No action's value is higher."""
    exploration: field_types.Percent = 5
    """In so many percent of decisions the values have nothing to do with what was learned."""
    purpose: Name | None = None
    """The purpose for which outcomes are learned from; required where there is a `Privacy` document."""
    enabled: bool = False
    """Whether it learns. Otherwise `learned(...)` is what the prior expects, for everybody."""
