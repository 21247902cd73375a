"""Conditions and facts made at random, over a schema that has every kind of lane."""

import math
import typing
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from maitred.core.conditions.model import (
    All,
    Any,
    Condition,
    Expression,
    Literal,
    OneOf,
    Overlaps,
    Present,
    Residual,
    Unknown,
    Within,
)
from maitred.core.values.types import Facts, Invalid, Scalar

STRINGS = ["", "a", "b", "gold", "Gold", "größe", "🍕", "a\u0301"]
NUMBERS = [0.0, -0.0, 1.0, 1.5, -1e308, math.inf]
INTS = [0, 1, 2, 17, 18, -(2**63), 2**63 - 1]
MOMENTS = [datetime(2026, 3, 29, tzinfo=UTC) + timedelta(hours=h) for h in range(4)]

SCALARS: dict[str, st.SearchStrategy[typing.Any]] = {
    "customer.tier": st.sampled_from(STRINGS),
    "customer.age": st.sampled_from(INTS),
    "basket.value": st.sampled_from(NUMBERS),
    "customer.vip": st.booleans(),
    "now": st.sampled_from(MOMENTS),
}
LISTS: dict[str, st.SearchStrategy[typing.Any]] = {
    "customer.campaigns": st.sampled_from(STRINGS),
    "basket.counts": st.sampled_from(INTS),
}


def _evaluate(facts: Facts) -> bool | Unknown:
    """Stands for an expression over two attributes: unknown where either has no value."""
    tier, age = facts.get("customer.tier"), facts.get("customer.age")
    if not isinstance(tier, str):
        return Unknown(missing="customer.tier")
    return len(tier) > age if isinstance(age, int) else Unknown(error="customer.age is not an int")


LONGER_THAN_AGE = Expression(
    "size(customer.tier) > customer.age", frozenset({"customer.tier", "customer.age"}), _evaluate
)


@st.composite
def scalar_literals(draw: st.DrawFn) -> Literal:
    name = draw(st.sampled_from(sorted(SCALARS)))
    value, wanted = SCALARS[name], draw(st.booleans())
    if draw(st.booleans()) or name == "customer.vip":
        return Literal(name, OneOf(draw(st.frozensets(value, max_size=3))), wanted)
    low, high = draw(st.none() | value), draw(st.none() | value)
    return Literal(name, Within(low, high, draw(st.booleans()), draw(st.booleans())), wanted)


@st.composite
def list_literals(draw: st.DrawFn) -> Literal:
    name = draw(st.sampled_from(sorted(LISTS)))
    return Literal(name, Overlaps(draw(st.frozensets(LISTS[name], max_size=3))), draw(st.booleans()))


presence = st.builds(Literal, st.sampled_from([*SCALARS, *LISTS]), st.just(Present()), st.booleans())
residuals = st.builds(Residual, st.just(LONGER_THAN_AGE), st.booleans())
leaves = st.one_of(scalar_literals(), list_literals(), presence, residuals)


def _branches(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    terms = st.lists(inner, max_size=4).map(tuple)
    return st.builds(All, terms) | st.builds(Any, terms)


CONDITIONS = st.recursive(leaves, _branches, max_leaves=12)

_absent_or_invalid = st.sampled_from(["absent", Invalid("is not of its type")])
_fact = {
    **{
        name: values | st.just(math.nan) if name == "basket.value" else values
        for name, values in SCALARS.items()
    },
    **{name: st.lists(values, max_size=4).map(tuple) for name, values in LISTS.items()},
}
FACTS = st.fixed_dictionaries({name: values | _absent_or_invalid for name, values in _fact.items()}).map(
    lambda facts: {
        name: value for name, value in facts.items() if value is not None and not _is_absent(value)
    }
)


def _is_absent(value: object) -> bool:
    return isinstance(value, str) and value == "absent"


@pytest.fixture(scope="session")
def conditions() -> st.SearchStrategy[Condition]:
    return CONDITIONS


@pytest.fixture(scope="session")
def facts() -> st.SearchStrategy[dict[str, object]]:
    return FACTS


@pytest.fixture
def expression() -> Callable[[str, Scalar | Unknown], Expression]:
    """An expression of fixed value."""

    def make(text: str, value: Scalar | Unknown) -> Expression:
        return Expression(text, frozenset(), lambda _facts: value)

    return make
