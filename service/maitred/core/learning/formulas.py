"""Scores with learned shares in them: arithmetic that is done here, on doubles alone.

What does not depend on what was learned stays an expression, evaluated once a decision; the rest is four
operators, which IEEE 754 rounds in one way, for each action with its own shares. A formula is made into
functions when it is read, each of which calls those of its operands.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import add, mul, sub, truediv

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

ShareOf = Callable[[str], float]
"""What a learner gives the action in this decision."""
Compute = Callable[[ShareOf, Facts, Memo], float | Unknown]
"""What a formula comes to. Unknown where an expression is, or where it divides by zero."""
_Step = Callable[[ShareOf, Facts, Memo], float]


class _NoValueError(Exception):
    """An expression of the formula has no value."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__()
        self.unknown = unknown


def compiled(formula: Formula) -> Compute:
    """The formula as a function."""
    step = _step(formula)

    def compute(share: ShareOf, facts: Facts, memo: Memo) -> float | Unknown:
        try:
            return step(share, facts, memo)
        except _NoValueError as none:
            return none.unknown
        except ZeroDivisionError:
            return Unknown(error=NOT_FINITE)

    return compute


def _step(formula: Formula) -> _Step:
    match formula:
        case Share(learner):
            return lambda share, _facts, _memo: share(learner)
        case Combined(sign, Share(learner), float(number)):
            return _share_with_number(SIGNS[sign], learner, number)
        case Combined(sign, left, float(number)):
            return _with_number(SIGNS[sign], _step(left), number)
        case Combined(sign, float(number), right):
            return _number_with(SIGNS[sign], number, _step(right))
        case Combined(sign, left, right):
            return _of_two(SIGNS[sign], _step(left), _step(right))
        case Expression():
            return _evaluating(formula)
        case _:
            return lambda _share, _facts, _memo: formula


def _with_number(operator: Operator, left: _Step, number: float) -> _Step:
    return lambda share, facts, memo: operator(left(share, facts, memo), number)


def _number_with(operator: Operator, number: float, right: _Step) -> _Step:
    return lambda share, facts, memo: operator(number, right(share, facts, memo))


def _share_with_number(operator: Operator, learner: str, number: float) -> _Step:
    return lambda share, _facts, _memo: operator(share(learner), number)


def _of_two(operator: Operator, left: _Step, right: _Step) -> _Step:
    return lambda share, facts, memo: operator(left(share, facts, memo), right(share, facts, memo))


def _evaluating(expression: Expression) -> _Step:
    def step(_: ShareOf, facts: Facts, memo: Memo) -> float:
        value = evaluate(expression, facts, memo)
        if isinstance(value, int | float):
            return float(value)
        raise _NoValueError(value if isinstance(value, Unknown) else Unknown(error=NOT_FINITE))

    return step


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
