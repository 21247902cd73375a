"""The rulesets of ``rules/guidance``, each a story of a customer, decided step by step."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.claims.house import DAY, MINUTE, NOON

from maitred.core.privacy.consents import Consent, ConsentState
from maitred.engine.calls import RecordConsentCall

RULES = Path(__file__).parents[2] / "rules" / "guidance"


@pytest.fixture
def story(lone_house):
    """Puts the rules of a story in force."""

    def tell(name):
        text = (RULES / name / "rules.yaml").read_bytes()
        lone_house.engine.rulesets.activate({"rules.yaml": text}, "a test")
        return lone_house

    return tell


def test_every_ruleset_is_a_story_that_is_told_here():
    told = Path(__file__).read_text()
    assert [folder.name for folder in RULES.iterdir() if f'story("{folder.name}")' not in told] == []


def test_the_car_buyer(story, happen):
    house = story("car-buyer")
    visits = [{"at": NOON - days * DAY, "page": "cars"} for days in (31, 20, 9, 1)]
    happen(house, *visits)
    clicks = [
        {"kind": "click", "target": "calculate-payment", "visit": 2 + number % 3} for number in range(14)
    ]
    happen(house, *clicks)
    seen = {"channel": "showroom", "most": 9, "context": {"customer": {"visit_number": 4}}}
    assert house.sees(**seen) == ["brochure"]
    assert house.why_not(**seen)["test-drive"][1] == "fourth-visit-in-a-month"
    happen(house, page="cars")
    assert house.why_not(**seen)["test-drive"][1] == "ten-clicks-in-the-last-two-visits"
    happen(house, {"kind": "click", "target": "calculate-payment", "visit": 4})
    assert house.why_not(**seen)["test-drive"][1] == "loan-enquiry"
    happen(house, kind="loan_enquiry")
    answer = house.decide(**seen)
    assert [proposal.action for proposal in answer.proposals] == ["test-drive", "brochure"]
    assert answer.proposals[0].treatment.avoid == ("Do not ask whether they can afford it.",)


def test_the_concert_ticket_through_a_friend(story):
    house = story("concert-ticket")

    def asked(*, agreed=True):
        friend = {"concert": "arena-2027-03", "agreed": agreed}
        return {"channel": "mobile", "context": {"customer": {"card": "fan"}, "friend": friend}}

    assert house.why_not(**asked())["concert-ticket"][0] == "CONSENT_REQUIRED"
    consent = Consent("friends", ConsentState.GRANTED, "app", NOON - DAY)
    house.engine.committer.complete(
        house.engine.privacy.recording_consent(RecordConsentCall("r", "ann", (consent,)))
    )
    assert house.why_not(**asked(agreed=False))["concert-ticket"][1] == "the-friend-agreed"
    answer = house.decide(**asked())
    assert answer.proposals[0].treatment.show == "Your friend goes to arena-2027-03: a seat beside them."


def test_the_beach_shoes(story, happen):
    house = story("beach-shoes")
    happen(
        house,
        {"kind": "purchase", "sku": "a", "amount": "150.00", "at": NOON - 300 * DAY},
        {"kind": "purchase", "sku": "b", "amount": "50.00", "at": NOON - 20 * DAY},
        {"kind": "flight_booked", "to": "OSL"},
    )
    near = {"channel": "mobile", "context": {"customer": {"store_km": 3.5}}}
    assert house.why_not(**near)["beach-shoes"][1] == "flies-to-a-beach"
    happen(house, kind="flight_booked", to="PMI")
    assert house.sees(**near) == ["beach-shoes"]
    assert house.why_not(**{**near, "channel": "email"})["beach-shoes"][0] == "WRONG_CHANNEL"
    assert (
        house.why_not(**near | {"context": {"customer": {"store_km": 30.0}}})["beach-shoes"][1]
        == "a-store-is-near"
    )
    assert house.after(31 * DAY).sees(**near) == []


def test_the_cancelled_flight(story):
    house = story("cancelled-flight")
    flight = {"state": "cancelled", "number": "MT 12"}

    def asked(**fields):
        return {"channel": "desk", "most": 9, "context": {"flight": flight}, **fields}

    first = house.decide(**asked())
    everything = ["flight-news", "apology", "next-flight", "train", "hotel"]
    assert [proposal.action for proposal in first.proposals] == everything
    assert first.proposals[0].treatment.say[0].startswith("Here is what we know of MT 12.")
    assert first.proposals[1].treatment.do == ("Offer water and a chair.",)
    assert house.why_not(**asked())["lounge-pass"][:2] == ("SUPPRESSED", "flight_cancelled")
    house.report(first, "PRESENTED", action="flight-news")
    later = house.after(10 * MINUTE)
    assert later.sees(**asked())[0] == "apology"
    assert later.after(5 * MINUTE).sees(**asked())[0] == "flight-news"
    for customer in ("bob", "eva"):
        house.redeem(house.claim(house.decide(customer, **asked()), "next-flight"))
    house.redeem(house.claim(house.decide("eva", **asked()), "hotel"))
    # No seat and no room is left: the train takes the place of the flight.
    assert house.sees("ian", **asked()) == ["flight-news", "apology", "train"]
    on_time = asked(context={"flight": {"state": "on-time"}})
    assert house.sees(**on_time) == ["lounge-pass"]
    wrong = asked(context={"flight": {"state": "gone"}})
    assert house.why_not(**wrong)["lounge-pass"][0] == "SUPPRESSED"


def test_the_refill_reminder(story, happen):
    house = story("refill-reminder")
    assert house.why_not()["oil-refill"][0] == "MISSING_ATTRIBUTE"
    happen(house, {"kind": "purchase", "sku": "OIL-2", "at": NOON - 70 * DAY})
    happen(house, {"kind": "purchase", "sku": "BREAD", "at": NOON - DAY})
    assert house.sees() == ["oil-refill"]
    happen(house, kind="purchase", sku="OIL-1")
    assert house.sees() == []
    assert house.after(60 * DAY).sees() == []
    assert house.after(MINUTE).sees() == ["oil-refill"]


def test_the_newspaper_with_the_expired_card(story):
    house = story("newspaper")
    asked = {"channel": "email", "most": 9, "context": {"customer": {"card_expired": True}}}
    for count in range(2):
        decided = house.decide(**asked)
        assert [proposal.action for proposal in decided.proposals] == ["update-card"], count
        house.report(decided, "PRESENTED", action="update-card")
        assert house.sees(**asked) == (["cancel-subscription"] if count else [])
        house.after(7 * DAY)
    assert house.sees(**asked)[0] == "cancel-subscription"
    assert house.sees(**{**asked, "context": {"customer": {"card_expired": False}}}) == []


def test_the_loyalty_sign_up_is_asked_once(story):
    house = story("loyalty-sign-up")
    stranger = {"context": {"customer": {"member": False}}}
    assert house.sees("mem", context={"customer": {"member": True}}) == []
    decided = house.decide(**stranger)
    house.report(decided, "PRESENTED", action="sign-up")
    for channel in ("pos", "mobile"):
        assert house.after(DAY).why_not(channel=channel, **stranger)["sign-up"][1] == "asked-once"
    assert house.sees("bob", **stranger) == ["sign-up"]


def test_the_pizza_ramp_by_test_groups_over_four_weeks(story):
    house = story("pizza-ramp")
    people = [f"c-{number}" for number in range(300)]
    ramp = []
    for week in range(4):
        house.at(datetime(2026, 12, 1, 12, tzinfo=UTC) + timedelta(weeks=week))
        ramp.append({who for who in people if house.sees(who, channel="mobile")})
    assert ramp[0] == set(people[:10])
    assert ramp[0] < ramp[1] < ramp[2] < ramp[3] == set(people)
    assert 10 < len(ramp[1]) < 50 < len(ramp[2]) < 120
