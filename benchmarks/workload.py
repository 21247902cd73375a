"""Actions and contexts made from a seed: the same rules in every form that is compared.

Twelve attributes, of which each action tests four to six; about three in a thousand actions
fit a customer, as in the real coupon data (a median of a few among thousands).
"""

import random
from dataclasses import dataclass
from typing import Any

TIERS = ("basic", "silver", "gold", "platinum")
REGIONS = tuple(f"region-{number}" for number in range(20))
SEGMENTS = tuple(f"segment-{number}" for number in range(60))
PRODUCTS = tuple(f"product-{number}" for number in range(2_000))
DEVICES = ("ios", "android", "web")

ATTRIBUTES = {
    "customer.tier": "string",
    "customer.age": "int",
    "customer.region": "string",
    "customer.segments": "list<string>",
    "customer.visits": "int",
    "customer.affinity": "double",
    "customer.employee": "bool",
    "basket.value": "double",
    "basket.products": "list<string>",
    "basket.lines": "int",
    "session.device": "string",
    "session.minutes": "int",
}


@dataclass(frozen=True, slots=True)
class Spec:
    """One action's requirements; ``None`` where it has none on an attribute."""

    name: str
    score: float
    region: str
    ages: tuple[int, int]
    tiers: tuple[str, ...] | None
    segment: str | None
    least_value: float | None
    products: tuple[str, ...] | None
    least_visits: int | None
    device: str | None

    def cel(self) -> str:
        """The requirements as one CEL expression."""
        low, high = self.ages
        terms = [f'customer.region == "{self.region}"', f"customer.age >= {low} && customer.age <= {high}"]
        if self.tiers:
            terms.append(f"customer.tier in {_quoted(self.tiers)}")
        if self.segment:
            terms.append(f'"{self.segment}" in customer.segments')
        if self.least_value is not None:
            terms.append(f"basket.value >= {self.least_value!r}")
        if self.products:
            terms.append(f"basket.products.exists(p, p in {_quoted(self.products)})")
        if self.least_visits is not None:
            terms.append(f"customer.visits > {self.least_visits}")
        if self.device:
            terms.append(f'session.device == "{self.device}"')
        return " && ".join(terms)


def _quoted(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def specs(count: int, seed: int = 1) -> list[Spec]:
    """``count`` actions with distinct names."""
    draw = random.Random(seed)
    return [_spec(draw, number) for number in range(count)]


def _spec(draw: random.Random, number: int) -> Spec:
    low = draw.randrange(18, 70)
    return Spec(
        name=f"action-{number}",
        score=round(draw.uniform(0, 10), 3),
        region=draw.choice(REGIONS),
        ages=(low, low + draw.randrange(5, 40)),
        tiers=tuple(draw.sample(TIERS, 2)) if draw.random() < 0.7 else None,
        segment=draw.choice(SEGMENTS) if draw.random() < 0.5 else None,
        least_value=round(draw.uniform(0, 80), 2) if draw.random() < 0.5 else None,
        products=tuple(draw.sample(PRODUCTS, 12)) if draw.random() < 0.3 else None,
        least_visits=draw.randrange(50) if draw.random() < 0.5 else None,
        device=draw.choice(DEVICES) if draw.random() < 0.3 else None,
    )


def contexts(count: int, seed: int = 2) -> list[dict[str, Any]]:
    """``count`` customers at the till."""
    draw = random.Random(seed)
    return [_context(draw) for _ in range(count)]


def _context(draw: random.Random) -> dict[str, Any]:
    return {
        "customer": {
            "tier": draw.choice(TIERS),
            "age": draw.randrange(18, 90),
            "region": draw.choice(REGIONS),
            "segments": draw.sample(SEGMENTS, 6),
            "visits": draw.randrange(60),
            "affinity": round(draw.random(), 3),
            "employee": draw.random() < 0.02,
        },
        "basket": {
            "value": round(draw.uniform(1, 120), 2),
            "products": draw.sample(PRODUCTS, 10),
            "lines": 10,
        },
        "session": {"device": draw.choice(DEVICES), "minutes": draw.randrange(60)},
    }


def lines(seed: int, count: int = 20) -> list[dict[str, Any]]:
    """``count`` lines of a basket."""
    draw = random.Random(seed)
    return [
        {
            "sku": f"S{draw.randrange(40)}",
            "quantity": draw.randrange(1, 5),
            "price": f"{draw.randrange(100, 4000) / 100:.2f}",
            "on_sale": draw.random() < 0.3,
        }
        for _ in range(count)
    ]
