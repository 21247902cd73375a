"""The starter rules at work: what they propose, that they pay for nothing twice and promise nothing early."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from maitred.engine.calls import StepCall
from maitred.rulefiles import read_sources

STARTER = Path(__file__).parents[2] / "rules" / "starter"
# In New York: Tuesday, Wednesday and Friday at seven in the evening, of one week.
TUESDAY, WEDNESDAY, FRIDAY = (datetime(2026, 12, day, 0, tzinfo=UTC) for day in (2, 3, 5))
PIZZA = {"sku": "20010", "quantity": 2, "price": "14.90", "on_sale": False}
PASTA = {"sku": "30100", "quantity": 3, "price": "1.95", "on_sale": True}
WINE = {"sku": "70010", "quantity": 1, "price": 9.5, "on_sale": False}
GOLD = {"tier": "gold", "born": "1990-12-24", "pizza_affinity": 0.8, "age": 35, "name": "Ann"}
SLOT = {"starts": "2026-12-10T17:00:00Z"}


@pytest.fixture
def shop(sqlite_harness):
    sqlite_harness.engine.rulesets.activate(read_sources(STARTER), "a test")
    return sqlite_harness.at(TUESDAY)


def asking(session="s-1", channel="pos", location="nyc-hudson", **context):
    """The fields of a call at the counter."""
    return {
        "channel": channel,
        "location": location,
        "session": session,
        "context": context,
        "max_actions": 9,
    }


MONEY = [
    # The action, when and of what it is proposed, and where else it may be tried.
    ("free-pizza", TUESDAY, {"customer": GOLD}, ("mobile", "pos")),
    ("birthday-dessert", FRIDAY, {"customer": GOLD}, ("mobile", "pos")),
    ("half-price-wednesday", WEDNESDAY, {"basket": {"lines": [PIZZA]}}, ("mobile", "pos")),
    ("pasta-three-for-two", TUESDAY, {"basket": {"lines": [PASTA]}}, ("mobile", "pos")),
    (
        "voucher-WELCOME10",
        TUESDAY,
        {"basket": {"value": 40, "voucher": " welcome10 "}},
        ("mobile", "call-center"),
    ),
    (
        "coupon-autumn-10003",
        TUESDAY,
        {"customer": {"campaigns": ["autumn"]}, "basket": {"lines": [PIZZA]}},
        ("pos", "pos"),
    ),
    (
        "free-delivery",
        TUESDAY,
        {"basket": {"lines": [{**PIZZA, "quantity": 3}]}, "delivery": SLOT},
        ("mobile", "call-center"),
    ),
    ("wine-tasting", FRIDAY, {"customer": GOLD, "basket": {"lines": [WINE]}}, ("mobile", "pos")),
    (
        "apology-credit",
        TUESDAY,
        {"customer": {"tier": "gold", "late_minutes": 45}},
        ("mobile", "call-center"),
    ),
]


@pytest.mark.parametrize(("action", "at", "context", "channels"), MONEY, ids=[row[0] for row in MONEY])
def test_nothing_is_given_twice(shop, action, at, context, channels):
    shop.at(at)
    first, other = (asking(channel=channel, **context) for channel in channels)
    decided = shop.decide(**first)
    assert action in [proposal.action for proposal in decided.proposals]
    open_elsewhere = shop.decide(**other)
    claimed = shop.claim(decided, action)
    assert claimed.granted
    # Not to whoever asks again, not by an answer from before, and not once it was redeemed.
    assert action not in shop.sees(**other)
    if action in [proposal.action for proposal in open_elsewhere.proposals]:
        assert not shop.claim(open_elsewhere, action).granted
    shop.engine.claimer.redeem(StepCall(shop.new_id(), claimed.claim_id, location_id=first["location"]))
    assert action not in shop.sees(**other)


def test_bread_stands_in_for_a_pizza_where_the_ovens_are_full(shop):
    for number in range(20):
        name = f"guest-{number}"
        assert shop.claim(shop.decide(name, **asking(f"s-{number}", customer=GOLD)), "free-pizza").granted
    decided = shop.decide("late", **asking("s-late", customer=GOLD))
    bread = next(proposal for proposal in decided.proposals if proposal.action == "free-garlic-bread")
    assert bread.substitute_for == "free-pizza"
    assert "Our ovens are full" in bread.treatment.say[0]


def test_one_discount_is_given_for_a_basket(shop):
    basket = {"basket": {"lines": [PIZZA, PASTA]}}
    decided = shop.at(WEDNESDAY).decide(**asking(**basket))
    names = [proposal.action for proposal in decided.proposals]
    assert "half-price-wednesday" in names
    assert shop.why_not(**asking(**basket))["pasta-three-for-two"][:2] == ("GROUPED", "one-discount")
    assert shop.claim(decided, "half-price-wednesday").granted
    reason, rule, _ = shop.why_not(**asking(**basket))["pasta-three-for-two"]
    assert (reason, rule) == ("FREQUENCY_CAPPED", "one-discount-a-basket")
    assert "half-price-wednesday" in shop.sees(**asking("another-basket", **basket))


def test_a_basket_without_a_card_gets_its_discount_once(shop):
    asked = asking(basket={"lines": [PASTA]})
    decided = shop.decide("", **asked)
    assert shop.claim(decided, "pasta-three-for-two").granted
    assert "pasta-three-for-two" not in shop.sees("", **asked)


def test_who_was_let_down_hears_no_offer(shop):
    late = {"customer": {**GOLD, "late_minutes": 45}, "basket": {"lines": [PASTA]}}
    refusals = shop.why_not(**asking(**late))
    assert refusals["free-pizza"][:2] == ("SUPPRESSED", "let_down")
    assert refusals["pasta-three-for-two"][0] == "SUPPRESSED"


def test_a_refusal_counts_in_dollars_and_speaks_the_language(shop):
    near = asking(
        channel="mobile",
        basket={"lines": [{**PIZZA, "price": 15.4}, PASTA]},
        delivery=SLOT,
        customer={"language": "es-US"},
    )
    reason, rule, detail = shop.why_not(**near)["free-delivery"]
    assert (reason, rule) == ("NOT_ELIGIBLE", "from-35-dollars")
    assert "35.00, is 30.80" in detail
    assert "4.20 more" in detail
    near["context"]["basket"]["lines"][0]["quantity"] = 3
    (proposal, *_) = shop.decide(**near).proposals
    assert (proposal.action, proposal.treatment.show) == ("free-delivery", "Toque para el envío gratis")


def test_a_delivery_is_free_once_in_its_own_week(shop):
    def of(starts, session):
        lines = [{**PIZZA, "quantity": 3}]
        return asking(session, "mobile", basket={"lines": lines}, delivery={"starts": starts})

    first = of("2026-12-10T17:00:00Z", "s-1")
    assert shop.claim(shop.decide(**first), "free-delivery").granted
    assert "free-delivery" not in shop.sees(**of("2026-12-12T17:00:00Z", "s-2"))
    assert "free-delivery" in shop.sees(**of("2026-12-17T17:00:00Z", "s-3"))
