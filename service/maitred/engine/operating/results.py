"""What is asked of an experiment, and what it has shown: values that need no library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from maitred.core.behaviour.outcomes import OutcomeKind

MISMATCH_ALPHA = 0.001
"""Below it shares are told to be wrong: they are looked at often, and a mismatch spoils everything else."""
WITHIN = timedelta(days=7)
OTHERS = "*"
"""In a policy: everybody whose segment has no lines of its own."""
POLICY_LINES_MAX = 10_000
PERSONS_MIN = 50
"""Of each arm: of fewer nothing is said, for it would say nothing or who they are."""


class PolicyLine(NamedTuple):
    """How often a policy chooses an arm in a segment; ``place`` is where it says so, for faults."""

    place: str
    segment: str
    arm: str
    probability: Fraction


def names_segments(policy: Sequence[PolicyLine]) -> bool:
    """Returns whether a policy tells segments apart, so that it must be said what of."""
    return any(line.segment != OTHERS for line in policy)


class ResultsCall(NamedTuple):
    """Which experiment or holdout to show, by what goal: a kind of outcome, or the kind of an event.

    What persons did ``within`` that time of their first exposure counts, of one ``action`` alone where it is
    named. An empty ``control`` is the held out, the arm called control, or the first that changes nothing.
    ``by`` is an attribute that segments are made of, or ``channel`` or ``location``. ``at`` is as of when,
    ``None`` for now. The worth of a ``policy`` is told too.
    """

    experiment: str
    goal: OutcomeKind | str = OutcomeKind.ACCEPTED
    within: timedelta = WITHIN
    action: str = ""
    control: str = ""
    by: str = ""
    at: datetime | None = None
    deadline: float | None = None
    policy: Sequence[PolicyLine] = ()


@dataclass(frozen=True, slots=True)
class Interval:
    """What a number lies between."""

    lower: float
    upper: float

    @property
    def excludes_zero(self) -> bool:
        """Whether it is not nothing."""
        return self.lower > 0 or self.upper < 0


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """What is counted of one arm. ``refused`` are decisions in which a limit refused an action, by reason."""

    name: str
    persons: int
    decisions: int
    reached: int
    outcomes: Mapping[str, int]
    refused: Mapping[str, int]

    @property
    def rate(self) -> float:
        """The share that reached the goal."""
        return self.reached / self.persons if self.persons else 0.0


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The difference with what persons did before taken out (CUPED), and how much less it varies."""

    difference: float
    interval: Interval
    variance_saved: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One arm against the control.

    ``fixed`` is right for who looks once, at the planned end; ``always`` at every look. ``p_value`` belongs
    to ``fixed`` and is corrected for how many arms or segments are compared (Holm).
    """

    arm: str
    difference: float
    fixed: Interval
    p_value: float
    always: Interval
    adjusted: Adjusted | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is estimated, and what it lies between."""

    value: float
    interval: Interval

    def within(self, lower: float, upper: float) -> "Estimate":
        """Returns the interval cut to what is possible at all."""
        cut = Interval(max(self.interval.lower, lower), min(self.interval.upper, upper))
        return Estimate(self.value, cut)


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """What a policy would have reached, beside what did.

    ``effective`` is how many decisions of the policy's own would say as much (Kish), ``heaviest`` the
    largest weight of one decision. ``difference`` is the policy's value less that of the log; ``always`` is
    its interval that holds at every look.
    """

    decisions: int
    effective: float
    heaviest: float
    logged: Estimate
    inverse_propensity: Estimate
    self_normalized: Estimate
    doubly_robust: Estimate
    difference: Estimate
    always: Interval


@dataclass(frozen=True, slots=True)
class Results:
    """What an experiment has shown. ``mismatch`` is the p-value of the observed shares of the arms.

    ``policy`` is what a plan would have reached, where one was given.
    """

    experiment: str
    goal: str
    control: str
    arms: Sequence[ArmCounts]
    comparisons: Sequence[Comparison]
    mismatch: float
    early: int
    switched: int
    segments: Mapping[str, Sequence[Comparison]] = field(default_factory=dict)
    policy: PolicyValue | None = None

    @property
    def is_mismatched(self) -> bool:
        """Whether the arms have other shares than they should, so that something else is wrong."""
        return self.mismatch < MISMATCH_ALPHA
