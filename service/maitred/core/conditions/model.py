"""Conditions in the form the index and the plain scan work on.

CEL's logic has three values here: true, false and unknown (an absent attribute or an
evaluation error). Conditions are in negation normal form: negation stands only on the
leaves, where ``wanted=False`` means *definitely false*. ``All`` and ``Any`` are then
monotone in their leaves, which is what lets the index treat unknown as not true.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from maitred.core.values.types import Facts, Scalar


@dataclass(frozen=True, slots=True)
class OneOf:
    """The attribute, a scalar, equals one of ``values``."""

    values: frozenset[Scalar]


@dataclass(frozen=True, slots=True)
class Within:
    """The attribute, a scalar, lies between the bounds; ``None`` is unbounded.

    NaN lies within nothing.
    """

    low: Scalar | None = None
    high: Scalar | None = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The attribute, a list, has at least one element among ``values``."""

    values: frozenset[Scalar]


@dataclass(frozen=True, slots=True)
class Present:
    """The attribute is in the facts. Never unknown."""


Test = OneOf | Within | Overlaps | Present


@dataclass(frozen=True, slots=True)
class Literal:
    """One test on one attribute. ``wanted=False``: the test is definitely false."""

    attribute: str
    test: Test
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Unknown:
    """What an expression gives when it has no value.

    ``missing`` names the absent attribute, where that is the cause; otherwise ``error``
    says in plain words what went wrong.
    """

    missing: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """An expression that only its own evaluator understands. Compared by identity.

    ``evaluate`` is pure, never raises, and gives a value of the declared type or
    ``Unknown``. The compiler hands out the same object for the same text and constants,
    so that identity is enough to evaluate each distinct expression once a decision.
    ``cost_ns`` bounds what one evaluation takes.
    """

    text: str
    reads: frozenset[str]
    evaluate: Callable[[Facts], Scalar | Unknown]
    cost_ns: int = 0


class _GivenValues:
    """The facts that were decided on last, and what expressions gave for them."""

    def __init__(self) -> None:
        self.known: tuple[Facts, dict[Expression, Scalar | Unknown]] = ({}, {})


class Memory:
    """What expressions gave for the facts at hand, so that each is evaluated once a decision.

    Facts are told by identity, and do not change while they are decided on. Safe to use from many threads:
    one that comes with other facts starts afresh.
    """

    def __init__(self) -> None:
        self._given = _GivenValues()
        self._expressions: dict[Expression, Expression] = {}

    def remembered(self, expression: Expression) -> Expression:
        """Returns the same expression, which remembers what it gave. One for one."""
        return self._expressions.setdefault(expression, self._remembering(expression))

    def _remembering(self, expression: Expression) -> Expression:
        given = self._given  # not by way of ``self``, which keeps what is made here: that would be a circle

        def evaluate(facts: Facts) -> Scalar | Unknown:
            known, values = given.known
            if known is not facts:
                values = {}
                given.known = (facts, values)
            if expression not in values:
                values[expression] = expression.evaluate(facts)
            return values[expression]

        return replace(expression, evaluate=evaluate)


@dataclass(frozen=True, slots=True)
class Residual:
    """A boolean expression that does not fit on single attributes."""

    expression: Expression
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class All:
    """Every term holds; of no terms, true."""

    terms: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    """At least one term holds; of no terms, false."""

    terms: tuple["Condition", ...] = ()


Condition = Literal | Residual | All | Any

TRUE = All()
FALSE = Any()


def negate(condition: Condition) -> Condition:
    """Returns the condition that is true exactly where ``condition`` is definitely false."""
    match condition:
        case Literal(attribute, test, wanted):
            return Literal(attribute, test, not wanted)
        case Residual(expression, wanted):
            return Residual(expression, not wanted)
        case All(terms):
            return Any(tuple(negate(term) for term in terms))
        case Any(terms):
            return All(tuple(negate(term) for term in terms))


def expressions(condition: Condition) -> Iterator[Expression]:
    """Yields every expression in the condition that only its own evaluator understands."""
    match condition:
        case Residual(expression):
            yield expression
        case All(terms) | Any(terms):
            for term in terms:
                yield from expressions(term)
        case Literal():
            return


def reads(condition: Condition) -> frozenset[str]:
    """Names of every attribute the condition may read."""
    match condition:
        case Literal(attribute):
            return frozenset((attribute,))
        case Residual(expression):
            return expression.reads
        case All(terms) | Any(terms):
            return frozenset().union(*map(reads, terms))
