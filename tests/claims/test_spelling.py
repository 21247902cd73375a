"""One spelling, from the rule files to the counters, on both databases."""

from tests.claims.house import PIZZA, action, cap, capacity, document

NFC, NFD = "caf\u00e9", "cafe\u0301"
STORES = "id,oven_slots\n{},1\n"


def test_a_location_is_one_in_both_forms(house):
    locations = document("Locations", "stores", {"table": "{file: stores.csv, columns: {oven_slots: int}}"})
    house.rules(locations, PIZZA, capacity(per="[location]", counts="decided"), stores=STORES.format(NFD))
    assert house.names("ann", location=NFC) == ["pizza"]
    assert house.names("bob", location=NFC) == []


def test_a_household_is_one_in_both_forms(house):
    house.rules(PIZZA, cap(per="[household]", counts="decided"))
    assert house.names("ann", context={"household": {"id": NFC}}) == ["pizza"]
    assert house.names("bob", context={"household": {"id": NFD}}) == []


def test_a_household_with_a_blank_is_nobody_s(house):
    house.rules(PIZZA, cap(per="[household]", counts="decided"))
    refused = house.why_not("ann", context={"household": {"id": "7 "}})["pizza"]
    assert refused[0] == "RULE_ERROR"


def test_letter_case_is_ignored_in_both_forms(house):
    house.rules(PIZZA, cap(per="[household]", counts="decided", letter_case="ignore"))
    assert house.names("ann", context={"household": {"id": "CAF\u00c9"}}) == ["pizza"]
    assert house.names("bob", context={"household": {"id": NFD}}) == []


def test_what_units_are_counted_by_is_an_id(house):
    house.rules(PIZZA, cap(per="[basket.slot]", counts="decided"))
    assert house.why_not(context={"basket": {"slot": " noon"}})["pizza"][0] == "RULE_ERROR"
    assert house.names(context={"basket": {"slot": "noon"}}) == ["pizza"]


def test_a_session_with_a_blank_is_a_wrong_value(house):
    house.rules(PIZZA, cap(window="session", counts="decided"))
    assert house.why_not(session="s ")["pizza"][0] == "RULE_ERROR"
    assert house.names(session="s") == ["pizza"]


def test_conditions_meet_values_in_either_form(house):
    gold = action("gold", eligibility=f"[{{require: customer.tier == '{NFD}'}}]")
    listed = action("listed", eligibility="[{require: customer.tier in list.tiers}]")
    tiers = document("List", "tiers", {"values": f"[{NFD}]"})
    house.rules(gold, listed, tiers)
    for form in (NFC, NFD):
        assert house.sees(context={"customer": {"tier": form}}, most=5) == ["gold", "listed"]
