"""Claims: of what was proposed, of what stands in for it, late, twice, paused, and under other rules."""

from tests.claims.house import HEAD, OF_PIZZA, PIZZA, action, capacity, denial, document

from maitred.core.limits.lots import Origin


def test_a_claim_counts_by_the_limits_in_force_and_the_place_as_it_is_now(lone_house):
    places = document("Locations", "stores", {"table": "{file: stores.csv, columns: {slots: int}}"})
    limit = capacity(limit="location.slots", per="[location]")
    lone_house.rules(PIZZA, limit, places, stores="id,slots\n1,1\n2,\n")
    decided = [lone_house.decide(name, location="1") for name in "abc"]
    assert lone_house.names("x", location="2") == []
    assert lone_house.why_not("x", location="2")["pizza"][2] == "needs location.slots, is absent"
    assert lone_house.claim(decided[0]).granted
    assert denial(lone_house.claim(decided[1])) == "CAPACITY_EXHAUSTED"
    lone_house.rules(PIZZA, limit, places, stores="id,slots\n1,2\n")
    assert lone_house.claim(decided[1]).granted
    lone_house.rules(PIZZA, limit, places, stores="id,slots\n1,\n")
    assert denial(lone_house.claim(decided[2])) == "MISSING_ATTRIBUTE"


def test_a_column_of_the_table_gives_every_row_units_of_its_own(lone_house):
    table = """\
apiVersion: maitred/v1
kind: ActionTable
name: coupons
table: {file: coupons.csv, columns: {code: string, units: int}}
action: {name: "coupon-${row.code}", title: T, type: offer}
"""
    limit = capacity("units", applies_to="{all: true}", limit="row.units")
    lone_house.rules(table, limit, coupons="code,units\na,1\nb,2\nc,0\n")
    decided = [lone_house.decide(name, most=3) for name in ("ann", "bob", "cem")]
    assert [each.action for each in decided[0].proposals] == ["coupon-a", "coupon-b"]
    granted = [[lone_house.claim(each, f"coupon-{code}").granted for each in decided] for code in "ab"]
    assert granted == [[True, False, False], [True, True, False]]
    assert lone_house.names() == []


def test_attributes_of_another_type_by_now_are_no_fault_of_the_claim(lone_house):
    scored = action("pizza", score="customer.points", alternatives="[half]")
    by_tier = action("half", eligibility="[{require: 'customer.tier == \"gold\"'}]")
    lone_house.rules(scored, by_tier, OF_PIZZA)
    context = {"customer": {"points": 2.5, "tier": "gold"}}
    decided, other = lone_house.decide(context=context), lone_house.decide("bob", context=context)
    head = HEAD.replace("customer.tier: string", "customer.tier: double")
    head = head.replace("customer.points: double", "customer.points: timestamp")
    by_tier = action("half", eligibility="[{require: 'customer.tier > 1.0'}]")
    lone_house.rules(action("pizza", alternatives="[half]"), by_tier, OF_PIZZA, head=head)
    assert lone_house.claim(decided).granted
    denied = lone_house.claim(other)
    assert (denial(denied), denied.alternatives) == ("CAPACITY_EXHAUSTED", ())


def test_what_a_claim_is_for_can_be_found_in_the_ledger(lone_house):
    lone_house.rules(PIZZA, capacity())
    decided = lone_house.decide()
    claim = lone_house.claim(decided)
    lot = lone_house.store.lot(bytes.fromhex(claim.claim_id))
    assert lot.origin == Origin(bytes.fromhex(decided.decision_id), "pizza")
