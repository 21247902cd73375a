"""Documents about control groups and experiments."""

from typing import Annotated, Literal

from pydantic import Field

from maitred.rulefiles import bounds

from . import field_types
from .field_types import Name, NonEmpty, Strict
from .models import AppliesTo, Document, GuardSpec, TreatmentSpec


class Holdout(Document):
    """A control group: customers who are not proposed the actions, so that their effect can be measured."""

    kind: Literal["Holdout"]
    name: Name
    """The name in refusals and results. Unique among holdouts and experiments."""
    applies_to: AppliesTo
    """The actions that are held out."""
    percent: field_types.Percent
    """The percentage of customers who are held out."""
    salt: NonEmpty | None = None
    """Together with the customer it decides who is held out. Without it, made of the name."""


class ArmCap(Strict):
    """A frequency cap that the arm has with another number of units."""

    name: Name
    """The `FrequencyCap`; it applies to no action that the experiment does not apply to."""
    limit: Annotated[int, Field(ge=0, le=bounds.UNITS)]
    """The number of units in the arm, in place of the cap's own `limit`."""


class ArmSpec(Strict):
    """One of the variants that are compared. Fields that it does not set are the action's own."""

    weight: Annotated[float, Field(gt=0, le=bounds.ARM_WEIGHT, allow_inf_nan=False)]
    """Its share among the arms: 1 and 1 are halves, 90 and 10 nine tenths and one."""
    treatments: dict[Name, TreatmentSpec] = Field(default={})
    """By channel, in place of the action's own on that channel."""
    score: field_types.ScoreField | None = None
    """In place of the action's own."""
    frequency_cap: ArmCap | None = None
    """Another number of units of a frequency cap."""


class Experiment(Document):
    """Compares variants of actions: each person is in one of the arms, on every channel."""

    kind: Literal["Experiment"]
    name: Name
    """The name in records and results. Unique among holdouts and experiments."""
    applies_to: AppliesTo
    """The actions that the arms change."""
    salt: NonEmpty | None = None
    """Together with the person it decides the arm. Without it, made of the name."""
    purpose: Name | None = None
    """A purpose of `Privacy`: persons for whom it is not allowed get the unchanged actions."""
    from_: NonEmpty | None = Field(default=None, alias="from")
    """First civil date in the time zone of the `Ruleset`, included: `2026-12-01`. Without it, at once."""
    until: NonEmpty | None = None
    """Last civil date, included: `2026-12-28`. Without it, for as long as the document is there."""
    arms: dict[Name, ArmSpec]
    """Two or more, by name. One with nothing but its `weight` is the control."""
    guard: GuardSpec | None = None
    """Ends the experiment over harm in any arm that is no control, until an operator resumes it."""
