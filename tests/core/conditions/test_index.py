import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maitred.core.conditions import index as clauses
from maitred.core.conditions import index as lanes
from maitred.core.conditions.index import Index, bits
from maitred.core.conditions.model import All, Literal, OneOf, Overlaps, Within, negate
from maitred.core.conditions.scan import truth


def entries(index, facts):
    return list(index.matches(index.candidates(facts), facts, {}))


def scanned(conditions, facts):
    return [number for number, condition in enumerate(conditions) if truth(condition, facts, {}) is True]


@settings(max_examples=400)
@given(data=st.data())
def test_index_finds_what_the_scan_finds(data, conditions, facts):
    rules = data.draw(st.lists(conditions, max_size=12))
    index = Index.build(rules)
    for known in data.draw(st.lists(facts, min_size=1, max_size=4)):
        assert entries(index, known) == scanned(rules, known)


@given(data=st.data())
def test_index_and_scan_agree_where_masks_are_long_and_memory_is_short(data, conditions, facts):
    rules = data.draw(st.lists(conditions, max_size=12))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "LONG_MASK_BITS", 1)
        patch.setattr(lanes, "FEW_BITS", 2)
        patch.setattr(lanes, "MAX_RANGE_BYTES", 4)
        patch.setattr(clauses, "MAX_CLAUSES_PER_ENTRY", 3)
        index = Index.build(rules)
    known = data.draw(facts)
    assert entries(index, known) == scanned(rules, known)


@given(data=st.data())
def test_a_condition_and_its_negation_are_never_both_true(data, conditions, facts):
    condition, known = data.draw(conditions), data.draw(facts)
    plain, negated = truth(condition, known, {}), truth(negate(condition), known, {})
    if isinstance(plain, bool):
        assert negated is not plain
    else:
        assert not isinstance(negated, bool)


@given(data=st.data())
def test_what_is_absent_never_makes_a_condition_true_that_does_not_ask_for_absence(data, conditions, facts):
    condition, known = data.draw(conditions), data.draw(facts)
    if truth(condition, {}, {}) is True and truth(condition, known, {}) is not True:
        assert "Present" in repr(condition)


@given(positions=st.sets(st.integers(0, 20_000)))
def test_bits_and_matches_walk_the_positions_in_order(positions, always):
    mask = lanes.mask_of(positions, always.size)
    assert list(bits(mask)) == sorted(positions)
    assert list(always.matches(mask, {}, {})) == sorted(positions)


@pytest.fixture(scope="module")
def always():
    return Index.build([All(())] * 20_001)


def test_many_clauses_find_their_own_value():
    count = 10_000
    rules = [Literal("customer.id", OneOf(frozenset({str(n)}))) for n in range(count)]
    index = Index.build(rules)
    assert entries(index, {"customer.id": "9999"}) == [9_999]
    assert entries(index, {"customer.id": "10000"}) == []
    assert entries(index, {}) == []


def test_many_bounds_are_told_apart():
    count = 2_000
    rules = [Literal("customer.age", Within(n, n)) for n in range(count)]
    rules += [Literal("customer.age", Within(low=n), wanted=False) for n in range(count)]
    index = Index.build(rules)
    assert entries(index, {"customer.age": 1_000}) == [1_000, *range(count + 1_001, 2 * count)]


def test_a_list_overlaps_by_any_of_its_elements():
    rules = [
        Literal("basket.products", Overlaps(frozenset({"1", "2"})), wanted=wanted) for wanted in (True, False)
    ]
    index = Index.build(rules)
    assert entries(index, {"basket.products": ("3", "2")}) == [0]
    assert entries(index, {"basket.products": ()}) == [1]
    assert entries(index, {}) == []
