"""The join against the same question asked in plain loops, on made-up years of a few baskets."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from tools.journey.join import join_frames

STORES = ZoneInfo("America/New_York")
FIRST = datetime(2017, 3, 10, tzinfo=UTC)

ids = st.integers(1, 4)
# Around the change of the clocks on 12 March, to the half hour.
instants = st.integers(0, 5 * 48).map(lambda halves: FIRST + timedelta(minutes=30 * halves))
days = st.integers(0, 5).map(lambda count: date(2017, 3, 10) + timedelta(days=count))
baskets = st.lists(st.tuples(ids, instants, st.sets(ids, min_size=1)), min_size=1, max_size=5)
campaigns = st.lists(st.tuples(days, days), min_size=1, max_size=4)


def frame(rows, *names):
    made = pd.DataFrame(rows, columns=list(names))
    return made if rows else made.astype("int64")


@settings(max_examples=60, deadline=None)
@given(baskets, campaigns, st.sets(st.tuples(ids, ids)), st.lists(st.tuples(ids, ids, ids)))
def test_the_join_equals_plain_loops(baskets, campaigns, targeting, coupons):
    dated = dict(enumerate(campaigns, 1))
    targeting = {pair for pair in targeting if pair[0] in dated}
    coupons = [row for row in coupons if row[0] in dated]
    lines = [
        (number, household, product, at.replace(tzinfo=None))
        for number, (household, at, products) in enumerate(baskets)
        for product in products
    ]
    descriptions = [(campaign, *map(pd.Timestamp, span)) for campaign, span in dated.items()]
    joined = join_frames(
        {
            "transactions": frame(lines, "basket_id", "household_id", "product_id", "transaction_timestamp"),
            "coupons": frame(coupons, "campaign_id", "coupon_upc", "product_id"),
            "campaigns": frame(sorted(targeting), "campaign_id", "household_id"),
            "campaign_descriptions": frame(descriptions, "campaign_id", "start_date", "end_date"),
        }
    )
    live = {}
    pairs: dict[str, frozenset[str]] = {}
    for number, (household, at, products) in enumerate(baskets):
        today = at.astimezone(STORES).date()
        for campaign, (start, end) in dated.items():
            if (campaign, household) in targeting and start <= today <= end:
                live[str(number)] = today
                for offered, coupon, product in coupons:
                    if offered == campaign and product in products:
                        name = f"coupon-{campaign}-{coupon}"
                        pairs[str(number)] = pairs.get(str(number), frozenset()) | {name}
    assert (joined.live, joined.pairs) == (live, pairs)
