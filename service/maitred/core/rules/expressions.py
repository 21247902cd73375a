"""The port through which rule text becomes conditions. CEL itself stands behind it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from maitred.core.conditions.computed import Term
from maitred.core.conditions.model import Condition, Expression, Unknown
from maitred.core.learning.formulas import (
    Compute,
    Formula,
    Linear,
    compiled,
    expressions_in,
    learners_in,
    linear_of,
)
from maitred.core.values.types import Attribute, AttributeType, Facts, Value

SHARE_NS = 6_000
"""One draw of a learned share, and what is made of it."""
Row = Mapping[str, Value]
"""Constants by qualified name: ``{"row.campaign_id": "8"}``."""


class ExpressionError(Exception):
    """The text does not compile. ``line`` and ``column`` count from 1 within the text.

    ``message`` is lower case, without a full stop, user input in backticks.
    """

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


@dataclass(frozen=True, slots=True)
class Score:
    """A rank: a number known when the ruleset is loaded, or a double to be evaluated.

    One with a ``formula`` depends on what was ``learned`` by the learners of these names: the formula gives
    its value, and the expression says only what it reads and costs. ``compute`` is the
    formula as a function, ``linear`` is there where it is one share with a factor and a summand.
    """

    constant: float | None = None
    expression: Expression | None = None
    formula: Formula | None = None
    learned: tuple[str, ...] = ()
    compute: Compute | None = field(init=False, compare=False, repr=False)
    linear: Linear | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        formula = self.formula
        object.__setattr__(self, "compute", None if formula is None else compiled(formula))
        object.__setattr__(self, "linear", None if formula is None else linear_of(formula))

    @classmethod
    def of_formula(cls, text: str, formula: Formula) -> "Score":
        """Returns the score of a formula that was written as ``text``."""
        parts = set(expressions_in(formula))
        learned = tuple(dict.fromkeys(learners_in(formula)))
        reads = frozenset[str]().union(*(part.reads for part in parts))
        cost_ns = sum(part.cost_ns for part in parts) + SHARE_NS * len(learned)
        return cls(None, Expression(text, reads, _by_formula, cost_ns), formula, learned)


def _by_formula(_: Facts) -> Unknown:
    return Unknown(error="the score is worked out by its formula")


class ConditionTemplate(Protocol):
    """A type-checked boolean expression, ready for the constants of its row."""

    def bind(self, row: Row) -> Condition:
        """Returns the condition for one row; for an expression without ``row.*``, ``bind({})``.

        Raises ``ExpressionError`` where a value of the row makes it unusable.
        """
        ...


class ScoreTemplate(Protocol):
    """A type-checked double (or int) expression, ready for the constants of its row."""

    def bind(self, row: Row) -> Score:
        """Returns the score for one row. A constant that is not finite is an ``ExpressionError``."""
        ...


class ExpressionCompiler(Protocol):
    """Compiles against the attributes it was made with."""

    def condition(self, text: str) -> ConditionTemplate:
        """Raises ``ExpressionError``."""
        ...

    def score(self, text: str) -> ScoreTemplate:
        """Raises ``ExpressionError``."""
        ...

    def term(self, text: str) -> tuple[AttributeType, Term]:
        """Returns what an expression of any type comes to, and its type. Raises ``ExpressionError``."""
        ...


CompilerFactory = Callable[[Mapping[str, Attribute], Row], ExpressionCompiler]
"""Takes every declared attribute (``row.*`` and ``situation.*`` included) and the named
constants of the ruleset (``list.NAME``: tuples)."""
