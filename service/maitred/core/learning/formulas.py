"""Scores with learned shares in them: arithmetic that is done here, on doubles alone.

What does not depend on what was learned stays an expression, evaluated once a decision; the rest is four
operators, which IEEE 754 rounds in one way, for each action with its own shares. What is most often written,
one share with a factor and a summand, is ``Linear``. Any other formula is made into functions when it is
read, each of which calls those of its operands.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from operator import add, mul, sub, truediv
from typing import NamedTuple

from maitred.core.conditions.model import Expression, Unknown
from maitred.core.conditions.scan import Memo, evaluate
from maitred.core.values.types import Facts

NOT_FINITE = "the score is not a finite number"


@dataclass(frozen=True, slots=True)
class Share:
    """What a learner gives the action."""

    learner: str


@dataclass(frozen=True, slots=True)
class Combined:
    """``left`` and ``right`` with ``+``, ``-``, ``*`` or ``/`` between."""

    sign: str
    left: "Formula"
    right: "Formula"


Formula = float | Share | Combined | Expression
"""An ``Expression`` gives a number."""

Operator = Callable[[float, float], float]
SIGNS: Mapping[str, Operator] = {"+": add, "-": sub, "*": mul, "/": truediv}

ShareOf = Callable[[str, str], float]
"""What an action is given in this decision by a learner, both by name."""
Compute = Callable[[ShareOf, str, Facts, Memo], float]
"""What a formula comes to for the action of that name.

Raises ``NoValueError`` where an expression has none, and ``ZeroDivisionError``.
"""


class Linear(NamedTuple):
    """``base + factor * share``, which is finite for every share from 0 to 1."""

    learner: str
    base: float
    factor: float


_NO_SUMMAND = -0.0
"""What changes no number that it is added to, not even the sign of a zero."""


def linear_of(formula: Formula) -> Linear | None:
    """Returns the same to the last bit, where it is one: negating is exact, and sums and products commute."""
    sign = 1.0
    match formula:
        case Combined("+", multiple, float(base)) | Combined("+", float(base), multiple):
            pass
        case Combined("-", multiple, float(number)):
            base = -number
        case Combined("-", float(base), multiple):
            sign = -1.0
        case multiple:
            base = _NO_SUMMAND
    match multiple:
        case Share(learner):
            factor = sign
        case Combined("*", Share(learner), float(number)) | Combined("*", float(number), Share(learner)):
            factor = sign * number
        case _:
            return None
    return Linear(learner, base, factor) if isfinite(abs(base) + abs(factor)) else None


class NoValueError(Exception):
    """An expression of the formula has no value."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__()
        self.unknown = unknown


def compiled(formula: Formula) -> Compute:
    """The formula as a function."""
    match formula:
        case Share(learner):
            return lambda share, action, _facts, _memo: share(action, learner)
        case Combined(sign, left, float(number)):
            return _with_number(SIGNS[sign], compiled(left), number)
        case Combined(sign, float(number), right):
            return _number_with(SIGNS[sign], number, compiled(right))
        case Combined(sign, left, right):
            return _of_two(SIGNS[sign], compiled(left), compiled(right))
        case Expression():
            return _evaluating(formula)
        case _:
            return lambda _share, _action, _facts, _memo: formula


def _with_number(operator: Operator, left: Compute, number: float) -> Compute:
    return lambda share, action, facts, memo: operator(left(share, action, facts, memo), number)


def _number_with(operator: Operator, number: float, right: Compute) -> Compute:
    return lambda share, action, facts, memo: operator(number, right(share, action, facts, memo))


def _of_two(operator: Operator, left: Compute, right: Compute) -> Compute:
    return lambda share, action, facts, memo: operator(
        left(share, action, facts, memo), right(share, action, facts, memo)
    )


def _evaluating(expression: Expression) -> Compute:
    def compute(_share: ShareOf, _action: str, facts: Facts, memo: Memo) -> float:
        value = evaluate(expression, facts, memo)
        if isinstance(value, int | float):
            return float(value)
        raise NoValueError(value if isinstance(value, Unknown) else Unknown(error=NOT_FINITE))

    return compute


def learners_in(formula: Formula) -> Iterator[str]:
    """The learners whose shares it reads, in the order of the text."""
    match formula:
        case Share(learner):
            yield learner
        case Combined(_, left, right):
            yield from learners_in(left)
            yield from learners_in(right)


def expressions_in(formula: Formula) -> Iterator[Expression]:
    """What of it is left to its own evaluator."""
    match formula:
        case Expression():
            yield formula
        case Combined(_, left, right):
            yield from expressions_in(left)
            yield from expressions_in(right)
