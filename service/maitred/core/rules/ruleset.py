"""A ruleset as the rule files say it: checked, typed, not yet compiled for matching."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, IntEnum, unique
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

from maitred.core.behaviour.events import EventKind
from maitred.core.conditions.computed import Computed
from maitred.core.conditions.model import Condition
from maitred.core.learning.learners import Learner
from maitred.core.limits.limits import Counts, Limit, parts_of
from maitred.core.privacy.purposes import PrivacyRules
from maitred.core.values.types import OWN, Attribute, Value
from maitred.core.values.windows import Window

from .expressions import Score
from .treatments import Template, Treatment


@unique
class ActionType(IntEnum):
    """Names and numbers are those of ``maitred.v1.ActionType``."""

    OFFER = 1
    SERVICE = 2
    GESTURE = 3
    MESSAGE = 4


@dataclass(frozen=True, slots=True)
class Live:
    """When an action is live, on the civil clock of ``zone``.

    ``first`` and ``last`` are civil dates, both included. ``weekdays`` are 0 (Monday) to
    6, empty for all. ``hours`` are pairs of minutes of the day, start included, end not;
    a pair whose end is not after its start runs past midnight and belongs to the day it
    starts on; empty for all day. ``zone`` is an IANA name, or ``None`` for the location's own.
    """

    first: date | None = None
    last: date | None = None
    weekdays: frozenset[int] = frozenset()
    hours: tuple[tuple[int, int], ...] = ()
    zone: str | None = None


EVERYBODY = Fraction(100)
"""The percentage of a rollout that leaves nobody out."""


@dataclass(frozen=True, slots=True)
class RolloutStep:
    """From the civil date ``first`` on, the action is rolled out to so many percent."""

    first: date
    percent: Fraction


@unique
class Direction(Enum):
    """On which side of its threshold a rate is harm."""

    ABOVE = "above"
    BELOW = "below"


@unique
class Then(Enum):
    """What a guard does: end what it watches, or hold a rollout at the percentage it has come to."""

    ROLL_BACK = "roll_back"
    HOLD = "hold"


REPORTED_WITHIN_MIN = timedelta(minutes=10)
"""Tills report what happened while they had no line."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What stops a rollout or an experiment: the share of persons with an outcome is beyond ``threshold``.

    ``threshold`` is in percent. ``outcome`` is the name of an ``OutcomeKind``; it counts ``within`` that time
    of a person's first exposure, and the person is judged ``reported_within`` later. It watches those who
    came within ``horizon`` of the first.
    """

    outcome: str
    direction: Direction
    threshold: Fraction
    horizon: timedelta
    within: timedelta
    then: Then = Then.ROLL_BACK
    reported_within: timedelta = REPORTED_WITHIN_MIN


@dataclass(frozen=True, slots=True)
class Rollout:
    """Whom an action is rolled out to: those who meet everything that is given.

    They are among the first ``percent`` of customers under ``salt``, in one of the ``groups`` (where
    there are any) and at one of the ``locations`` (likewise). ``groups`` are pairs of the name of a
    list and its customers' ids. ``steps`` raise the percentage, earliest first, on the civil
    calendar of ``zone``, an IANA name or ``None`` for the location's own. The ``guard`` stops it. The steps
    are held while something is paused that is called ``held_as``; empty where its guard does not hold.
    """

    salt: str
    percent: Fraction = EVERYBODY
    steps: tuple[RolloutStep, ...] = ()
    groups: tuple[tuple[str, frozenset[str]], ...] = ()
    locations: frozenset[str] = frozenset()
    zone: str | None = None
    guard: Guard | None = None
    held_as: str = ""


@dataclass(frozen=True, slots=True)
class Holdout:
    """A control group: the first ``percent`` of customers under ``salt`` are not proposed its actions."""

    name: str
    percent: Fraction
    salt: str


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the things that an experiment compares, and its share among the arms."""

    name: str
    weight: Fraction


@dataclass(frozen=True, slots=True)
class Experiment:
    """Which arm a person is in, from ``begins`` on and before ``ends``; ``None`` is open.

    ``arms`` stand in order of name. Who may not be processed for the ``purpose`` is in none of them;
    it is empty in rulesets without rules of privacy. The ``guard`` ends it.
    """

    name: str
    salt: str
    arms: tuple[Arm, ...]
    purpose: str = ""
    begins: datetime | None = None
    ends: datetime | None = None
    guard: Guard | None = None


DEFAULT_CLAIM_WITHIN = timedelta(days=1)
"""What was promised was meant for that moment: an old decision is no voucher."""
ALWAYS = Live()
UNSCORED = Score(constant=0.0)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition an action needs.

    ``rule`` is what refusals name: the entry's ``reason``, or else the name of the
    document it stands in. ``say`` is the author's own wording for the customer, ``says`` in other
    languages.
    """

    rule: str
    text: str
    condition: Condition
    say: str = ""
    says: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Group:
    """Actions of which at most ``at_most`` stand in one answer."""

    name: str
    at_most: int


@unique
class RedeemAt(Enum):
    """Where the claims of an action are redeemed."""

    ANY = "any"
    CLAIMED = "claimed"


@dataclass(frozen=True, slots=True)
class Action:
    """Something the business can do for a customer now.

    ``titles`` are the title in other languages. ``requirements`` are the action's own, then those of
    every ``Eligibility`` that chooses it, in order of name. ``channels`` empty means every channel.
    ``limits`` are all that apply to it, in order of key. ``alternatives`` are names of actions that take its
    place, in this order, where there is no capacity for it. ``consent`` are the purposes that
    must be allowed, ``sensitive`` the sensitive categories that it reads, by whatever way, and
    ``explicit`` those of the purposes that stand for one of them.
    Without a ``rollout`` it is for everybody. ``suppressed_by`` are the situations that hold it
    back, by name. One that is ``stand_in_only`` is never proposed but in the place of another.
    Whom one of the ``holdouts`` holds out is not proposed it. ``trials`` are the experiments it is in, of
    which one at most is on at a time; ``arm`` is that of an action as one of their arms has it.

    A decision spends a unit of the limits that count what is ``decided``, and holds one of those that are
    ``held``, until it is presented. What counts ``later`` it only looks at: what is ``claimed``, ``redeemed``
    or ``rejected``. ``checked`` are all of them with their paces, and ``checked_when_held`` those of which it
    still needs a unit where the customer holds it already. ``claim_within`` is how long a decision can be
    claimed; ``None`` is the ruleset's default.
    """

    name: str
    title: str
    type: ActionType
    owner: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    channels: frozenset[str] = frozenset()
    live: Live = ALWAYS
    requirements: tuple[Requirement, ...] = ()
    score: Score = UNSCORED
    treatments: Mapping[str, Treatment[Template]] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    alternatives: tuple[str, ...] = ()
    consent: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()
    explicit: frozenset[str] = frozenset()
    rollout: Rollout | None = None
    suppressed_by: tuple[str, ...] = ()
    redeem_at: RedeemAt = RedeemAt.ANY
    stand_in_only: bool = False
    claim_within: timedelta | None = None
    holdouts: tuple[Holdout, ...] = ()
    trials: tuple["Trial", ...] = ()
    arm: str = ""
    decided: tuple[Limit, ...] = field(init=False, compare=False, repr=False)
    held: tuple[Limit, ...] = field(init=False, compare=False, repr=False)
    claimed: tuple[Limit, ...] = field(init=False, compare=False, repr=False)
    redeemed: tuple[Limit, ...] = field(init=False, compare=False, repr=False)
    rejected: tuple[Limit, ...] = field(init=False, compare=False, repr=False)
    later: tuple[Limit, ...] = field(init=False, compare=False, repr=False)
    checked: tuple[Limit, ...] = field(init=False, compare=False, repr=False)
    checked_when_held: tuple[Limit, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name, steps in _STEPS.items():
            limits = tuple(limit for limit in self.limits if limit.counts in steps)
            object.__setattr__(self, name, limits)
        object.__setattr__(self, "checked", _with_paces(self.limits))
        object.__setattr__(self, "checked_when_held", _with_paces((*self.decided, *self.later)))


@dataclass(frozen=True, slots=True)
class Trial:
    """An experiment that an action is in: the action by arm, of the arms that have something of their own."""

    experiment: str
    actions: Mapping[str, Action]
    fact: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fact", arm_fact(self.experiment))


def arm_fact(experiment: str) -> str:
    """Returns the fact that says which arm of an experiment a person is in."""
    return f"{OWN}arm/{experiment}"


def _with_paces(limits: tuple[Limit, ...]) -> tuple[Limit, ...]:
    """Returns the very same where none has a pace."""
    if any(limit.pace for limit in limits):
        return tuple(chain.from_iterable(map(parts_of, limits)))
    return limits


_STEPS: Mapping[str, frozenset[Counts]] = {
    "decided": frozenset({Counts.DECIDED}),
    "held": frozenset({Counts.PRESENTED}),
    "claimed": frozenset({Counts.CLAIMED}),
    "redeemed": frozenset({Counts.REDEEMED}),
    "rejected": frozenset({Counts.REJECTED}),
    "later": frozenset({Counts.CLAIMED, Counts.REDEEMED, Counts.REJECTED}),
}


@dataclass(frozen=True, slots=True)
class Suppression:
    """Which actions a situation holds back: those that meet everything given."""

    types: frozenset[ActionType] = frozenset()
    labels: frozenset[tuple[str, str]] = frozenset()

    def applies_to(self, action: Action) -> bool:
        """Returns whether the action is one of them."""
        return (not self.types or action.type in self.types) and self.labels <= action.labels.items()


@dataclass(frozen=True, slots=True)
class Situation:
    """A fact derived from conditions and other situations.

    It holds when every member of ``all``, at least one of ``any`` (where there are any)
    and none of ``none`` holds. A member is a condition or the name of a situation. Without
    ``suppress`` it holds nothing back.
    """

    name: str
    all: tuple["Member", ...] = ()
    any: tuple["Member", ...] = ()
    none: tuple["Member", ...] = ()
    suppress: Suppression | None = None


@dataclass(frozen=True, slots=True)
class Atom:
    """A condition as a member of a situation; ``text`` as written."""

    text: str
    condition: Condition


Member = Atom | str


@dataclass(frozen=True, slots=True)
class Promise:
    """What a customer was promised: ``action`` is due, and outranks all others.

    It is due when it was not presented for ``every``, or fewer than ``times`` within ``window`` (ever,
    for ``None``); then the action ``before`` is held back until it was. Where a ``situation`` is named
    it counts while that holds.
    """

    name: str
    action: str
    every: timedelta | None = None
    before: str = ""
    times: int = 1
    window: Window | None = None
    situation: str = ""


class Location(NamedTuple):
    """A store or site; ``attributes`` by qualified name (``location.oven_slots``)."""

    id: str
    zone: str
    attributes: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All rule files at one version.

    ``hash`` is the SHA-256 (hex) of the canonical content. ``locations`` is ``None``
    where any location is accepted. ``channels`` are all channels named anywhere in it;
    a request for another one is malformed. ``sources`` are the files by relative path,
    enough to load it again. ``text_lengths`` are the most characters of texts, by channel and by field of
    a treatment. ``claim_within`` is how long decisions can be claimed where an action does
    not say. ``cost_ns`` is what conditions and scores cost a decision at worst.
    """

    hash: str
    version: str
    zone: str
    commit: str = ""
    language: str = "en"
    currency: str = ""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    computed: tuple[Computed, ...] = ()
    channels: frozenset[str] = frozenset()
    locations: Mapping[str, Location] | None = None
    situations: tuple[Situation, ...] = ()
    actions: tuple[Action, ...] = ()
    privacy: PrivacyRules | None = None
    events: Mapping[str, EventKind] = field(default_factory=dict)
    promises: tuple[Promise, ...] = ()
    holdouts: tuple[Holdout, ...] = ()
    experiments: tuple[Experiment, ...] = ()
    learners: tuple[Learner, ...] = ()
    sources: Mapping[str, bytes] = field(default_factory=dict)
    text_lengths: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    claim_within: timedelta = DEFAULT_CLAIM_WITHIN
    cost_ns: int = 0
