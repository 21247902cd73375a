"""Slices of the year through the real service: no pair missing, none extra."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from tools.journey.client import send
from tools.journey.report import compare
from tools.journey.service import last_lines, serve_command, serving
from tools.journey.tables import RULES

STORES = ZoneInfo("America/New_York")
# Clocks went forward on the first, back on the second.
CLOCK_CHANGES = (date(2017, 3, 12), date(2017, 11, 5))
PER_SLICE = 250


@pytest.fixture(scope="module")
def address(tables, tmp_path_factory):  # noqa: ARG001 - the rules read the tables
    scratch = tmp_path_factory.mktemp("service")
    log = scratch / "service.log"
    with serving(serve_command(RULES, f"sqlite:///{scratch}/decisions.db"), log) as service:
        yield service.address
    assert service.ended == 0, last_lines(log)


@pytest.fixture(scope="module")
def live(checkouts, joined):
    return [checkout for checkout in checkouts if checkout.basket_id in joined.live]


def proposed_at(address, checkouts, joined):
    return compare("slice", send(address, checkouts, 8, lambda _: None), joined.pairs)


def is_exact(part):
    """A whole slice was sent, and proposed was all that was to be, and nothing else."""
    return (part.sent, part.missing, part.extra) == (PER_SLICE, (), ()) and part.proposed > 0


def spread(checkouts):
    """Evenly over all of them."""
    return checkouts[:: max(len(checkouts) // PER_SLICE, 1)][:PER_SLICE]


@pytest.mark.parametrize("day", CLOCK_CHANGES, ids=str)
def test_around_a_change_of_the_clocks(address, live, joined, day):
    around = [
        checkout for checkout in live if abs(checkout.at.astimezone(STORES).date() - day) <= timedelta(days=1)
    ]
    assert is_exact(proposed_at(address, spread(around), joined))


def another_day_in_utc(checkout):
    return checkout.at.astimezone(STORES).date() != checkout.at.date()


def test_evenings_that_are_another_day_in_utc(address, live, joined):
    assert is_exact(proposed_at(address, spread(list(filter(another_day_in_utc, live))), joined))


def test_the_evening_before_a_campaign_begins(address, checkouts, joined, data):
    """By its date in UTC, the campaign would be live."""
    starts = {day.date() for day in data["campaign_descriptions"]["start_date"]}
    evenings = [
        checkout
        for checkout in checkouts
        if another_day_in_utc(checkout) and checkout.campaigns and checkout.at.date() in starts
    ]
    early = [checkout for checkout in evenings if checkout.basket_id not in joined.live]
    part = proposed_at(address, early, joined)
    assert part.sent > PER_SLICE
    assert (part.proposed, part.missing) == (0, ())


def test_first_and_last_days_of_campaigns(address, live, joined, data):
    campaigns = data["campaign_descriptions"]
    borders = {day.date() for column in ("start_date", "end_date") for day in campaigns[column]}
    there = [checkout for checkout in live if joined.live[checkout.basket_id] in borders]
    assert is_exact(proposed_at(address, spread(there), joined))


def test_the_checkouts_with_most_coupons(address, live, joined):
    by_coupons = sorted(live, key=lambda checkout: -len(joined.pairs.get(checkout.basket_id, ())))
    assert is_exact(proposed_at(address, by_coupons[:PER_SLICE], joined))
    # Once more: the stored answers.
    assert is_exact(proposed_at(address, by_coupons[:PER_SLICE], joined))
