"""Conditions as alternatives of single-attribute literals: the form the index is built from."""

from dataclasses import dataclass

from .model import All, Any, Condition, Literal, Residual, Within

MAX_CLAUSES_PER_ENTRY = 64
"""Beyond this a disjunction is checked for survivors instead: the product of alternatives
grows exponentially, and every clause is a bit in every mask."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A conjunction. ``checks`` are what the literals cannot say; they are left to the scan."""

    literals: tuple[Literal, ...] = ()
    checks: tuple[Condition, ...] = ()

    def __and__(self, other: "Clause") -> "Clause":
        return Clause(self.literals + other.literals, self.checks + other.checks)

    def merged(self) -> "Clause":
        """The same with one range where several bound one attribute: each takes a lane of its own."""
        ranges: dict[str, Within] = {}
        others: list[Literal] = []
        for literal in self.literals:
            if isinstance(literal.test, Within) and literal.wanted:
                known = ranges.get(literal.attribute)
                ranges[literal.attribute] = _both(known, literal.test) if known else literal.test
            else:
                others.append(literal)
        bounded = (Literal(attribute, test) for attribute, test in ranges.items())
        return Clause((*bounded, *dict.fromkeys(others)), self.checks)


def clauses_of(condition: Condition) -> tuple[Clause, ...]:
    """Clauses at least one of which is true exactly where the condition is; none where it is false."""
    return tuple(clause.merged() for clause in _clauses(condition))


def _clauses(condition: Condition) -> tuple[Clause, ...]:
    match condition:
        case Literal():
            return (Clause(literals=(condition,)),)
        case Residual():
            return (Clause(checks=(condition,)),)
        case Any(terms):
            return _alternatives(condition, terms)
        case All(terms):
            return _product(terms)


def _alternatives(condition: Condition, terms: tuple[Condition, ...]) -> tuple[Clause, ...]:
    clauses = tuple(clause for term in terms for clause in _clauses(term))
    return clauses if len(clauses) <= MAX_CLAUSES_PER_ENTRY else (Clause(checks=(condition,)),)


def _product(terms: tuple[Condition, ...]) -> tuple[Clause, ...]:
    product: tuple[Clause, ...] = (Clause(),)
    for term in terms:
        factor = _clauses(term)
        if len(product) * len(factor) > MAX_CLAUSES_PER_ENTRY:
            factor = (Clause(checks=(term,)),)
        product = tuple(left & right for left in product for right in factor)
    return product


def _both(left: Within, right: Within) -> Within:
    """The range that lies within both. Of two equal bounds the open one is the tighter."""
    low, low_open = left.low, left.low_open
    if right.low is not None and (low is None or (right.low, right.low_open) > (low, low_open)):
        low, low_open = right.low, right.low_open
    high, high_open = left.high, left.high_open
    if right.high is not None and (high is None or (right.high, not right.high_open) < (high, not high_open)):
        high, high_open = right.high, right.high_open
    return Within(low, high, low_open, high_open)
