"""What learned scores come to in one decision.

A decision either explores or exploits, by a number drawn from its seed. Where it exploits, each action gets a
draw from what is believed of it (Thompson sampling): the better it is known, the closer to its share. Where
it explores, each gets any value between floor and ceiling, whatever was learned, so that none is given up,
and all have a chance that is known. Who takes no part gets the share to be expected.

The seed is the decision's id. The same seed, parameters and rules give the same values on any machine. What
was believed of the actions whose values were asked for stands in the record: deciding it again needs no
snapshot, and draws the same values.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum, unique
from functools import lru_cache, partial
from typing import NamedTuple

from maitred.core.privacy.purposes import CONSENT
from maitred.core.values.types import Facts

from . import earlier, sampling
from .formulas import ShareOf
from .learners import NEWEST_METHOD, NOTHING_LEARNED, Beta, Learner, Parameters
from .sampling import uniform

METHODS: Mapping[int, Callable[[float, float, bytes], float]] = {
    1: earlier.beta_draw,
    NEWEST_METHOD: sampling.beta_draw,
}
"""How a value is drawn from a belief and a key, by the number that records name."""
_COIN = b"explore"
_PERCENT = 100
MAX_REMEMBERED = 16_384
"""Names of actions, a few megabytes."""


@unique
class Mode(Enum):
    """How values come about in a decision."""

    EXPLOIT = "exploit"
    EXPLORE = "explore"
    EXPECTED = "expected"
    """The person takes no part."""
    OFF = "off"
    """The learner is not enabled."""


TAKING_PART = _EXPLOIT, _EXPLORE = Mode.EXPLOIT, Mode.EXPLORE


class Learned(NamedTuple):
    """What a learner went by in a decision: what is believed of each action that it gave a value.

    ``version`` and ``method`` are those of the parameters, ``share`` is the percentage of decisions that
    explore.
    """

    mode: Mode
    version: str
    share: float
    beliefs: Mapping[str, Beta]
    method: int = NEWEST_METHOD


Asked = tuple[str, str]
"""A learner and an action, by name."""


class Draws:
    """The values of one decision. Each is drawn when it is asked for, and once."""

    __slots__ = "_draw", "_facts", "_learners", "_modes", "_parameters", "_seed", "_values"

    def __init__(
        self, learners: Mapping[str, Learner], seed: bytes, parameters: Parameters, facts: Facts
    ) -> None:
        self._learners, self._seed, self._parameters = learners, seed, parameters
        self._facts, self._draw = facts, METHODS[parameters.method]
        self._modes: dict[str, Mode] = {}
        self._values: dict[Asked, float] = {}

    def value(self, action: str, name: str) -> float:
        """What the learner of that name gives the action."""
        key = name, action
        value = self._values.get(key)
        if value is None:
            learner = self._learners[name]
            mode = self._modes.get(name) or self.mode(name)
            if mode is _EXPLOIT:
                successes, failures = self._parameters.belief(learner, action)
                value = self._draw(successes, failures, self._seed + _suffix(name, action))
            elif mode is _EXPLORE:
                width = learner.ceiling - learner.floor
                value = learner.floor + width * uniform(self._seed + _suffix(name, action))
            else:
                value = self.belief(name, action).mean
            if not learner.floor <= value <= learner.ceiling:
                value = learner.clamped(value)
            self._values[key] = value
        return value

    def of(self, action: str) -> ShareOf:
        """The values that learners give the action."""
        return partial(self.value, action)

    def asked(self) -> Collection[Asked]:
        """What values have been asked for up to here."""
        return tuple(self._values)

    def belief(self, name: str, action: str) -> Beta:
        """What the learner of that name goes by for the action."""
        learner = self._learners[name]
        return self._parameters.belief(learner, action) if learner.enabled else learner.prior

    def learned(self, asked: Iterable[Asked]) -> Mapping[str, Learned]:
        """What each learner went by for these. Of one that is not enabled nothing is told."""
        learned: dict[str, Learned] = {}
        beliefs: dict[str, dict[str, Beta]] = {}
        for name, action in asked:
            learner = self._learners[name]
            if not learner.enabled:
                continue
            own = beliefs.get(name)
            if own is None:
                own = beliefs[name] = {}
                version, method = self._parameters.version, self._parameters.method
                learned[name] = Learned(self.mode(name), version, learner.exploration, own, method)
            own[action] = self._parameters.belief(learner, action)
        return learned

    def mode(self, name: str) -> Mode:
        """How the learner's values come about."""
        mode = self._modes.get(name)
        if mode is not None:
            return mode
        learner = self._learners[name]
        if not learner.enabled:
            mode = Mode.OFF
        elif learner.purpose and f"{CONSENT}{learner.purpose}" not in self._facts:
            mode = Mode.EXPECTED
        # One number for all learners: scores of two explore together as far as they can.
        elif learner.exploration and _PERCENT * uniform(self._seed + _COIN) < learner.exploration:
            mode = _EXPLORE
        else:
            mode = _EXPLOIT
        self._modes[name] = mode
        return mode


NO_DRAWS = Draws({}, b"", NOTHING_LEARNED, {})
"""Of rules without learned scores."""


@lru_cache(MAX_REMEMBERED)
def _suffix(learner: str, action: str) -> bytes:
    """What an action's numbers come from, behind the seed. No name holds NUL."""
    return b"\0%b\0%b" % (learner.encode(), action.encode("utf-8", "surrogatepass"))
