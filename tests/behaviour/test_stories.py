"""The rulesets of ``rules/guidance``, each a story of a customer, decided step by step."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.claims.harness import DAY, MINUTE, NOON

from maitred.core.privacy.purposes import Consent, ConsentState
from maitred.engine.calls import RecordConsentCall

RULES = Path(__file__).parents[2] / "rules" / "guidance"


@pytest.fixture
def story(sqlite_harness):
    """Puts the rules of a story in force."""

    def tell(name):
        text = (RULES / name / "rules.yaml").read_bytes()
        sqlite_harness.engine.rulesets.activate({"rules.yaml": text}, "a test")
        return sqlite_harness

    return tell


def test_every_ruleset_is_a_story_that_is_told_here():
    text = Path(__file__).read_text()
    assert [folder.name for folder in RULES.iterdir() if f'story("{folder.name}")' not in text] == []


def test_the_car_buyer(story, happen):
    harness = story("car-buyer")
    visits = [{"at": NOON - days * DAY, "page": "cars"} for days in (31, 20, 9, 1)]
    happen(harness, *visits)
    clicks = [
        {"kind": "click", "target": "calculate-payment", "visit": 2 + number % 3} for number in range(14)
    ]
    happen(harness, *clicks)
    request = {"channel": "showroom", "max_actions": 9, "context": {"customer": {"visit_number": 4}}}
    assert harness.sees(**request) == ["brochure"]
    assert harness.why_not(**request)["test-drive"][1] == "fourth-visit-in-a-month"
    happen(harness, page="cars")
    assert harness.why_not(**request)["test-drive"][1] == "ten-clicks-in-the-last-two-visits"
    happen(harness, {"kind": "click", "target": "calculate-payment", "visit": 4})
    assert harness.why_not(**request)["test-drive"][1] == "loan-enquiry"
    happen(harness, kind="loan_enquiry")
    answer = harness.decide(**request)
    assert [proposal.action for proposal in answer.proposals] == ["test-drive", "brochure"]
    assert answer.proposals[0].treatment.avoid == ("Do not ask whether they can afford it.",)


def test_the_concert_ticket_through_a_friend(story):
    harness = story("concert-ticket")

    def asked(*, agreed=True):
        friend = {"concert": "arena-2027-03", "concert_title": "The Quiet Ones", "agreed": agreed}
        return {"channel": "mobile", "context": {"customer": {"card": "fan"}, "friend": friend}}

    assert harness.why_not(**asked())["concert-ticket"][0] == "CONSENT_REQUIRED"
    consent = Consent("friends", ConsentState.GRANTED, "app", NOON - DAY)
    harness.engine.committer.complete(
        harness.engine.privacy.recording_consent(RecordConsentCall("r", "ann", (consent,)))
    )
    assert harness.why_not(**asked(agreed=False))["concert-ticket"][1] == "the-friend-agreed"
    answer = harness.decide(**asked())
    shown = "Your friend goes to The Quiet Ones: there is a seat beside them."
    assert answer.proposals[0].treatment.show == shown


def test_the_beach_shoes(story, happen):
    harness = story("beach-shoes")
    happen(
        harness,
        {"kind": "purchase", "sku": "a", "amount": "150.00", "at": NOON - 300 * DAY},
        {"kind": "purchase", "sku": "b", "amount": "50.00", "at": NOON - 20 * DAY},
        {"kind": "flight_booked", "to": "OSL"},
    )
    near = {"channel": "mobile", "context": {"customer": {"store_km": 3.5}}}
    assert harness.why_not(**near)["beach-shoes"][1] == "flies-to-a-beach"
    happen(harness, kind="flight_booked", to="PMI")
    assert harness.sees(**near) == ["beach-shoes"]
    assert harness.why_not(**{**near, "channel": "email"})["beach-shoes"][0] == "WRONG_CHANNEL"
    assert (
        harness.why_not(**near | {"context": {"customer": {"store_km": 30.0}}})["beach-shoes"][1]
        == "a-store-is-near"
    )
    harness.report(harness.decide(**near), "PRESENTED", action="beach-shoes")
    assert harness.why_not(**near)["beach-shoes"][:2] == ("FREQUENCY_CAPPED", "once-in-thirty-days")
    assert harness.after(31 * DAY).sees(**near) == []


def test_the_cancelled_flight(story):
    harness = story("cancelled-flight")
    flight = {"state": "cancelled", "number": "MT 12"}

    def asked(**fields):
        return {"channel": "desk", "max_actions": 9, "context": {"flight": flight}, **fields}

    first = harness.decide(**asked())
    everything = ["flight-news", "apology", "next-flight", "train", "hotel"]
    assert [proposal.action for proposal in first.proposals] == everything
    assert first.proposals[0].treatment.say[0].startswith("Here is what we know of MT 12.")
    assert first.proposals[1].treatment.do == ("Offer water and a chair.",)
    assert harness.why_not(**asked())["lounge-pass"][:2] == ("SUPPRESSED", "flight_cancelled")
    harness.report(first, "PRESENTED", action="flight-news")
    later = harness.after(10 * MINUTE)
    assert later.sees(**asked())[0] == "apology"
    assert later.after(5 * MINUTE).sees(**asked())[0] == "flight-news"
    for customer in ("bob", "eva"):
        harness.redeem(harness.claim(harness.decide(customer, **asked()), "next-flight"))
    harness.redeem(harness.claim(harness.decide("eva", **asked()), "hotel"))
    # No seat and no room is left: the train takes the place of the flight.
    assert harness.sees("ian", **asked()) == ["flight-news", "apology", "train"]
    on_time = asked(context={"flight": {"state": "on-time"}})
    assert harness.sees(**on_time) == ["lounge-pass"]
    wrong = asked(context={"flight": {"state": "gone"}})
    assert harness.why_not(**wrong)["lounge-pass"][0] == "SUPPRESSED"


def test_the_refill_reminder(story, happen):
    harness = story("refill-reminder")
    assert harness.why_not()["oil-refill"][0] == "MISSING_ATTRIBUTE"
    happen(harness, {"kind": "purchase", "sku": "OIL-2", "at": NOON - 70 * DAY})
    happen(harness, {"kind": "purchase", "sku": "BREAD", "at": NOON - DAY})
    assert harness.sees() == ["oil-refill"]
    happen(harness, kind="purchase", sku="OIL-1")
    assert harness.sees() == []
    assert harness.after(60 * DAY).sees() == []
    assert harness.after(MINUTE).sees() == ["oil-refill"]


def test_the_newspaper_with_the_expired_card(story):
    harness = story("newspaper")
    asked = {"channel": "email", "max_actions": 9, "context": {"customer": {"card_expired": True}}}
    for count in range(2):
        decided = harness.decide(**asked)
        assert [proposal.action for proposal in decided.proposals] == ["update-card"], count
        harness.report(decided, "PRESENTED", action="update-card")
        assert harness.sees(**asked) == (["cancel-subscription"] if count else [])
        harness.after(7 * DAY)
    assert harness.sees(**asked)[0] == "cancel-subscription"
    assert harness.sees(**{**asked, "context": {"customer": {"card_expired": False}}}) == []


def test_the_loyalty_sign_up_is_asked_once(story):
    harness = story("loyalty-sign-up")
    stranger = {"context": {"customer": {"member": False}}}
    assert harness.sees("mem", context={"customer": {"member": True}}) == []
    decided = harness.decide(**stranger)
    harness.report(decided, "PRESENTED", action="sign-up")
    for channel in ("pos", "mobile"):
        assert harness.after(DAY).why_not(channel=channel, **stranger)["sign-up"][1] == "asked-once"
    assert harness.sees("bob", **stranger) == ["sign-up"]


def test_the_pizza_ramp_by_test_groups_over_four_weeks(story):
    harness = story("pizza-ramp")
    people = [f"c-{number}" for number in range(300)]
    ramp = []
    for week in range(4):
        harness.at(datetime(2026, 12, 1, 12, tzinfo=UTC) + timedelta(weeks=week))
        ramp.append({who for who in people if harness.sees(who, channel="mobile")})
    assert ramp[0] == set(people[:10])
    assert ramp[0] < ramp[1] < ramp[2] < ramp[3] == set(people)
    assert 10 < len(ramp[1]) < 50 < len(ramp[2]) < 120
