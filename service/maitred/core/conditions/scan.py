"""The truth of a condition, worked out leaf by leaf.

The oracle for the index, what the index leaves to be checked, and the source of explanations.
"""

from maitred.core.values.types import Fact, Facts, Invalid, Scalar

from .model import (
    All,
    Any,
    Condition,
    Expression,
    Literal,
    OneOf,
    Overlaps,
    Present,
    Residual,
    Test,
    Unknown,
    Within,
)

Memo = dict[Expression, Scalar | Unknown]
"""What each distinct expression has given in this decision."""


def truth(condition: Condition, facts: Facts, memo: Memo) -> bool | Unknown:
    """True, false or unknown, in CEL's logic: ``false && unknown`` is false, ``true || unknown`` true."""
    match condition:
        case Literal():
            return _literal(condition, facts)
        case Residual(expression, wanted):
            value = evaluate(expression, facts, memo)
            return value if isinstance(value, Unknown) else value is wanted
        case All(terms):
            return _combine(terms, facts, memo, decisive=False)
        case Any(terms):
            return _combine(terms, facts, memo, decisive=True)


def evaluate(expression: Expression, facts: Facts, memo: Memo) -> Scalar | Unknown:
    """Returns the value of an expression, evaluated once per memo."""
    if expression not in memo:
        memo[expression] = expression.evaluate(facts)
    return memo[expression]


def holds(test: Test, value: Fact) -> bool:
    """Returns whether a test holds of a value of the declared type."""
    match test:
        case OneOf(values):
            return value in values
        case Overlaps(values):
            return not values.isdisjoint(value)  # type: ignore[arg-type]
        case Within():
            return _within(test, value)
        case Present():
            return True


def _literal(literal: Literal, facts: Facts) -> bool | Unknown:
    name = literal.attribute
    if isinstance(literal.test, Present):
        return (name in facts) is literal.wanted
    if name not in facts:
        return Unknown(missing=name)
    value = facts[name]
    if isinstance(value, Invalid):
        return Unknown(error=f"{name} {value.why}")
    return holds(literal.test, value) is literal.wanted


def _combine(terms: tuple[Condition, ...], facts: Facts, memo: Memo, *, decisive: bool) -> bool | Unknown:
    unknown: Unknown | None = None
    for term in terms:
        result = truth(term, facts, memo)
        if result is decisive:
            return decisive
        if isinstance(result, Unknown):
            unknown = unknown or result
    return unknown or not decisive


def _within(test: Within, value: Fact) -> bool:
    if value != value:  # noqa: PLR0124 -- NaN lies within nothing
        return False
    low, high = test.low, test.high
    if low is not None and (value < low or (test.low_open and value == low)):  # type: ignore[operator]
        return False
    return high is None or not (value > high or (test.high_open and value == high))  # type: ignore[operator]
