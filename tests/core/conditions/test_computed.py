"""Attributes worked out from lists of objects."""

from datetime import timedelta
from decimal import Decimal

import pytest

from maitred.core.conditions.computed import Aggregate, Arithmetic, Computation, Computed, Constant, Read
from maitred.core.conditions.model import TRUE, Any, Literal, OneOf, Present, Within
from maitred.core.values.types import AttributeType, Invalid, Kind

INT, DOUBLE, STRING, BOOL = (AttributeType(kind) for kind in (Kind.INT, Kind.DOUBLE, Kind.STRING, Kind.BOOL))
MONEY = AttributeType(Kind.DECIMAL, digits=2)
SHIRT = Literal("line.sku", OneOf(frozenset(("S1", "S2"))))
LINES = (
    {"sku": "S1", "quantity": 2, "price": Decimal("17.90")},
    {"sku": "S9", "quantity": 7, "price": Decimal("3.00")},
    {"sku": "S2", "quantity": 1, "price": Decimal("17.90")},
)


def worked(aggregate, take=None, *, where=SHIRT, lines=LINES, type_=INT, **facts):
    computed = Computed("basket.x", "basket.lines", "line", where, aggregate, type_, take)
    if lines is not None:
        facts["basket.lines"] = lines
    return Computation.of(computed).fact(facts, {})


VALUE = Arithmetic("*", Read("line.quantity"), Read("line.price"))


@pytest.mark.parametrize(
    ("aggregate", "take", "type_", "of_lines", "of_none"),
    [
        (Aggregate.COUNT, None, INT, 2, 0),
        (Aggregate.ANY, None, BOOL, True, False),
        (Aggregate.SUM, Read("line.quantity"), INT, 3, 0),
        (Aggregate.SUM, VALUE, MONEY, Decimal("53.70"), Decimal("0.00")),
        (Aggregate.MIN, Read("line.quantity"), INT, 1, None),
        (Aggregate.MAX, Read("line.quantity"), INT, 2, None),
        (Aggregate.DISTINCT, Read("line.price"), INT, 1, 0),
        (Aggregate.FIRST, Read("line.sku"), STRING, "S1", None),
        (Aggregate.LAST, Read("line.sku"), STRING, "S2", None),
    ],
)
def test_values_are_put_together(aggregate, take, type_, of_lines, of_none):
    assert worked(aggregate, take, type_=type_) == of_lines
    assert worked(aggregate, take, type_=type_, lines=()) == of_none
    assert worked(aggregate, take, type_=type_, lines=LINES[1:2]) == of_none
    assert worked(aggregate, take, type_=type_, lines=None) is None


def test_a_sum_of_money_is_exact_and_has_its_digits():
    lines = ({"price": Decimal("0.10")},) * 10
    assert str(worked(Aggregate.SUM, Read("line.price"), where=TRUE, lines=lines, type_=MONEY)) == "1.00"


def test_a_list_that_cannot_be_used_is_told():
    value = worked(Aggregate.COUNT, lines=Invalid("is 5, not a list<object>"))
    assert value == Invalid("cannot be worked out: basket.lines is 5, not a list<object>")


@pytest.mark.parametrize("aggregate", [Aggregate.COUNT, Aggregate.SUM, Aggregate.FIRST])
def test_an_item_of_which_it_is_not_known_whether_it_counts_spoils_the_whole(aggregate):
    value = worked(aggregate, Read("line.quantity"), lines=(*LINES, {"quantity": 1}))
    assert value == Invalid("cannot be worked out: line.sku is absent")


def test_an_item_that_counts_needs_its_value():
    value = worked(Aggregate.SUM, Read("line.quantity"), lines=(*LINES, {"sku": "S1"}))
    assert value == Invalid("cannot be worked out: line.quantity is absent")
    assert worked(Aggregate.SUM, Read("line.quantity"), lines=(*LINES, {"sku": "S9"})) == 3


def test_one_that_counts_is_enough_to_say_that_there_is_one():
    assert worked(Aggregate.ANY, lines=(*LINES, {}), type_=BOOL) is True
    assert isinstance(worked(Aggregate.ANY, lines=({},), type_=BOOL), Invalid)


def test_what_is_read_beside_the_items_and_absent_makes_the_whole_absent():
    where = Literal("customer.size", OneOf(frozenset(("M",))))
    assert worked(Aggregate.COUNT, where=where) is None
    assert worked(Aggregate.COUNT, where=where, **{"customer.size": "M"}) == 3
    value = worked(Aggregate.COUNT, where=where, **{"customer.size": Invalid("is 5, not a string")})
    assert value == Invalid("cannot be worked out: customer.size is 5, not a string")


def test_conditions_are_three_valued():
    many = Literal("line.quantity", Within(low=5))
    shirt_or_many = Any((SHIRT, many))
    assert worked(Aggregate.COUNT, where=shirt_or_many, lines=({"sku": "S1"},)) == 1
    assert isinstance(worked(Aggregate.COUNT, where=shirt_or_many, lines=({"sku": "S9"},)), Invalid)
    there = Literal("line.price", Present(), wanted=False)
    assert worked(Aggregate.COUNT, where=there, lines=(*LINES, {})) == 1


def test_numbers_out_of_range_are_told():
    lines = ({"quantity": 2**62}, {"quantity": 2**62})
    value = worked(Aggregate.SUM, Read("line.quantity"), where=TRUE, lines=lines)
    assert value == Invalid("cannot be worked out: it gives a number out of range")
    doubled = Arithmetic("*", Read("line.quantity"), Constant(4))
    assert isinstance(worked(Aggregate.SUM, doubled, where=TRUE, lines=lines), Invalid)


def test_durations_are_added_up():
    lines = ({"away": timedelta(hours=1)}, {"away": timedelta(minutes=30)})
    type_ = AttributeType(Kind.DURATION)
    assert worked(Aggregate.SUM, Read("line.away"), where=TRUE, lines=lines, type_=type_) == timedelta(
        minutes=90
    )
    assert worked(Aggregate.SUM, Read("line.away"), where=TRUE, lines=(), type_=type_) == timedelta(0)


def test_lists_that_are_no_attributes_are_handed_over():
    computed = Computed("customer.visits", "events.visit", "event", TRUE, Aggregate.COUNT, INT)
    worker = Computation.of(computed)
    assert worker.fact({}, {"events.visit": [{}, {}]}) == 2
    assert worker.fact({}, {}) is None


def test_what_it_reads_is_named_without_the_fields_of_items():
    where = Any((SHIRT, Literal("customer.size", Present())))
    computed = Computed("basket.x", "basket.lines", "line", where, Aggregate.SUM, MONEY, VALUE)
    assert computed.reads == {"basket.lines", "customer.size"}
