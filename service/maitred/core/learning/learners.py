"""What rule files say of a learned score, and what has been learned, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from types import MappingProxyType
from typing import NamedTuple

from maitred.core.values.types import OWN, Attribute, AttributeType, Kind

_LEARNED = "learned/"
LEARNED = f"{OWN}{_LEARNED}"
"""Begins the attributes that learners are to expressions; only ``learned("...")`` reads them."""


class Beta(NamedTuple):
    """What is believed of a share: the beta distribution with these parameters, each at least 1."""

    successes: float
    failures: float

    @property
    def mean(self) -> float:
        """The share to be expected."""
        return self.successes / (self.successes + self.failures)

    @property
    def deviation(self) -> float:
        """The standard deviation: about how far off the mean may be."""
        total = self.successes + self.failures
        return sqrt(self.successes * self.failures / (total + 1.0)) / total


@dataclass(frozen=True, slots=True)
class Learner:
    """Which share is learned, and how it enters scores.

    It is that of ``over`` that ``outcome`` follows ``within`` so long; both are names of an ``OutcomeKind``.
    ``prior`` is what is believed of an action of which nothing is known. A value is never below ``floor`` or
    above ``ceiling``. In so many percent of decisions, ``exploration``, it has nothing to do with what was
    learned. Who may not be processed for the ``purpose`` takes no part; it is empty in rulesets without rules
    of privacy. One that is not ``enabled`` gives what the prior expects.
    """

    name: str
    outcome: str
    over: str
    within: timedelta
    prior: Beta
    floor: float
    ceiling: float
    exploration: float
    purpose: str = ""
    enabled: bool = False

    def clamped(self, value: float) -> float:
        """The value, or the bound that it is beyond."""
        return min(max(value, self.floor), self.ceiling)


NEWEST_METHOD = 3


class Parameters(NamedTuple):
    """A snapshot of what has been learned: beliefs by learner and by action.

    ``version`` names it, and is empty where nothing was learned yet. ``method`` is how values are drawn from
    beliefs, a number of ``draws.METHODS``; a record names that of its decision.
    """

    version: str = ""
    by_learner: Mapping[str, Mapping[str, Beta]] = MappingProxyType({})
    method: int = NEWEST_METHOD

    def belief(self, learner: Learner, action: str) -> Beta:
        """What is believed of an action: the learner's prior where it was never learned."""
        beliefs = self.by_learner.get(learner.name)
        return beliefs.get(action, learner.prior) if beliefs else learner.prior


NOTHING_LEARNED = Parameters()


def is_learner(name: str) -> bool:
    """Whether an exposure is to a learner."""
    return name.startswith(_LEARNED)


def learner_name(learner: str) -> str:
    """What a learner is called among exposures; no experiment can be called so."""
    return f"{_LEARNED}{learner}"


def attribute_of(learner: str) -> Attribute:
    """The attribute that a learner is to expressions."""
    return Attribute(f"{LEARNED}{learner}", AttributeType(Kind.DOUBLE))
