"""The model customer: what each would do, drawn once, the same in every run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from .arrivals import Arrival
from .world import (
    COMES,
    OPENS_PUSH,
    OPENS_PUSH_MEAN_S,
    PATIENCE_S,
    PUSH_S,
    READS_S,
    SEED,
    TAKES_HALF_PRICE,
    TAKES_PICKUP,
    WALKS_S,
)


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who wants a free pizza. `comes_late` (0 to 1) is where in a pickup's hour they come."""

    id: str
    store: str
    asks_s: int
    reads_s: int
    walks_s: int
    patience_s: int
    comes: bool
    comes_late: float
    takes_pickup: bool
    takes_half_price: bool


def customers(arrivals: Iterable[Arrival], seed: int = SEED) -> Sequence[Customer]:
    """One for each arrival, in the order in which they ask."""
    drawn = (customer(arrival, Random(f"{seed} {arrival.basket}")) for arrival in arrivals)  # noqa: S311 - a model
    return sorted(drawn, key=lambda visitor: (visitor.asks_s, visitor.id))


def customer(arrival: Arrival, random: Random) -> Customer:
    """What one does. Every number is drawn, needed or not, so that none depends on another."""
    opens, delay_s = random.random() < OPENS_PUSH, round(random.expovariate(1 / OPENS_PUSH_MEAN_S))
    # Whoever would have come before the push asks as they come; it hurries the rest.
    hurries = opens and arrival.at_s > PUSH_S
    return Customer(
        id=arrival.basket,
        store=arrival.store,
        asks_s=min(arrival.at_s, PUSH_S + delay_s) if hurries else arrival.at_s,
        reads_s=random.randint(*READS_S),
        walks_s=random.randint(*WALKS_S),
        patience_s=random.randint(*PATIENCE_S),
        comes=random.random() < COMES,
        comes_late=random.random(),
        takes_pickup=random.random() < TAKES_PICKUP,
        takes_half_price=random.random() < TAKES_HALF_PRICE,
    )
