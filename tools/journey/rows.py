"""The rows of the tables, derived from the package's frames. Pure; the same frames give the same rows.

Ids are numbers in the package and rows stand in their order. A basket's products are those of all its
lines, the 8,869 with quantity 0 included.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

ACTION_COLUMNS = ("campaign_id", "coupon_upc", "start", "end", "products")
LOCATION_COLUMNS = ("id", "timezone")
CHECKOUT_COLUMNS = ("basket_id", "household_id", "store_id", "at", "value_cents", "campaigns", "products")

STORES_ZONE = "America/New_York"
CENTS_PER_DOLLAR = 100

Row = tuple[object, ...]


def action_rows(coupons: Any, campaigns: Any) -> Iterator[Row]:
    """One row per coupon and campaign: `ACTION_COLUMNS`, dates both included, products sorted."""
    dates = {
        campaign: (start.date(), end.date()) for campaign, start, end in campaigns.itertuples(index=False)
    }
    products: dict[tuple[int, int], set[int]] = {}
    for campaign, coupon, product in coupons.itertuples(index=False):
        products.setdefault((campaign, coupon), set()).add(product)
    for (campaign, coupon), product_ids in sorted(products.items()):
        yield (campaign, coupon, *dates[campaign], words(sorted(product_ids)))


def location_rows(lines: Any) -> Iterator[Row]:
    """One row per store: `LOCATION_COLUMNS`."""
    for store in sorted(lines["store_id"].unique().tolist()):
        yield (store, STORES_ZONE)


def checkout_rows(lines: Any, targeting: Any) -> Iterator[Row]:
    """One row per basket in time order, those of one second by id: `CHECKOUT_COLUMNS`."""
    campaigns = campaigns_of(targeting)
    lines = lines.sort_values(["transaction_timestamp", "basket_id", "product_id"], kind="stable")
    baskets = lines["basket_id"].tolist()
    products = lines["product_id"].tolist()
    cents = (lines["sales_value"] * CENTS_PER_DOLLAR).round().astype("int64").tolist()
    firsts = [index for index, basket in enumerate(baskets) if index == 0 or basket != baskets[index - 1]]
    heads = lines[["basket_id", "household_id", "store_id", "transaction_timestamp"]].iloc[firsts]
    bounds = pairwise([*firsts, len(baskets)])
    for (basket, household, store, at), (first, end) in zip(
        heads.itertuples(index=False), bounds, strict=True
    ):
        held = words(sorted(set(products[first:end])))
        named = campaigns.get(household, "")
        yield (basket, household, store, f"{at.isoformat()}Z", sum(cents[first:end]), named, held)


def campaigns_of(targeting: Any) -> Mapping[int, str]:
    """The campaigns that target each household, sorted."""
    by_household: dict[int, set[int]] = {}
    for campaign, household in targeting.itertuples(index=False):
        by_household.setdefault(household, set()).add(campaign)
    return {household: words(sorted(campaigns)) for household, campaigns in by_household.items()}


def words(numbers: list[int]) -> str:
    return " ".join(map(str, numbers))
