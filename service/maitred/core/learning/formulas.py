"""Scores with learned shares in them: arithmetic that is done here, on doubles alone.

What does not depend on what was learned stays an expression, evaluated once a decision; the rest is four
operators, which IEEE 754 rounds in one way, for each action with its own shares.
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

SIGNS: Mapping[str, Callable[[float, float], float]] = {"+": add, "-": sub, "*": mul, "/": truediv}


def value_of(formula: Formula, share: Callable[[str], float], facts: Facts, memo: Memo) -> float | Unknown:
    """What a formula comes to; ``share`` gives that of a learner. Unknown where it divides by zero."""
    match formula:
        case Share(learner):
            return share(learner)
        case Combined(sign, left, right):
            one = value_of(left, share, facts, memo)
            other = value_of(right, share, facts, memo)
            if isinstance(one, Unknown):
                return one
            if isinstance(other, Unknown):
                return other
            return SIGNS[sign](one, other) if other or sign != "/" else Unknown(error=NOT_FINITE)
        case Expression():
            value = evaluate(formula, facts, memo)
            return float(value) if isinstance(value, int | float) else value  # type: ignore[return-value]
        case _:
            return formula


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
