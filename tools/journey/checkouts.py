"""A checkout as the demo sends it, read from the table that `tables` builds."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

NAME = "checkouts.csv.gz"


@dataclass(frozen=True, slots=True)
class Checkout:
    """One basket at the till. `at` is UTC; `campaigns` are all that target the household, live or not."""

    basket_id: str
    household_id: str
    store_id: str
    at: datetime
    value_cents: int
    campaigns: tuple[str, ...]
    products: tuple[str, ...]


def read_checkouts(tables: Path) -> Iterator[Checkout]:
    """The year's checkouts in time order. Raises `OSError`."""
    with gzip.open(tables / NAME, "rt", encoding="ascii", newline="") as lines:
        for row in csv.DictReader(lines):
            yield Checkout(
                basket_id=row["basket_id"],
                household_id=row["household_id"],
                store_id=row["store_id"],
                at=datetime.fromisoformat(row["at"]),
                value_cents=int(row["value_cents"]),
                campaigns=tuple(row["campaigns"].split()),
                products=tuple(row["products"].split()),
            )
