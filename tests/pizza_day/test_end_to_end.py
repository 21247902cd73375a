"""Small days under the three rulesets, each against a real service."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tools.pizza_day.arrivals import Arrival
from tools.pizza_day.customers import customers
from tools.pizza_day.day import FREE_PIZZA, PICKUP, Day
from tools.pizza_day.run import VARIANTS, service
from tools.pizza_day.world import HOUR_S, MINUTE_S, OPENS_S, QUARTER_S

STORE = "343"
DAILY, PACE, PICKUPS = 20, 2, 3
HOLD_S = 30 * MINUTE_S
LAST_S = 21 * HOUR_S
TABLES = {
    "2-daily-limit": f"id,pizzas_a_day\n{STORE},{DAILY}\n",
    "3-paced": f"id,walk_ins_a_day,walk_ins_in_15m,pickups_an_hour\n{STORE},{DAILY},{PACE},{PICKUPS}\n",
}
# Every five minutes from 11:00 to 16:00, half of them hurried by the push.
ARRIVALS = [Arrival(f"crowd-{number}", STORE, OPENS_S + number * 300) for number in range(60)]
# A third does not come, and in the end nobody, so that some units are left; a fourth will not wait.
CROWD = [
    replace(
        customer,
        comes=number % 3 > 0 and number < 45,
        patience_s=MINUTE_S if number % 4 == 1 else customer.patience_s,
    )
    for number, customer in enumerate(customers(ARRIVALS))
]
LATE = [
    replace(customer, id=f"late-{number}", asks_s=LAST_S + number)
    for number, customer in enumerate(CROWD[: DAILY + 5])
]


@pytest.fixture(scope="module")
def days(rules, tmp_path_factory):
    """What the crowd lived through under each ruleset; and what those did who asked when all was settled."""

    def play(variant):
        copy = tmp_path_factory.mktemp("rules") / variant.directory
        shutil.copytree(rules / variant.directory, copy)
        if table := TABLES.get(variant.directory):
            (copy / "restaurants.csv").write_text(table)
        with service(copy) as client:
            return Day(client, CROWD, lambda: None).run(), Day(client, LATE, lambda: None).run()

    with ThreadPoolExecutor(len(VARIANTS)) as pool:
        played = list(pool.map(play, VARIANTS))
    return {variant.directory: day for variant, day in zip(VARIANTS, played, strict=True)}


def granted(visits, start=FREE_PIZZA):
    return [visit for visit in visits if visit.granted and visit.granted.action.startswith(start)]


def spent(visit):
    """Until when its unit counts (seconds); `None` for the rest of the day."""
    if visit.order:
        return visit.order.left_s
    return visit.granted.at_s + HOLD_S


def live_at(visits, at_s):
    ends = [(visit.granted.at_s, spent(visit)) for visit in visits]
    return sum(start_s <= at_s and (end_s is None or at_s < end_s) for start_s, end_s in ends)


def calls(visit):
    """When the service heard of it."""
    yield visit.customer.asks_s
    yield from (claim.at_s for claim in visit.claims)
    if visit.order:
        yield visit.order.ordered_s
        yield from () if visit.order.left_s is None else (visit.order.left_s,)


def most_live(visits):
    return max(live_at(visits, visit.granted.at_s) for visit in visits)


def most_in_a_quarter(visits):
    claims = [visit.granted.at_s for visit in visits]
    return max(sum(start <= at_s < start + QUARTER_S for at_s in claims) for start in claims)


def test_without_limits_everybody_gets_a_pizza(days):
    crowd, late = days["1-no-limits"]
    assert len(granted(crowd)) == len(CROWD)
    assert len(granted(late)) == len(LATE)
    assert most_live(granted(crowd)) > DAILY


def test_the_daily_limit_is_granted_exactly(days):
    crowd, _ = days["2-daily-limit"]
    assert most_live(granted(crowd)) == DAILY
    assert most_in_a_quarter(granted(crowd)) > PACE
    refused = [visit for visit in crowd if not visit.granted]
    assert len(refused) == len(CROWD) - len(granted(crowd)) > 0
    reasons = {visit.refused or visit.claims[0].reason for visit in refused}
    assert {reason.name for reason in reasons} == {"CAPACITY_EXHAUSTED"}


def test_nobody_is_refused_while_there_is_a_unit(days):
    """What is due goes back with the first call after it: that call itself may still be refused."""
    crowd, _ = days["2-daily-limit"]
    called = sorted(at_s for visit in crowd for at_s in calls(visit))
    for visit in crowd:
        if visit.refused:
            before = called[called.index(visit.customer.asks_s) - 1]
            assert DAILY in {live_at(granted(crowd), at_s) for at_s in (before, visit.customer.asks_s)}


def test_the_pace_is_never_exceeded_in_any_fifteen_minutes(days):
    crowd, _ = days["3-paced"]
    assert most_in_a_quarter(granted(crowd)) == PACE
    assert most_live(granted(crowd)) <= DAILY


def test_no_pickup_is_given_to_more_than_its_hour_takes(days):
    crowd, late = days["3-paced"]
    actions = [visit.granted.action for visit in granted((*crowd, *late), PICKUP)]
    assert max(map(actions.count, actions)) == PICKUPS


def test_who_is_paced_gets_something_else_and_comes_at_its_hour(days):
    crowd, _ = days["3-paced"]
    assert "PACED" in {visit.refused.name for visit in crowd if visit.refused}
    pickups = granted(crowd, PICKUP)
    assert len(pickups) >= PICKUPS
    for visit in pickups:
        if visit.order:
            assert visit.order.ordered_s // HOUR_S == int(visit.granted.action.removeprefix(PICKUP))
    assert granted(crowd, "half-price-wednesday")


@pytest.mark.parametrize("directory", TABLES)
def test_no_unit_is_lost(days, directory):
    """When nothing is held any more, there is what nobody has eaten, to the last unit."""
    crowd, late = days[directory]
    assert all(visit.granted.at_s + HOLD_S < LAST_S for visit in granted(crowd))
    left = DAILY - live_at(granted(crowd), LAST_S)
    assert 0 <= left < len(LATE)
    assert len(granted(late)) == (left if directory == "2-daily-limit" else min(left, PACE))


def test_some_gave_units_back_by_leaving_and_some_by_not_coming(days):
    crowd, _ = days["2-daily-limit"]
    assert [visit for visit in granted(crowd) if visit.order is None]
    assert [visit for visit in granted(days["1-no-limits"][0]) if visit.order and visit.order.left_s]
