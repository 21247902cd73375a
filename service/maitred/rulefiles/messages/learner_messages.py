"""Messages about learners; in the style of ``rule_messages``."""

# ruff: noqa: D103 - a message says itself what it says

from collections.abc import Iterable

from maitred.rulefiles import bounds

from .file_messages import listed, quoted


def too_many() -> str:
    return f"more than {bounds.LEARNERS} learners: one is enough for all actions whose outcome is alike"


def read_by_nothing(name: str) -> str:
    return f'no score reads learner {quoted(name)}: write `score: learned("{name}") * 10`, or remove it'


def floor_above_ceiling(floor: float, ceiling: float) -> str:
    return f"the floor {floor:g} is above the ceiling {ceiling:g}"


def over_itself(outcome: str) -> str:
    return (
        f"a share of what was {outcome} that is {outcome} is always one: choose another `outcome` or `over`"
    )


def prior_outside(mean: float) -> str:
    return f"the prior expects {mean:.4g}, which is not between `floor` and `ceiling`: that is never a value"


def hardly_explores(percent: float) -> str:
    whole = f"`{percent * 100:g}`"
    return f"{percent:g} of 100 decisions explore: this is a percentage, {whole} is that share of all"


def no_purpose(known: Iterable[str]) -> str:
    return f"say for which purpose outcomes are learned from: `purpose`, one of {listed(sorted(known))}"


def learned_limit() -> str:
    return 'a limit is the same for every decision: `learned("...")` is for scores'
