"""Documents about control groups and experiments."""

from typing import Annotated, Literal

from pydantic import Field

from maitred.rulefiles import bounds

from . import field_types
from .field_types import Name, NonEmpty
from .models import AppliesTo, Document, GuardSpec, Strict, TreatmentSpec


class Holdout(Document):
    """A control group: some customers are not proposed these actions, so that it shows what they do."""

    kind: Literal["Holdout"]
    name: Name
    """What refusals and results call it. Unique among holdouts and experiments."""
    applies_to: AppliesTo
    """The actions that are held out."""
    percent: field_types.Percent
    """How many percent of customers are held out."""
    salt: NonEmpty | None = None
    """Who is held out depends on it and on the customer alone. Without it, made of the name."""


class ArmCap(Strict):
    """A frequency cap that the arm has with another number of units."""

    name: Name
    """The `FrequencyCap`; it applies to no action that the experiment does not apply to."""
    limit: Annotated[int, Field(ge=0, le=bounds.UNITS)]
    """How many units there are in the arm, in place of the cap's own `limit`."""


class ArmSpec(Strict):
    """One of the things that are compared. What it does not say is as the action has it."""

    weight: Annotated[float, Field(gt=0, le=bounds.ARM_WEIGHT, allow_inf_nan=False)]
    """Its share among the arms: 1 and 1 are halves, 90 and 10 nine tenths and one."""
    treatments: dict[Name, TreatmentSpec] = Field(default={})
    """By channel, in place of the action's own on that channel."""
    score: field_types.ScoreField | None = None
    """In place of the action's own."""
    frequency_cap: ArmCap | None = None
    """Another number of units of a frequency cap."""


class Experiment(Document):
    """What works better: each person is in one of the arms, on every channel."""

    kind: Literal["Experiment"]
    name: Name
    """What records and results call it. Unique among holdouts and experiments."""
    applies_to: AppliesTo
    """The actions that the arms change."""
    salt: NonEmpty | None = None
    """Which arm a person is in depends on it and on the person alone. Without it, made of the name."""
    purpose: Name | None = None
    """A purpose of `Privacy`: for whom it is not allowed, actions are as they are by themselves."""
    from_: NonEmpty | None = Field(default=None, alias="from")
    """First civil date in the time zone of the `Ruleset`, included: `2026-12-01`. Without it, at once."""
    until: NonEmpty | None = None
    """Last civil date, included: `2026-12-28`. Without it, for as long as the document is there."""
    arms: dict[Name, ArmSpec]
    """Two or more, by name. One that says nothing but its `weight` is the control."""
    guard: GuardSpec | None = None
    """What ends it by itself, over any of the arms that say something, until an operator resumes it."""
