"""What must be proposed, worked out without maitred: a relational join over the package's own frames.

A coupon must be proposed at a checkout where its campaign targets the household, the campaign is live on
the store's civil date (both ends included), and the basket holds one of the coupon's products. Nothing
here reads the tables that the rules are built from, so that a fault in those shows as a difference.
"""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table

from .source import SourceError, frames

STORES_ZONE = "America/New_York"
FIRST_HALF_ENDS = date(2017, 6, 30)


@dataclass(frozen=True, slots=True)
class Join:
    """The answer for every checkout of the year, by basket id.

    `live` gives the local date of each checkout at which at least one campaign is live that targets the
    household. `pairs` gives the names of the actions to propose, of the checkouts where there are any.
    """

    live: Mapping[str, date]
    pairs: Mapping[str, frozenset[str]]


def join() -> Join:
    """Raises `SourceError`."""
    data = frames(("transactions", "coupons", "campaigns", "campaign_descriptions"))
    return join_frames(data)


def join_frames(data: Mapping[str, Any]) -> Join:
    lines = data["transactions"]
    live = live_campaigns(with_local_date(lines), data["campaigns"], data["campaign_descriptions"])
    bought = live[["basket_id", "campaign_id"]].merge(lines[["basket_id", "product_id"]], on="basket_id")
    matched = bought.merge(data["coupons"], on=["campaign_id", "product_id"])
    matched = matched.drop_duplicates(["basket_id", "campaign_id", "coupon_upc"])
    pairs: dict[str, set[str]] = {}
    for basket, campaign, coupon in zip(
        *columns(matched, "basket_id", "campaign_id", "coupon_upc"), strict=True
    ):
        pairs.setdefault(basket, set()).add(f"coupon-{campaign}-{coupon}")
    days = live.drop_duplicates("basket_id")
    dates = dict(zip(columns(days, "basket_id")[0], (day.date() for day in days["local_date"]), strict=True))
    return Join(dates, {basket: frozenset(names) for basket, names in pairs.items()})


def with_local_date(lines: Any) -> Any:
    """One row per checkout with `local_date`; the package's timestamps are naive UTC."""
    checkouts = lines[["basket_id", "household_id", "transaction_timestamp"]].drop_duplicates("basket_id")
    instants = checkouts["transaction_timestamp"].dt.tz_localize("UTC")
    local = instants.dt.tz_convert(STORES_ZONE).dt.tz_localize(None)
    return checkouts.assign(local_date=local.dt.normalize())


def live_campaigns(checkouts: Any, targeting: Any, campaigns: Any) -> Any:
    """One row per checkout and campaign that targets the household and is live on the local date."""
    targeted = checkouts.merge(targeting.merge(campaigns, on="campaign_id"), on="household_id")
    started = targeted["start_date"] <= targeted["local_date"]
    return targeted[started & (targeted["local_date"] <= targeted["end_date"])]


def columns(frame: Any, *names: str) -> list[list[str]]:
    return [frame[name].astype(str).tolist() for name in names]


def in_first_half(day: date) -> bool:
    return day <= FIRST_HALF_ENDS


def counts(joined: Join, baskets: list[str]) -> tuple[int, int, int]:
    """Of these checkouts: how many, how many with a pair, pairs."""
    matches = [len(joined.pairs[basket]) for basket in baskets if basket in joined.pairs]
    return len(baskets), len(matches), sum(matches)


def main() -> int:
    console = Console()
    started = time.perf_counter()
    try:
        with Console(stderr=True).status("joining checkouts, campaigns and coupons"):
            joined = join()
    except SourceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    seconds = time.perf_counter() - started
    first = [basket for basket, day in joined.live.items() if in_first_half(day)]
    second = [basket for basket, day in joined.live.items() if not in_first_half(day)]
    table = Table(
        "", "checkouts with a live campaign", "with a coupon to propose", "pairs", "most at one checkout"
    )
    for title, baskets in (("first half", first), ("second half", second), ("year", first + second)):
        most_pairs = max((len(joined.pairs.get(basket, ())) for basket in baskets), default=0)
        table.add_row(title, *(f"{number:,}" for number in (*counts(joined, baskets), most_pairs)))
    console.print(table)
    console.print(f"joined in {seconds:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
