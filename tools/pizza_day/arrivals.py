"""Real arrivals: every checkout of a year's Tuesdays at the busiest stores, laid upon one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tools.journey.source import frames

from .world import CLOSES_S, HOUR_S, MINUTE_S, OPENS_S, OVEN_PLACES, TUESDAY, ZONE


@dataclass(frozen=True, slots=True)
class Arrival:
    """One checkout: when somebody did come to a store."""

    basket: str
    store: str
    at_s: int


def arrivals() -> Sequence[Arrival]:
    """In order of time of the day and basket, opening hours only. Raises `SourceError`."""
    return arrivals_of(frames(("transactions",))["transactions"])


def arrivals_of(lines: Any) -> Sequence[Arrival]:
    """The same of the package's frame, whose timestamps are naive UTC."""
    baskets = lines.drop_duplicates("basket_id")
    baskets = baskets[baskets["store_id"].isin([int(store) for store in OVEN_PLACES])]
    times = baskets["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert(str(ZONE)).dt
    seconds = times.hour * HOUR_S + times.minute * MINUTE_S + times.second
    chosen = (times.day_of_week == TUESDAY) & (seconds >= OPENS_S) & (seconds < CLOSES_S)
    columns = (baskets["basket_id"][chosen], baskets["store_id"][chosen], seconds[chosen])
    rows = zip(*(column.tolist() for column in columns), strict=True)
    arrivals = (Arrival(str(basket), str(store), int(at_s)) for basket, store, at_s in rows)
    return sorted(arrivals, key=lambda arrival: (arrival.at_s, arrival.basket))
