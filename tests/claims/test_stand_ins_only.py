"""Actions that are proposed in the place of another and never on their own."""

from tests.claims.house import action, capacity, denial

BREAD = action("bread", stand_in_only="true", score=9)
PIZZA = action("pizza", alternatives="[bread]", score=1)
OVENS = capacity(applies_to="{actions: [pizza]}")


def test_it_is_not_proposed_while_there_is_what_it_stands_for(house):
    house.rules(PIZZA, BREAD, OVENS)
    assert house.names(most=10) == ["pizza"]
    reason, rule, detail = house.why_not(most=10)["bread"]
    assert (reason, rule) == ("STAND_IN_ONLY", "stand_in_only")
    assert "stands in for others" in detail


def test_it_takes_the_place_of_what_is_out_of_stock(house):
    house.rules(PIZZA, BREAD, OVENS)
    house.claim(house.decide())
    (proposal,) = house.decide("bob", most=10).proposals
    assert (proposal.action, proposal.substitute_for, proposal.rank) == ("bread", "pizza", 1)
    assert house.why_not("eve", most=10)["pizza"][0] == "CAPACITY_EXHAUSTED"


def test_out_of_stock_itself_it_says_so(house):
    """It was its turn: that it only stands in for others is no reason then."""
    house.rules(PIZZA, BREAD, OVENS, capacity("loaves", limit=0, applies_to="{actions: [bread]}"))
    house.claim(house.decide())
    assert house.why_not("eve", most=10)["bread"][:2] == ("CAPACITY_EXHAUSTED", "loaves")


def test_a_reason_that_comes_first_is_told(house):
    off = action("bread", stand_in_only="true", eligibility="[{require: customer.tier == 'gold'}]")
    house.rules(PIZZA, off, OVENS)
    assert house.why_not(context={"customer": {"tier": "basic"}})["bread"][0] == "NOT_ELIGIBLE"
    assert house.why_not(context={"customer": {"tier": "gold"}})["bread"][0] == "STAND_IN_ONLY"


def test_it_is_no_candidate_where_nothing_else_is(house):
    house.rules(BREAD, action("pizza", alternatives="[bread]", channels="[mobile]"), OVENS)
    assert house.names(most=10) == []


def test_a_denied_claim_names_it(house):
    house.rules(PIZZA, BREAD, OVENS)
    first, second = house.decide("ann"), house.decide("bob")
    house.claim(first)
    answer = house.claim(second)
    assert denial(answer) == "CAPACITY_EXHAUSTED"
    assert [proposal.action for proposal in answer.alternatives] == ["bread"]
    assert house.claim(second, "bread").granted
