"""Joins conditions without changing what is true, false or unknown."""

from collections.abc import Iterable

from maitred.core.conditions.model import (
    FALSE,
    TRUE,
    All,
    Any,
    Condition,
    Literal,
    OneOf,
    Overlaps,
    Present,
    Residual,
    negate,
)

from .bounds import MAX_TERNARY_CONDITION_LEAVES


def disjunction(terms: Iterable[Condition]) -> Condition:
    """``||``: flat, without constants, one test where several ask for values of one attribute."""
    return _joined(Any, terms, TRUE, wanted=True)


def conjunction(terms: Iterable[Condition]) -> Condition:
    """``&&``: flat, without constants, one test where several refuse values of one attribute."""
    return _joined(All, terms, FALSE, wanted=False)


def _joined(
    kind: type[All] | type[Any], terms: Iterable[Condition], settles: Condition, *, wanted: bool
) -> Condition:
    """One of ``kind``; the term that ``settles`` it makes the others idle."""
    flat: list[Condition] = []
    for term in terms:
        if term == settles:
            return settles
        flat.extend(term.terms if isinstance(term, kind) else (term,))
    merged = _merge(flat, wanted=wanted)
    return merged[0] if len(merged) == 1 else kind(tuple(merged))


def choice(condition: Condition, then: Condition, otherwise: Condition) -> Condition | None:
    """``condition ? then : otherwise``; ``None`` where that would grow too large.

    ``condition && !condition`` is never true: it is there because the whole is unknown
    where the condition is, even where both branches are false.
    """
    if condition in (TRUE, FALSE):
        return then if condition == TRUE else otherwise
    leaves = list(_leaves(condition))
    if len(leaves) > MAX_TERNARY_CONDITION_LEAVES:
        return None
    opposite = negate(condition)
    branches = (conjunction((condition, then)), conjunction((opposite, otherwise)))
    certain = all(isinstance(leaf, Literal) and isinstance(leaf.test, Present) for leaf in leaves)
    return disjunction(branches if certain else (*branches, All((condition, opposite))))


def _leaves(condition: Condition) -> Iterable[Literal | Residual]:
    if isinstance(condition, Literal | Residual):
        yield condition
    else:
        for term in condition.terms:
            yield from _leaves(term)


def _merge(terms: list[Condition], *, wanted: bool) -> list[Condition]:
    """Terms with one test for all values that are wanted, or not wanted, of one attribute."""
    merged: dict[object, Condition] = {}
    for place, term in enumerate(terms):
        key: object = place
        joined = term
        if isinstance(term, Literal) and term.wanted is wanted and isinstance(term.test, OneOf | Overlaps):
            key = (term.attribute, type(term.test))
            joined = _union(merged[key], term) if key in merged else term
        merged[key] = joined
    return list(merged.values())


def _union(left: Condition, right: Literal) -> Literal:
    match left, right.test:
        case Literal(test=OneOf(ours)), OneOf(theirs):
            return Literal(right.attribute, OneOf(ours | theirs), right.wanted)
        case Literal(test=Overlaps(ours)), Overlaps(theirs):
            return Literal(right.attribute, Overlaps(ours | theirs), right.wanted)
    raise AssertionError(left)
