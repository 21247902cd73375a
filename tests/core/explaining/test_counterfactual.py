from datetime import UTC, datetime

import pytest

from maitred.core.conditions.model import All, Any, Literal, OneOf, Overlaps, Within
from maitred.core.deciding.decide import decide_from
from maitred.core.deciding.decisions import Explain, Question
from maitred.core.deciding.policy import compile_policy
from maitred.core.explaining.counterfactual import what_would_have
from maitred.core.explaining.explain import explain
from maitred.core.rules.expressions import Score
from maitred.core.rules.ruleset import Action, ActionType, Location, Requirement, Ruleset
from maitred.core.values.types import Attribute, AttributeType, Kind

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ATTRIBUTES = {
    "customer.tier": Attribute("customer.tier", AttributeType(Kind.STRING), ("basic", "gold")),
    "customer.age": Attribute("customer.age", AttributeType(Kind.INT)),
    "customer.vip": Attribute("customer.vip", AttributeType(Kind.BOOL)),
    "basket.value": Attribute("basket.value", AttributeType(Kind.DOUBLE)),
    "basket.products": Attribute("basket.products", AttributeType(Kind.STRING, is_list=True)),
}
GOLD = Literal("customer.tier", OneOf(frozenset({"gold"})))
ADULT = Literal("customer.age", Within(low=18))
OVER_17 = Literal("customer.age", Within(low=17, low_open=True))
NOT_VIP = Literal("customer.vip", OneOf(frozenset({True})), wanted=False)
PIZZA = Literal("basket.products", Overlaps(frozenset({"pizza"})))


def action(name, condition, score=0.0, **fields):
    requirement = Requirement("needs", "needs", condition)
    return Action(
        name, name, ActionType.OFFER, requirements=(requirement,), score=Score(constant=score), **fields
    )


def way_out(condition, context, *others, wanted=10, **fields):
    """What would have had the action proposed, and the decision where that is made so."""
    actions = (action("it", condition, **fields), *others)
    policy = compile_policy(Ruleset("h", "1", "UTC", attributes=ATTRIBUTES, actions=actions), lambda _: None)
    place = Location("", "UTC", {})
    facts = policy.facts(context, channel="pos", customer_id="900", location=place, now=NOW)
    question = Question("pos", facts, NOW, wanted)
    decided = decide_from(policy, question)
    return what_would_have(policy, question, policy.by_name["it"], decided.proposals)


@pytest.mark.parametrize(
    ("condition", "context", "words"),
    [
        (GOLD, {"customer": {"tier": "basic"}}, 'customer.tier "gold"'),
        (ADULT, {"customer": {"age": 17}}, "customer.age 18, 1 more"),
        (ADULT, {}, "customer.age 18"),
        (OVER_17, {"customer": {"age": 3}}, "customer.age 18, 15 more"),
        (NOT_VIP, {"customer": {"vip": True}}, "customer.vip false"),
        (PIZZA, {"basket": {"products": ["milk"]}}, 'basket.products ["milk", "pizza"]'),
        (All((GOLD, ADULT)), {"customer": {"tier": "gold", "age": 9}}, "customer.age 18, 9 more"),
        (Any((GOLD, ADULT)), {"customer": {"age": 9}}, 'customer.tier "gold"'),
    ],
)
def test_the_single_change_that_would_have_done_it(condition, context, words):
    assert way_out(condition, context) == words


def test_two_things_that_lack_have_no_single_way_out():
    assert way_out(All((GOLD, ADULT)), {}) is None


def test_what_another_would_outrank_all_the_same_has_no_way_out():
    best = action("best", Literal("customer.age", Within(low=1)), score=9.0)
    assert way_out(GOLD, {"customer": {"age": 5}}, best, wanted=1) is None
    assert way_out(GOLD, {"customer": {"age": 5}}, best, wanted=2) == 'customer.tier "gold"'


def test_a_consent_that_lacks_is_told_as_such():
    assert way_out(Literal("customer.age", Within(low=1)), {"customer": {"age": 5}}, consent=("perks",)) == (
        "permission for perks"
    )


def test_only_full_explanations_tell_of_ways_out():
    policy = compile_policy(
        Ruleset("h", "1", "UTC", attributes=ATTRIBUTES, actions=(action("it", GOLD),)), lambda _: None
    )
    question = Question("pos", {"customer.tier": "basic"}, NOW, 1)
    details = [
        explain(policy, question, (), level).refusals[0].detail
        for level in (Explain.EXPLAIN_REASONS, Explain.EXPLAIN_FULL)
    ]
    assert details[1] == f'{details[0]}; would have been proposed with customer.tier "gold"'
