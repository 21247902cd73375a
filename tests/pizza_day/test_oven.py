"""Laws of the oven: nobody is served before their turn, and nothing gets lost."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools.pizza_day.oven import Order, Oven

TIMES = st.lists(st.integers(0, 5_000), max_size=60).map(sorted)
PATIENCE = st.integers(0, 2_000)


@st.composite
def served(draw):
    """An oven's places and baking time, and what became of some orders."""
    places, bakes_s = draw(st.integers(1, 4)), draw(st.integers(1, 600))
    oven = Oven(places, bakes_s)
    patience = {index: draw(PATIENCE) for index in range(60)}
    orders = [oven.order(at_s, patience[index]) for index, at_s in enumerate(draw(TIMES))]
    return places, bakes_s, patience, orders


@given(served())
def test_every_order_is_baked_or_given_up_and_never_both(day):
    _, _, _, orders = day
    for order in orders:
        baked, left = order.ready_s is not None, order.left_s is not None
        assert baked != left
        assert baked == (order.starts_s is not None)


@given(served())
def test_nothing_is_baked_before_it_is_ordered_or_faster_than_the_oven_bakes(day):
    _, bakes_s, _, orders = day
    for order in filter(lambda placed: placed.ready_s is not None, orders):
        assert order.ordered_s <= order.starts_s == order.ready_s - bakes_s
        assert order.waited_s == order.ready_s - order.ordered_s


@given(served())
def test_never_more_in_the_oven_than_it_has_places(day):
    places, _, _, orders = day
    baked = [order for order in orders if order.ready_s is not None]
    for one in baked:
        assert sum(placed.starts_s <= one.starts_s < placed.ready_s for placed in baked) <= places


@given(served())
def test_first_come_first_served(day):
    starts = [order.starts_s for order in day[3] if order.starts_s is not None]
    assert all(one <= other for one, other in pairwise(starts))


@given(served())
def test_people_leave_when_their_patience_ends_and_only_then(day):
    _, _, patience, orders = day
    for index, order in enumerate(orders):
        if order.left_s is not None:
            assert order.waited_s == order.left_s - order.ordered_s == patience[index]
        else:
            assert order.starts_s - order.ordered_s <= patience[index]


@given(served())
def test_nobody_waits_beside_a_place_that_is_free(day):
    places, _, _, orders = day
    baked = [placed for placed in orders if placed.ready_s is not None]
    for order in orders:
        end_s = order.starts_s if order.left_s is None else order.left_s
        for at_s in {order.ordered_s, end_s - 1} if end_s > order.ordered_s else ():
            assert sum(placed.starts_s <= at_s < placed.ready_s for placed in baked) == places


def test_an_oven_of_two_places_serves_three():
    oven = Oven(places=2, bakes_s=100)
    assert [oven.order(0, 30), oven.order(0, 30), oven.order(0, 30), oven.order(80, 30)] == [
        Order(0, starts_s=0, ready_s=100),
        Order(0, starts_s=0, ready_s=100),
        Order(0, left_s=30),
        Order(80, starts_s=100, ready_s=200),
    ]


def test_orders_come_in_order_of_time():
    oven = Oven(places=1, bakes_s=1)
    oven.order(10, 0)
    with pytest.raises(ValueError, match="cannot follow"):
        oven.order(9, 0)
