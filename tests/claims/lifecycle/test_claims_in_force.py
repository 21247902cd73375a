"""Claims under the limits, tables and attributes in force when they are made, not when it was decided."""

from tests.claims.harness import HEAD, OF_PIZZA, PIZZA, denial
from tests.rules import action, capacity, document

from maitred.core.limits.lots import Origin
from maitred.core.values.instants import to_microseconds


def test_a_claim_counts_by_the_limits_in_force_and_the_place_as_it_is_now(sqlite_harness):
    places = document("Locations", "stores", {"table": "{file: stores.csv, columns: {slots: int}}"})
    limit = capacity(limit="location.slots", per="[location]")
    sqlite_harness.rules(PIZZA, limit, places, stores="id,slots\n1,1\n2,\n")
    decided = [sqlite_harness.decide(name, location="1") for name in "abc"]
    assert sqlite_harness.names("x", location="2") == []
    assert sqlite_harness.why_not("x", location="2")["pizza"][2] == "needs location.slots, is absent"
    assert sqlite_harness.claim(decided[0]).granted
    assert denial(sqlite_harness.claim(decided[1])) == "CAPACITY_EXHAUSTED"
    sqlite_harness.rules(PIZZA, limit, places, stores="id,slots\n1,2\n")
    assert sqlite_harness.claim(decided[1]).granted
    sqlite_harness.rules(PIZZA, limit, places, stores="id,slots\n1,\n")
    assert denial(sqlite_harness.claim(decided[2])) == "MISSING_ATTRIBUTE"


def test_a_column_of_the_table_gives_every_row_units_of_its_own(sqlite_harness):
    table = document(
        "ActionTable",
        "coupons",
        {
            "table": "{file: coupons.csv, columns: {code: string, units: int}}",
            "action": '{name: "coupon-${row.code}", title: T, type: offer}',
        },
    )
    limit = capacity("units", applies_to="{all: true}", limit="row.units")
    sqlite_harness.rules(table, limit, coupons="code,units\na,1\nb,2\nc,0\n")
    decided = [sqlite_harness.decide(name, max_actions=3) for name in ("ann", "bob", "cem")]
    assert [proposal.action for proposal in decided[0].proposals] == ["coupon-a", "coupon-b"]
    granted = [
        [sqlite_harness.claim(answer, f"coupon-{code}").granted for answer in decided] for code in "ab"
    ]
    assert granted == [[True, False, False], [True, True, False]]
    assert sqlite_harness.names() == []


def test_attributes_of_another_type_by_now_are_no_fault_of_the_claim(sqlite_harness):
    scored = action("pizza", score="customer.points", alternatives="[half]")
    by_tier = action("half", eligibility="[{require: 'customer.tier == \"gold\"'}]")
    sqlite_harness.rules(scored, by_tier, OF_PIZZA)
    context = {"customer": {"points": 2.5, "tier": "gold"}}
    decided, other = sqlite_harness.decide(context=context), sqlite_harness.decide("bob", context=context)
    head = HEAD.replace("customer.tier: string", "customer.tier: double")
    head = head.replace("customer.points: double", "customer.points: timestamp")
    by_tier = action("half", eligibility="[{require: 'customer.tier > 1.0'}]")
    sqlite_harness.rules(action("pizza", alternatives="[half]"), by_tier, OF_PIZZA, head=head)
    assert sqlite_harness.claim(decided).granted
    denied = sqlite_harness.claim(other)
    assert (denial(denied), denied.alternatives) == ("CAPACITY_EXHAUSTED", ())


def test_what_a_claim_is_for_can_be_found_in_the_ledger(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity())
    decided = sqlite_harness.decide()
    claim = sqlite_harness.claim(decided)
    lot = sqlite_harness.store.lot(bytes.fromhex(claim.claim_id))
    decision_id = bytes.fromhex(decided.decision_id)
    decided_at = sqlite_harness.store.decision(decision_id).decided_at
    assert lot.origin == Origin(decision_id, "pizza", to_microseconds(decided_at))
