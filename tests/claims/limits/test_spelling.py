"""One spelling, from the rule files to the counters, on both databases."""

from tests.claims.harness import PIZZA
from tests.rules import action, cap, capacity, document

NFC, NFD = "caf\u00e9", "cafe\u0301"
STORES = "id,oven_slots\n{},1\n"


def test_a_location_is_one_in_both_forms(harness):
    locations = document("Locations", "stores", {"table": "{file: stores.csv, columns: {oven_slots: int}}"})
    harness.rules(locations, PIZZA, capacity(per="[location]", counts="decided"), stores=STORES.format(NFD))
    assert harness.names("ann", location=NFC) == ["pizza"]
    assert harness.names("bob", location=NFC) == []


def test_a_household_is_one_in_both_forms(harness):
    harness.rules(PIZZA, cap(per="[household]", counts="decided"))
    assert harness.names("ann", context={"household": {"id": NFC}}) == ["pizza"]
    assert harness.names("bob", context={"household": {"id": NFD}}) == []


def test_a_household_with_a_blank_is_nobody_s(harness):
    harness.rules(PIZZA, cap(per="[household]", counts="decided"))
    refused = harness.why_not("ann", context={"household": {"id": "7 "}})["pizza"]
    assert refused[0] == "RULE_ERROR"


def test_letter_case_is_ignored_in_both_forms(harness):
    harness.rules(PIZZA, cap(per="[household]", counts="decided", letter_case="ignore"))
    assert harness.names("ann", context={"household": {"id": "CAF\u00c9"}}) == ["pizza"]
    assert harness.names("bob", context={"household": {"id": NFD}}) == []


def test_what_units_are_counted_by_is_an_id(harness):
    harness.rules(PIZZA, cap(per="[basket.slot]", counts="decided"))
    assert harness.why_not(context={"basket": {"slot": " noon"}})["pizza"][0] == "RULE_ERROR"
    assert harness.names(context={"basket": {"slot": "noon"}}) == ["pizza"]


def test_a_session_with_a_blank_is_a_wrong_value(harness):
    harness.rules(PIZZA, cap(window="session", counts="decided"))
    assert harness.why_not(session="s ")["pizza"][0] == "RULE_ERROR"
    assert harness.names(session="s") == ["pizza"]


def test_conditions_meet_values_in_either_form(harness):
    gold = action("gold", eligibility=f"[{{require: customer.tier == '{NFD}'}}]")
    listed = action("listed", eligibility="[{require: customer.tier in list.tiers}]")
    tiers = document("List", "tiers", {"values": f"[{NFD}]"})
    harness.rules(gold, listed, tiers)
    for form in (NFC, NFD):
        assert harness.sees(context={"customer": {"tier": form}}, max_actions=5) == ["gold", "listed"]
