"""Actions that are proposed in the place of another and never on their own."""

from tests.claims.harness import denial
from tests.rules import action, capacity

BREAD = action("bread", stand_in_only="true", score=9)
PIZZA = action("pizza", alternatives="[bread]", score=1)
OVENS = capacity(applies_to="{actions: [pizza]}")


def test_it_is_not_proposed_while_there_is_what_it_stands_for(harness):
    harness.rules(PIZZA, BREAD, OVENS)
    assert harness.names(max_actions=10) == ["pizza"]
    reason, rule, detail = harness.why_not(max_actions=10)["bread"]
    assert (reason, rule) == ("STAND_IN_ONLY", "stand_in_only")
    assert "stands in for others" in detail


def test_it_takes_the_place_of_what_is_out_of_stock(harness):
    harness.rules(PIZZA, BREAD, OVENS)
    harness.claim(harness.decide())
    (proposal,) = harness.decide("bob", max_actions=10).proposals
    assert (proposal.action, proposal.substitute_for, proposal.rank) == ("bread", "pizza", 1)
    assert harness.why_not("eve", max_actions=10)["pizza"][0] == "CAPACITY_EXHAUSTED"


def test_out_of_stock_itself_it_says_so(harness):
    """It was its turn: that it only stands in for others is no reason then."""
    harness.rules(PIZZA, BREAD, OVENS, capacity("loaves", limit=0, applies_to="{actions: [bread]}"))
    harness.claim(harness.decide())
    assert harness.why_not("eve", max_actions=10)["bread"][:2] == ("CAPACITY_EXHAUSTED", "loaves")


def test_a_reason_that_comes_first_is_told(harness):
    off = action("bread", stand_in_only="true", eligibility="[{require: customer.tier == 'gold'}]")
    harness.rules(PIZZA, off, OVENS)
    assert harness.why_not(context={"customer": {"tier": "basic"}})["bread"][0] == "NOT_ELIGIBLE"
    assert harness.why_not(context={"customer": {"tier": "gold"}})["bread"][0] == "STAND_IN_ONLY"


def test_it_is_no_candidate_where_nothing_else_is(harness):
    harness.rules(BREAD, action("pizza", alternatives="[bread]", channels="[mobile]"), OVENS)
    assert harness.names(max_actions=10) == []


def test_a_denied_claim_names_it(harness):
    harness.rules(PIZZA, BREAD, OVENS)
    first, second = harness.decide("ann"), harness.decide("bob")
    harness.claim(first)
    answer = harness.claim(second)
    assert denial(answer) == "CAPACITY_EXHAUSTED"
    assert [proposal.action for proposal in answer.alternatives] == ["bread"]
    assert harness.claim(second, "bread").granted
