"""What learned scores come to in one decision.

A decision either explores or exploits, by a number drawn from its seed. Where it exploits, each action gets a
draw from what is believed of it (Thompson sampling): the better it is known, the closer to its share. Where
it explores, each gets any value between floor and ceiling, whatever was learned, so that none is given up,
and all have a chance that is known. Who takes no part gets the share to be expected.

The seed is the decision's id. The same seed, parameters and rules give the same values on any machine. What
was believed of the actions whose values were asked for stands in the record: deciding it again needs no
snapshot, and draws the same values.

What does not depend on the decision is worked out once for all that see the same parameters (``Taught``): of
every learner and mode a ``Way``, of every action that it gives values a ``Known``. What is left to a decision
is to draw; what its record says of that is looked up by what was asked for.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum, unique
from types import MappingProxyType
from typing import Any, NamedTuple

from maitred.core.privacy.purposes import CONSENT
from maitred.core.values.types import Facts

from . import earlier, mixing, sampling
from .learners import NEWEST_METHOD, NOTHING_LEARNED, Beta, Learner, Parameters, learner_name
from .sampling import bound_of

Draw = Callable[[Any], float]
"""A value, by what a method has begun with."""


class DrawMethod(NamedTuple):
    """A way to draw. What a decision's draws begin with is worked out of its seed once, by ``begin``.

    ``beta`` and ``uniform`` draw from a belief, and from 0 to 1, by that and by bytes that tell draws of one
    decision apart. A decision explores whose ``coin`` is below a bound.
    """

    begin: Callable[[bytes], Any]
    beta: Callable[[float, float, bytes], Draw]
    uniform: Callable[[bytes], Draw]
    coin: Callable[[bytes], bytes]


METHODS: Mapping[int, DrawMethod] = {
    1: DrawMethod(bytes, earlier.beta_draws, sampling.uniform_draws, sampling.coin),
    2: DrawMethod(bytes, sampling.beta_draws, sampling.uniform_draws, sampling.coin),
    NEWEST_METHOD: DrawMethod(mixing.begun, mixing.beta_draws, mixing.uniform_draws, mixing.coin),
}
"""By the number that records name."""
MAX_REMEMBERED = 8_192
"""Sets of actions that were asked for in one decision: a few megabytes."""


@unique
class Mode(Enum):
    """How values come about in a decision."""

    EXPLOIT = "exploit"
    EXPLORE = "explore"
    EXPECTED = "expected"
    """The person takes no part."""
    OFF = "off"
    """The learner is not enabled."""


TAKING_PART = Mode.EXPLOIT, Mode.EXPLORE


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


class Drawn(NamedTuple):
    """What each learner went by in a decision, and the arms of those that the person was exposed to.

    Of one that is not enabled nothing is told. Where the same was asked for in the same modes, it is the same
    object.
    """

    learned: Mapping[str, Learned]
    arms: tuple[tuple[str, str], ...]


NOTHING_DRAWN: Mapping[str, Learned] = MappingProxyType({})
UNTAUGHT = Drawn(NOTHING_DRAWN, ())


class Known:
    """What a learner knows of an action in one mode, and how it draws a value. By identity."""

    __slots__ = "action", "belief", "draw", "way"

    def __init__(self, way: "Way", action: str, belief: Beta, draw: Draw) -> None:
        self.way, self.action, self.belief, self.draw = way, action, belief, draw


class Way:
    """A learner in one mode, by one snapshot of parameters."""

    __slots__ = "_parameters", "known", "learner", "mode"

    def __init__(self, learner: Learner, mode: Mode, parameters: Parameters) -> None:
        self.learner, self.mode, self._parameters = learner, mode, parameters
        self.known: dict[str, Known] = {}

    def enter(self, action: str) -> Known:
        """Works out what is known of an action, for this decision and those to come."""
        learner, parameters = self.learner, self._parameters
        belief = learner.prior if self.mode is Mode.OFF else parameters.belief(learner, action)
        known = self.known[action] = Known(self, action, belief, self._draw(action, belief))
        return known

    def learned(self, beliefs: Mapping[str, Beta]) -> Learned:
        """Returns what stands in the record."""
        version, method = self._parameters.version, self._parameters.method
        return Learned(self.mode, version, self.learner.exploration, beliefs, method)

    def _draw(self, action: str, belief: Beta) -> Draw:
        learner, ending = self.learner, _ending(self.learner.name, action)
        method = METHODS[self._parameters.method]
        if self.mode is Mode.EXPLOIT:
            draw = method.beta(*belief, ending)
            is_bounded = learner.floor > 0.0 or learner.ceiling < 1.0
            return _within(learner, draw) if is_bounded else draw
        if self.mode is Mode.EXPLORE:
            floor, width, uniform = learner.floor, learner.ceiling - learner.floor, method.uniform(ending)
            return _within(learner, lambda beginning: floor + width * uniform(beginning))
        mean = learner.clamped(belief.mean)
        return lambda _: mean


def _within(learner: Learner, draw: Draw) -> Draw:
    """Draws from floor to ceiling."""
    return lambda beginning: learner.clamped(draw(beginning))


class _Ways(NamedTuple):
    """The ways of a learner: the one of every decision, or those that a decision is in one of.

    ``consent`` is the fact that says that the person takes part, empty where everybody does. A decision
    explores whose coin is below ``explores_below``; empty where none does.
    """

    always: Way | None
    consent: str
    explores_below: bytes
    exploit: Way
    explore: Way
    expected: Way

    @classmethod
    def of(cls, learner: Learner, parameters: Parameters) -> "_Ways":
        exploit, explore, expected, off = (Way(learner, mode, parameters) for mode in Mode)
        always = exploit if learner.enabled else off
        is_open = learner.enabled and bool(learner.purpose or learner.exploration)
        consent = f"{CONSENT}{learner.purpose}" if learner.purpose else ""
        bound = bound_of(learner.exploration) if learner.exploration else b""
        return cls(None if is_open else always, consent, bound, exploit, explore, expected)


class Taught:
    """The learners of a ruleset with one snapshot of ``parameters``.

    ``drawn`` is what records say, by the values that were asked for.
    """

    def __init__(self, learners: Mapping[str, Learner], parameters: Parameters) -> None:
        self.parameters, self.method = parameters, METHODS[parameters.method]
        self.ways = {name: _Ways.of(learner, parameters) for name, learner in learners.items()}
        self.drawn: dict[tuple[Known, ...], Drawn] = {}

    def enter(self, asked: tuple[Known, ...]) -> Drawn:
        """Works out what the record of a decision says that asked for these values, and of those to come."""
        if len(self.drawn) >= MAX_REMEMBERED:
            self.drawn.clear()
        drawn = self.drawn[asked] = _drawn(asked)
        return drawn


def _drawn(asked: Iterable[Known]) -> Drawn:
    beliefs: dict[Way, dict[str, Beta]] = {}
    for known in asked:
        if known.way.mode is not Mode.OFF:
            beliefs.setdefault(known.way, {})[known.action] = known.belief
    if not beliefs:
        return UNTAUGHT
    modes = {way.learner.name: way.mode for way in beliefs}
    return Drawn(
        {way.learner.name: way.learned(own) for way, own in beliefs.items()},
        tuple((learner_name(name), mode.value) for name, mode in modes.items() if mode in TAKING_PART),
    )


class Draws:
    """The values of one decision; ``asked`` is what they were asked for up to here.

    The seed is a hash.
    """

    __slots__ = "_beginning", "_facts", "_seed", "_taught", "_ways", "asked"

    def __init__(self, taught: Taught, seed: bytes, facts: Facts) -> None:
        self._taught, self._seed, self._facts = taught, seed, facts
        self._beginning = taught.method.begin(seed)
        self._ways: dict[str, Way] = {}
        self.asked: list[Known] = []

    def value(self, action: str, name: str) -> float:
        """Returns what the learner of that name gives the action: the same however often it is asked."""
        way = self._ways.get(name) or self._way(name)
        known = way.known.get(action) or way.enter(action)
        self.asked.append(known)
        return known.draw(self._beginning)

    def belief(self, name: str, action: str) -> Beta:
        """Returns what the learner of that name goes by for the action."""
        return self._known(name, action).belief

    def drawn(self, asked: tuple[Known, ...], also: Collection[tuple[str, str]] = ()) -> Drawn:
        """Returns what learners went by for what was ``asked``, and for ``also``: learners and actions."""
        if also:
            asked = tuple(dict.fromkeys((*asked, *[self._known(name, action) for name, action in also])))
        return self._taught.drawn.get(asked) or self._taught.enter(asked)

    def mode(self, name: str) -> Mode:
        """Returns how the learner's values come about."""
        return (self._ways.get(name) or self._way(name)).mode

    def _known(self, name: str, action: str) -> Known:
        way = self._ways.get(name) or self._way(name)
        return way.known.get(action) or way.enter(action)

    def _way(self, name: str) -> Way:
        ways = self._taught.ways[name]
        way = ways.always
        if way is None:
            if ways.consent and ways.consent not in self._facts:
                way = ways.expected
            # One number for all learners: scores of two explore together as far as they can.
            elif ways.explores_below and self._taught.method.coin(self._seed) < ways.explores_below:
                way = ways.explore
            else:
                way = ways.exploit
        self._ways[name] = way
        return way


NO_DRAWS = Draws(Taught({}, NOTHING_LEARNED), b"", {})
"""Of rules without learned scores."""


def _ending(learner: str, action: str) -> bytes:
    """Returns what an action's numbers come from, behind the seed. No name holds NUL."""
    return b"\0%b\0%b" % (learner.encode(), action.encode("utf-8", "surrogatepass"))
