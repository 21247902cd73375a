"""Conditions in plain words: what was needed, what was there."""

from collections.abc import Callable
from dataclasses import dataclass

from maitred.core.conditions.model import (
    All,
    Any,
    Condition,
    Literal,
    OneOf,
    Overlaps,
    Present,
    Residual,
    Test,
    Unknown,
    Within,
)
from maitred.core.conditions.scan import Memo, truth
from maitred.core.learning.draws import Draws, Mode
from maitred.core.privacy.purposes import lacking_words, permission_words
from maitred.core.rules.live import CLOCK, clock_name, clock_need, clock_value
from maitred.core.values.scalars import Address, network_words
from maitred.core.values.types import SITUATION, Fact, Facts, Invalid
from maitred.core.values.wording import set_words, value_words

MAX_TERMS = 4
"""Terms told of one condition."""


def drawn_words(draws: Draws, learner: str, action: str) -> str:
    """Returns what a learner gave an action, and how that came about."""
    successes, failures = draws.belief(learner, action)
    known = f"{successes:g} to {failures:g}"
    ways = {
        Mode.EXPLOIT: f"drawn from what was learned, {known}",
        Mode.EXPLORE: "any value, as this decision explores",
        Mode.EXPECTED: f"expected from what was learned, {known}, as this person takes no part",
        Mode.OFF: f"expected before anything is learned, {known}, as it is not enabled",
    }
    return f"learned {learner} is {draws.value(action, learner):.4g}: {ways[draws.mode(learner)]}"


def need_words(literal: Literal) -> str:
    """Returns what a literal needs: ``customer.tier in ["gold", "platinum"]``."""
    name, wanted = literal.attribute, literal.wanted
    permission = permission_words(name)
    if permission:
        return permission if literal.wanted else f"no {permission}"
    if name.startswith(CLOCK):
        return clock_need(name, literal.test)
    match literal.test:
        case Present():
            return f"{name} to be {'there' if wanted else 'absent'}"
        case OneOf(values) if is_truth(literal.test):
            return name if wanted is (True in values) else f"not {name}"
        case OneOf(values) if len(values) == 1:
            return f"{name} {'=' if wanted else '!='} {value_words(next(iter(values)))}"
        case OneOf(values):
            return f"{name} {'in' if wanted else 'not in'} {set_words(values)}"
        case Overlaps(values):
            return f"{name} {'with one of' if wanted else 'with none of'} {set_words(values)}"
        case Within() as test:
            return _range_words(name, test) if wanted else f"not ({_range_words(name, test)})"


def is_truth(test: Test) -> bool:
    """Returns whether a test asks for ``true`` or for ``false``; 1 and 0 equal them and are numbers."""
    return isinstance(test, OneOf) and [type(value) for value in test.values] == [bool]


def _range_words(name: str, test: Within) -> str:
    if isinstance(test.low, Address) and isinstance(test.high, Address):
        return f"{name} in {network_words(test.low, test.high)}"
    if test.low is not None and test.low == test.high:
        return f"{name} = {value_words(test.low)}"
    low = f"{name} {'>' if test.low_open else '>='} {value_words(test.low)}" if test.low is not None else ""
    high = (
        f"{name} {'<' if test.high_open else '<='} {value_words(test.high)}" if test.high is not None else ""
    )
    return " and ".join(filter(None, (low, high)))


@dataclass(frozen=True, slots=True)
class FactReasons:
    """What is behind a fact: why it is ``absent``, and what a ``situation`` that is needed, or not, rests on.

    Both take a name, of an attribute and of a situation; the second also whether it is to hold.
    """

    absent: Callable[[str], str]
    situation: Callable[[str, bool], str]


def _is_absent(_: str) -> str:
    return "is absent"


def _needs_situation(name: str, wanted: bool) -> str:  # noqa: FBT001 -- a truth value
    return f"needs {'' if wanted else 'no '}{name}"


NO_BACKGROUND = FactReasons(_is_absent, _needs_situation)


def shortfall_words(
    condition: Condition, facts: Facts, memo: Memo, background: FactReasons = NO_BACKGROUND
) -> str:
    """Returns why a condition is not true: ``needs customer.tier in ["gold", "platinum"], is "basic"``."""
    match condition:
        case Literal(attribute, test, wanted) if attribute.startswith(SITUATION) and is_truth(test):
            assert isinstance(test, OneOf)
            return background.situation(attribute.removeprefix(SITUATION), wanted is (True in test.values))
        case Literal(attribute, test):
            return f"needs {need_words(condition)}, {_found_words(attribute, facts, test, background)}"
        case Residual(expression, wanted):
            needs = expression.text if wanted else f"not ({expression.text})"
            return f"needs {needs}, {_reads_words(condition, facts, memo, background)}"
        case All(terms):
            failing = [term for term in terms if truth(term, facts, memo) is not True]
            return joined([shortfall_words(term, facts, memo, background) for term in failing], "; ")
        case Any(terms):
            words = [shortfall_words(term, facts, memo, background) for term in terms]
            return joined(words, ", or ") or "can never hold"


def joined(words: list[str], glue: str) -> str:
    """Each once, and of many the first."""
    words = list(dict.fromkeys(filter(None, words)))
    more = [f"{len(words) - MAX_TERMS} more"] if len(words) > MAX_TERMS else []
    return glue.join(words[:MAX_TERMS] + more)


def _found_words(attribute: str, facts: Facts, test: Test, background: FactReasons) -> str:
    if attribute not in facts:
        return lacking_words(attribute, facts) or background.absent(attribute)
    value = facts[attribute]
    if isinstance(test, Present):
        return "is there"
    if isinstance(value, Invalid):
        return value_words(value)
    return f"is {repr(value) if _looks_met(value, test) else _named_value(attribute, value)}"


def _looks_met(value: Fact, test: Test) -> bool:
    """Returns whether a double is told like one that is asked for, and differs from it in its last digits."""
    if not isinstance(value, float):
        return False
    asked = (
        test.values if isinstance(test, OneOf) else (test.low, test.high) if isinstance(test, Within) else ()
    )
    text = value_words(value)
    return any(isinstance(one, float) and one != value and value_words(one) == text for one in asked)


def unknown_words(unknown: Unknown, background: FactReasons) -> str:
    """Returns why an expression has no value: ``customer.tier is absent``."""
    missing = unknown.missing
    if not missing:
        return str(unknown.error)
    if missing.startswith(SITUATION):
        return background.situation(missing.removeprefix(SITUATION), True)
    return f"{missing} {background.absent(missing)}"


def _reads_words(residual: Residual, facts: Facts, memo: Memo, background: FactReasons) -> str:
    result = truth(residual, facts, memo)
    if isinstance(result, Unknown):
        return unknown_words(result, background)
    read = sorted(residual.expression.reads)
    words = ", ".join(
        f"{_public(name)} is {_named_value(name, facts[name])}" for name in read if name in facts
    )
    return words or "is not so"


def _public(attribute: str) -> str:
    return clock_name(attribute) if attribute.startswith(CLOCK) else attribute


def _named_value(attribute: str, value: Fact) -> str:
    return clock_value(attribute, value) if attribute.startswith(CLOCK) else value_words(value)
