"""The model's numbers: restaurants, hours, customers. What is said of them stands in docs/pizza-day.md.

Times of the day are seconds after midnight by the clock of the restaurants.
"""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

MINUTE_S, HOUR_S = 60, 3_600
QUARTER_S = 15 * MINUTE_S
ZONE = ZoneInfo("America/New_York")
# A Tuesday of the year that the arrivals are from, of 24 hours.
MIDNIGHT = datetime(2017, 8, 8, tzinfo=ZONE)
TUESDAY = 1
# A household panel sees few of a store's customers: so many of its Tuesdays laid upon one another stand
# for a normal one, and all of the year for a day of 3.5 times as many.
NORMAL_TUESDAYS, ALL_TUESDAYS = 15, 52
SURGE = ALL_TUESDAYS / NORMAL_TUESDAYS

OPENS_S, CLOSES_S = 11 * HOUR_S, 22 * HOUR_S
PUSH_S = 11 * HOUR_S + 30 * MINUTE_S

# One place bakes two pizzas in 15 minutes.
BAKES_S = QUARTER_S // 2
# By store of The Complete Journey, its five busiest on Tuesdays: enough for the busiest hour of a normal one.
OVEN_PLACES: Mapping[str, int] = {"343": 2, "361": 2, "367": 4, "381": 2, "406": 2}

SEED = 1
# Who opens the push asks within minutes of it, the others when they would have come anyway.
OPENS_PUSH = 0.5
OPENS_PUSH_MEAN_S = 30 * MINUTE_S
# From the offer on the screen to the claim.
READS_S = (10, 90)
WALKS_S = (5 * MINUTE_S, 20 * MINUTE_S)
COMES = 0.9
# From the order to giving up, where the pizza is not in the oven by then.
PATIENCE_S = (30 * MINUTE_S, 75 * MINUTE_S)
# Where the ovens are full and another hour is offered; and of those who decline, half the price tomorrow.
TAKES_PICKUP = 0.6
TAKES_HALF_PRICE = 0.6


def pizzas_in_15m(store: str) -> int:
    """What the ovens of a store bake in 15 minutes."""
    return OVEN_PLACES[store] * QUARTER_S // BAKES_S
