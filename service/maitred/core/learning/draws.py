"""What learned scores come to in one decision.

A decision either explores or exploits, by a number drawn from its seed. Where it exploits, each action gets a
draw from what is believed of it (Thompson sampling): the better it is known, the closer to its share. Where
it explores, each gets any value between floor and ceiling, whatever was learned, so that none is given up,
and all have a chance that is known. Who takes no part gets the share to be expected.

The seed is the decision's id. The same seed, parameters and rules give the same values on any machine, and
the parameters of the actions that were ranked stand in the record: deciding it again needs no snapshot.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum, unique
from typing import NamedTuple

from maitred.core.privacy.purposes import CONSENT
from maitred.core.values.types import Facts

from .learners import NOTHING_LEARNED, Beta, Learner, Parameters
from .sampling import beta_draw, uniforms

_COIN = b"explore"
_PERCENT = 100


@unique
class Mode(Enum):
    """How values come about in a decision."""

    EXPLOIT = "exploit"
    EXPLORE = "explore"
    EXPECTED = "expected"
    """The person takes no part."""
    OFF = "off"
    """The learner is not enabled."""


TAKING_PART = frozenset({Mode.EXPLOIT, Mode.EXPLORE})


class Drawn(NamedTuple):
    """What is believed of an action, and the value it was given."""

    belief: Beta
    value: float


class Learned(NamedTuple):
    """What a learner came to in a decision: the actions that were ranked by it, in order of name.

    ``version`` is that of the parameters, ``share`` the percentage of decisions that explore.
    """

    mode: Mode
    version: str
    share: float
    actions: Mapping[str, Drawn]


class Draws:
    """The values of one decision. Each is drawn when it is asked for, and once."""

    def __init__(
        self, learners: Mapping[str, Learner], seed: bytes, parameters: Parameters, facts: Facts
    ) -> None:
        self._learners, self._seed, self._parameters = learners, seed, parameters
        self._facts = facts
        self._modes: dict[str, Mode] = {}
        self._drawn: dict[tuple[str, str], Drawn] = {}

    def drawn(self, name: str, action: str) -> Drawn:
        """What the learner of that name gives the action."""
        key = name, action
        drawn = self._drawn.get(key)
        if drawn is None:
            drawn = self._drawn[key] = self._draw(self._learners[name], action)
        return drawn

    def of(self, action: str) -> Callable[[str], float]:
        """The values that learners give the action."""
        return lambda name: self.drawn(name, action).value

    def learned(self, name: str, actions: Iterable[str]) -> Learned:
        """What the learner came to for these actions."""
        drawn = {action: self.drawn(name, action) for action in sorted(actions)}
        return Learned(self.mode(name), self._parameters.version, self._learners[name].exploration, drawn)

    def mode(self, name: str) -> Mode:
        """How the learner's values come about."""
        mode = self._modes.get(name)
        if mode is None:
            mode = self._modes[name] = self._mode(self._learners[name])
        return mode

    def _mode(self, learner: Learner) -> Mode:
        if not learner.enabled:
            return Mode.OFF
        if learner.purpose and f"{CONSENT}{learner.purpose}" not in self._facts:
            return Mode.EXPECTED
        explores = learner.exploration and self._coin() < learner.exploration
        return Mode.EXPLORE if explores else Mode.EXPLOIT

    def _coin(self) -> float:
        """One for all learners, in percent: scores of two explore together as far as they can."""
        return _PERCENT * next(uniforms(self._seed + _COIN))

    def _draw(self, learner: Learner, action: str) -> Drawn:
        mode, belief = self.mode(learner.name), self._parameters.belief(learner, action)
        if mode is Mode.OFF:
            return Drawn(learner.prior, learner.clamped(learner.prior.mean))
        if mode is Mode.EXPECTED:
            return Drawn(belief, learner.clamped(belief.mean))
        numbers = uniforms(_key(self._seed, learner.name, action))
        if mode is Mode.EXPLORE:
            width = learner.ceiling - learner.floor
            return Drawn(belief, learner.clamped(learner.floor + width * next(numbers)))
        return Drawn(belief, learner.clamped(beta_draw(*belief, numbers)))


NO_DRAWS = Draws({}, b"", NOTHING_LEARNED, {})
"""Of rules without learned scores."""


def _key(seed: bytes, learner: str, action: str) -> bytes:
    """What an action's numbers come from. No name holds NUL."""
    return b"%b\0%b\0%b" % (seed, learner.encode(), action.encode("utf-8", "surrogatepass"))
