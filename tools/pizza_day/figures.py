"""What a day comes to, in numbers."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from maitred.core.values.reasons import Reason

from .day import FREE_PIZZA, HALF_PRICE, PICKUP, Visit
from .world import CLOSES_S, OPENS_S, OVEN_PLACES, QUARTER_S, pizzas_in_15m

# Somebody who ordered at closing time is in the last one.
QUARTERS = (CLOSES_S - OPENS_S) // QUARTER_S + 1
CAPACITY = sum(map(pizzas_in_15m, OVEN_PLACES))


@dataclass(frozen=True, slots=True)
class Waits:
    """Minutes from the order to the pizza, or to giving up."""

    median: float
    p95: float
    longest: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One run. `orders` are those of all stores per 15 minutes from the opening on.

    `peak` and `worst` are the busiest 15 minutes, of all stores together and of one store alone, over what
    the ovens bake in that time.
    """

    asked: int
    refused: Mapping[Reason, int]
    claims: int
    granted: int
    denied: Mapping[Reason, int]
    pizzas: int
    pickups: int
    half_price: int
    orders: Sequence[int]
    peak: float
    worst: float
    waits: Waits
    baked: int
    gave_up: int
    never_came: int

    @property
    def empty_handed(self) -> int:
        return self.asked - self.granted


def figures_of(visits: Sequence[Visit]) -> Figures:
    claims = [claim for visit in visits for claim in visit.claims]
    granted = [visit.granted for visit in visits if visit.granted]
    orders = [visit.order for visit in visits if visit.order]
    baked = sum(order.ready_s is not None for order in orders)
    quarters = quarters_of(visits)
    pizzas, half_price = (sum(claim.action == name for claim in granted) for name in (FREE_PIZZA, HALF_PRICE))
    return Figures(
        asked=len(visits),
        refused=Counter(visit.refused for visit in visits if visit.refused),
        claims=len(claims),
        granted=len(granted),
        denied=Counter(claim.reason for claim in claims if claim.reason),
        pizzas=pizzas,
        pickups=sum(claim.action.startswith(PICKUP) for claim in granted),
        half_price=half_price,
        orders=quarters,
        peak=max(quarters) / CAPACITY,
        worst=max(over_capacity(visits)),
        waits=waits_of([order.waited_s for order in orders]),
        baked=baked,
        gave_up=len(orders) - baked,
        never_came=len(granted) - half_price - len(orders),
    )


def quarters_of(visits: Iterable[Visit]) -> list[int]:
    """Orders in each 15 minutes. Those who are late by a walk count for the last one."""
    counts = [0] * QUARTERS
    for visit in visits:
        if visit.order:
            counts[min((visit.order.ordered_s - OPENS_S) // QUARTER_S, QUARTERS - 1)] += 1
    return counts


def over_capacity(visits: Sequence[Visit]) -> Iterator[float]:
    """The busiest 15 minutes of every store over what its ovens bake in that time."""
    for store in OVEN_PLACES:
        own = quarters_of(visit for visit in visits if visit.customer.store == store)
        yield max(own) / pizzas_in_15m(store)


def waits_of(seconds: Sequence[int]) -> Waits:
    """By nearest rank; zeros where nobody ordered."""
    minutes = sorted(second / 60 for second in seconds) or [0.0]
    ranks = (-(-len(minutes) * percent // 100) - 1 for percent in (50, 95, 100))
    return Waits(*(minutes[rank] for rank in ranks))
