"""Conditions as alternatives of single-attribute literals: the form the index is built from."""

from dataclasses import dataclass

from .conditions import All, Any, Condition, Literal, Residual

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


def clauses_of(condition: Condition) -> tuple[Clause, ...]:
    """Clauses at least one of which is true exactly where the condition is; none where it is false."""
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
    found = tuple(clause for term in terms for clause in clauses_of(term))
    return found if len(found) <= MAX_CLAUSES_PER_ENTRY else (Clause(checks=(condition,)),)


def _product(terms: tuple[Condition, ...]) -> tuple[Clause, ...]:
    product: tuple[Clause, ...] = (Clause(),)
    for term in terms:
        factor = clauses_of(term)
        if len(product) * len(factor) > MAX_CLAUSES_PER_ENTRY:
            factor = (Clause(checks=(term,)),)
        product = tuple(left & right for left in product for right in factor)
    return product
