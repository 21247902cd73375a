"""Conditions that no facts can meet, as far as single attributes tell.

What is asked of one attribute by the literals that must hold together is intersected: bounds, values,
presence. Alternatives are tried one by one. Residual expressions are taken for anything, so what is
called never true is; what is not may still be.
"""

from collections.abc import Iterable
from typing import NamedTuple

from maitred.core.values.types import Scalar

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
    Within,
    negate,
)

_MAX_STEPS = 2_000
"""Alternatives multiply; what is not settled by then, some milliseconds, is taken for possible."""


_ANYTHING = Within()


class _Asked(NamedTuple):
    """What is asked of one attribute. ``among`` are the only values possible, where they are known."""

    among: frozenset[Scalar] | None = None
    without: frozenset[Scalar] = frozenset()
    bounds: Within = _ANYTHING
    overlaps: tuple[frozenset[Scalar], ...] = ()
    misses: frozenset[Scalar] = frozenset()
    present: bool = False
    absent: bool = False

    @property
    def possible(self) -> bool:
        """Whether there is a value, or none, that meets all of it."""
        if self.present and self.absent:
            return False
        if any(values <= self.misses for values in self.overlaps):
            return False
        if self.among is None:
            return self.bounds is _ANYTHING or _has_room(self.bounds)
        if self.bounds is _ANYTHING:
            return not self.among <= self.without
        return any(value not in self.without and _is_within(value, self.bounds) for value in self.among)


_NOTHING = _Asked()

Facts = dict[str | Expression, _Asked]


def is_never_true(condition: Condition) -> bool:
    """Returns whether no facts make the condition true."""
    return not _Search().is_possible((condition,), {})


def is_never_false(condition: Condition) -> bool:
    """Returns whether the condition is true of everybody of whom it is known; a constant is not meant."""
    search = _Search()
    if isinstance(condition, All):
        # What denies the first term settles it, mostly: the others need not be negated.
        return not any(search.is_possible((negate(term),), {}) for term in condition.terms)
    return not search.is_possible((negate(condition),), {})


class _Search:
    def __init__(self) -> None:
        self._steps = 0

    def is_possible(self, terms: tuple[Condition, ...], asked: Facts) -> bool:
        """Returns whether all the terms can hold besides what is asked already."""
        branches: list[Any] = []
        asked = dict(asked)
        pending = list(terms)
        while pending:
            self._steps += 1
            term = pending.pop()
            if isinstance(term, All):
                pending += term.terms
            elif isinstance(term, Any):
                branches.append(term)
            elif not _take(asked, term):
                return False
        if not branches or self._steps > _MAX_STEPS:
            return True
        first, rest = branches[0], tuple(branches[1:])
        return any(self.is_possible((term, *rest), asked) for term in first.terms)


def _take(asked: Facts, term: Literal | Residual) -> bool:
    key = term.attribute if isinstance(term, Literal) else term.expression
    before = asked.get(key, _NOTHING)
    after = _literal(before, term) if isinstance(term, Literal) else _residual(before, term)
    asked[key] = after
    return after.possible


def _residual(before: _Asked, term: Residual) -> _Asked:
    values = frozenset((term.wanted,))
    return before._replace(among=values if before.among is None else before.among & values)


def _literal(before: _Asked, literal: Literal) -> _Asked:
    match literal.test, literal.wanted:
        case Present(), wanted:
            return before._replace(present=before.present or wanted, absent=before.absent or not wanted)
        case OneOf(values), True:
            among = values if before.among is None else before.among & values
            return before._replace(among=among, present=True)
        case OneOf(values), False:
            known = _BOOLS if before.among is None and _are_bools(values) else before.among
            return before._replace(among=known, without=before.without | values, present=True)
        case Overlaps(values), True:
            return before._replace(overlaps=(*before.overlaps, values), present=True)
        case Overlaps(values), False:
            return before._replace(misses=before.misses | values, present=True)
        case Within() as within, True:
            return before._replace(bounds=_intersected(before.bounds, within), present=True)
        case Within() as within, _:
            outside = _outside(within)
            bounds = _intersected(before.bounds, outside) if outside else before.bounds
            return before._replace(bounds=bounds, present=True)
    raise AssertionError(literal)


_BOOLS: frozenset[Scalar] = frozenset((True, False))


def _are_bools(values: Iterable[Scalar]) -> bool:
    return all(isinstance(value, bool) for value in values)


def _outside(within: Within) -> Within | None:
    """Returns what is not within, where that is one stretch."""
    if within.low is None and within.high is not None:
        return Within(low=within.high, low_open=not within.high_open)
    if within.high is None and within.low is not None:
        return Within(high=within.low, high_open=not within.low_open)
    return None


def _intersected(left: Within, right: Within) -> Within:
    if left is _ANYTHING:
        return right
    low, low_open = _tighter((left.low, left.low_open), (right.low, right.low_open), upwards=True)
    high, high_open = _tighter((left.high, left.high_open), (right.high, right.high_open), upwards=False)
    return Within(low, high, low_open, high_open)


def _tighter(
    ours: tuple[Scalar | None, bool], theirs: tuple[Scalar | None, bool], *, upwards: bool
) -> tuple[Scalar | None, bool]:
    if ours[0] is None or theirs[0] is None:
        return theirs if ours[0] is None else ours
    if ours[0] == theirs[0]:
        return ours[0], ours[1] or theirs[1]
    return ours if _is_less(theirs[0], ours[0]) is upwards else theirs


def _has_room(bounds: Within) -> bool:
    low, high = bounds.low, bounds.high
    if low is None or high is None:
        return True
    if type(low) is int and type(high) is int:
        return low + bounds.low_open <= high - bounds.high_open
    if low == high:
        return not (bounds.low_open or bounds.high_open)
    return _is_less(low, high)


def _is_less(left: Scalar, right: Scalar) -> bool:
    # Of one attribute, so of one type.
    return bool(left < right)  # type: ignore[operator]


def _is_within(value: Scalar, bounds: Within) -> bool:
    point = Within(low=value, high=value)
    return _has_room(_intersected(point, bounds))
