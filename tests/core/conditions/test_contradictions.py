"""Conditions that are never true, held against the plain scan over every value there is."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.conditions.contradictions import is_never_false, is_never_true
from maitred.core.conditions.model import (
    All,
    Any,
    Expression,
    Literal,
    OneOf,
    Overlaps,
    Present,
    Residual,
    Unknown,
    Within,
)
from maitred.core.conditions.scan import truth

NUMBERS = [None, *range(5)]
LISTS = [None, (), ("a",), ("b",), ("a", "b")]
BOOLS = [None, True, False]


def one_of(attribute, values):
    return Literal(attribute, OneOf(frozenset(values)))


literals = st.one_of(
    st.builds(
        Literal,
        st.just("n"),
        st.one_of(
            st.builds(OneOf, st.frozensets(st.integers(0, 4), min_size=1, max_size=3)),
            st.builds(Within, low=st.integers(0, 4), low_open=st.booleans()),
            st.builds(Within, high=st.integers(0, 4), high_open=st.booleans()),
            st.just(Present()),
        ),
        st.booleans(),
    ),
    st.builds(Literal, st.just("b"), st.just(OneOf(frozenset((True,)))), st.booleans()),
    st.builds(
        Literal,
        st.just("l"),
        st.builds(Overlaps, st.frozensets(st.sampled_from("abc"), min_size=1)),
        st.booleans(),
    ),
)
conditions = st.recursive(
    literals,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda terms: All(tuple(terms)))
        | st.lists(inner, max_size=4).map(lambda terms: Any(tuple(terms)))
    ),
    max_leaves=10,
)


def everybody():
    for number, flag, values in product(NUMBERS, BOOLS, LISTS):
        facts = {"n": number, "b": flag, "l": values}
        yield {name: value for name, value in facts.items() if value is not None}


@given(conditions)
def test_what_is_called_never_true_is_true_of_nobody(condition):
    if is_never_true(condition):
        assert not any(truth(condition, facts, {}) is True for facts in everybody())


@given(conditions)
def test_what_is_called_never_false_is_false_of_nobody(condition):
    if is_never_false(condition):
        assert not any(truth(condition, facts, {}) is False for facts in everybody())


@pytest.mark.parametrize(
    "condition",
    [
        Any(),
        All((Literal("n", Within(low=18, low_open=True)), Literal("n", Within(high=10, high_open=True)))),
        All((Literal("n", Within(low=17, low_open=True)), Literal("n", Within(high=18, high_open=True)))),
        All((one_of("t", ["gold"]), one_of("t", ["basic"]))),
        All((one_of("b", [True]), Literal("b", OneOf(frozenset((True,))), wanted=False))),
        All((Literal("x", Present()), Literal("x", Present(), wanted=False))),
        All((Literal("l", Overlaps(frozenset("a"))), Literal("l", Overlaps(frozenset("ab")), wanted=False))),
        Any((All((one_of("t", "a"), one_of("t", "b"))), All((one_of("t", "c"), one_of("t", "d"))))),
    ],
)
def test_typical_contradictions_are_found(condition):
    assert is_never_true(condition)


def test_one_expression_cannot_be_true_and_false():
    expression = Expression("e", frozenset(), lambda _: Unknown())
    both = All((Residual(expression), Residual(expression, wanted=False)))
    assert is_never_true(both)
    assert not is_never_true(Residual(expression))


def test_very_many_alternatives_end_soon_and_are_taken_for_possible():
    wide = All(tuple(Any(tuple(one_of(f"t{i}", [f"{j}"]) for j in range(20))) for i in range(200)))
    assert not is_never_true(wide)
