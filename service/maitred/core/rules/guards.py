"""Guards: when what became of a rollout or an experiment is harm beyond doubt, however often one looks.

Of ``n`` persons ``s`` have had the outcome. Were its true rate ``p``, then

    B(1 + s, 1 + n - s) / (p**s * (1 - p)**(n - s))

would be a martingale of mean 1: the likelihood of what was seen, averaged over all rates alike, against that
of ``p`` (the beta-binomial mixture of Robbins 1970, "Statistical methods related to the law of the iterated
logarithm"). By Ville's inequality it ever reaches ``1 / ALPHA`` with probability ``ALPHA`` at most, whoever
looks and whenever. So the rates of which it stays below are a confidence sequence, which is exact for yes or
no and needs nothing but the logarithm of the gamma function.
"""

from math import lgamma, log
from typing import NamedTuple

from .ruleset import Direction, Guard

ALPHA = 0.05
"""How often a guard may stop what is no worse than its threshold, looks without number."""


def evidence(reached: int, persons: int, rate: float) -> float:
    """Returns the logarithm of the martingale against a rate above 0 and below 1."""
    others = persons - reached
    seen = lgamma(1 + reached) + lgamma(1 + others) - lgamma(2 + persons)
    return seen - reached * log(rate) - others * log(1 - rate)


class Boundary(NamedTuple):
    """Where doubt ends: a rate, the side of it that is harm, and the evidence that it takes."""

    rate: float
    above: bool
    least: float

    @classmethod
    def of(cls, guard: Guard, alpha: float = ALPHA) -> "Boundary":
        """Returns that of a guard which may be wrong so often."""
        return cls(float(guard.threshold / 100), guard.direction is Direction.ABOVE, -log(alpha))

    def is_crossed(self, reached: int, persons: int) -> bool:
        """Returns whether the rate is beyond the threshold beyond doubt."""
        expected = self.rate * persons
        is_harm = reached > expected if self.above else reached < expected
        return is_harm and evidence(reached, persons, self.rate) >= self.least


def breach_words(guard: Guard, reached: int, persons: int, arm: str = "") -> str:
    """Returns why a guard has stopped a rollout, or an experiment over one of its arms."""
    side = "more" if guard.direction is Direction.ABOVE else "less"
    return (
        f"{guard.outcome} by {reached} of {persons} persons{f' in arm {arm}' if arm else ''}"
        f" ({100 * reached / persons:.1f} %), {side} than {float(guard.threshold):g} %"
    )
