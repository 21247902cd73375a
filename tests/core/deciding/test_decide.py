import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.conditions.model import TRUE, Literal, OneOf, Overlaps, Unknown, Within
from maitred.core.deciding.decide import decide_from
from maitred.core.deciding.decisions import Explain, Question
from maitred.core.deciding.policy import compile_policy
from maitred.core.explaining.explain import explain
from maitred.core.rules.expressions import Score
from maitred.core.rules.ruleset import Action, ActionType, Live, Location, Requirement, Ruleset
from maitred.core.rules.treatments import Placeholder, Treatment
from maitred.core.values.reasons import Reason
from maitred.core.values.types import Attribute, AttributeType, Kind

NOON = datetime(2026, 12, 1, 17, tzinfo=UTC)
ATTRIBUTES = {
    name: Attribute(name, AttributeType(kind, is_list))
    for name, kind, is_list in [
        ("customer.age", Kind.INT, False),
        ("customer.tier", Kind.STRING, False),
        ("basket.products", Kind.STRING, True),
        ("location.oven_slots", Kind.INT, False),
    ]
}
STORE = Location("12", "America/New_York", {"location.oven_slots": 40})
ADULT = Requirement(
    "adults-only", "customer.age >= 18", Literal("customer.age", Within(low=18)), say="Adults only."
)
PREMIUM = Requirement(
    "premium",
    'customer.tier in ["gold", "platinum"]',
    Literal("customer.tier", OneOf(frozenset({"gold", "platinum"}))),
)


def action(name, *requirements, score=0.0, **fields):
    score_of = score if isinstance(score, Score) else Score(constant=score)
    return Action(name, name.title(), ActionType.OFFER, requirements=requirements, score=score_of, **fields)


def policy_of(*actions, locations=None, zone="America/New_York"):
    ruleset = Ruleset("hash", "1", zone, attributes=ATTRIBUTES, locations=locations, actions=actions)
    return compile_policy(ruleset, lambda _situations: pytest.fail("no situations here"))


def asked(policy, context=None, *, channel="pos", max_actions=10, now=NOON, location=STORE):
    facts = policy.facts(context or {}, channel=channel, customer_id="900", location=location, now=now)
    return Question(channel, facts, now, max_actions)


def names(policy, context=None, **how):
    return [proposal.action for proposal in decide_from(policy, asked(policy, context, **how)).proposals]


def refusals(policy, context=None, level=Explain.EXPLAIN_FULL, **how):
    question = asked(policy, context, **how)
    explanation = explain(policy, question, decide_from(policy, question).proposals, level)
    return {refusal.action: refusal for refusal in explanation.refusals}


def test_best_score_first_and_ties_by_name():
    policy = policy_of(action("b", score=1.0), action("c", score=2.0), action("a", score=1.0), action("d"))
    assert names(policy) == ["c", "a", "b", "d"]
    assert names(policy, max_actions=2) == ["c", "a"]


def test_evaluated_scores_rank_among_the_fixed_ones(expression):
    policy = policy_of(
        action("fixed", score=2.0),
        action("low", score=Score(expression=expression("low", 1.0))),
        action("high", score=Score(expression=expression("high", 3.0))),
        action("tie", score=Score(expression=expression("tie", 2.0))),
    )
    assert names(policy) == ["high", "fixed", "tie", "low"]
    assert names(policy, max_actions=1) == ["high"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Unknown(missing="customer.age"), Reason.MISSING_ATTRIBUTE),
        (Unknown(error="divide by zero"), Reason.RULE_ERROR),
        (math.nan, Reason.RULE_ERROR),
        (math.inf, Reason.RULE_ERROR),
    ],
)
def test_an_action_without_a_finite_score_is_refused(expression, value, reason):
    policy = policy_of(action("a", score=Score(expression=expression("score", value))), action("b"))
    assert names(policy) == ["b"]
    refusal = refusals(policy)["a"]
    assert (refusal.reason, refusal.rule) == (reason, "score")


def test_proposals_carry_rank_score_type_and_treatment():
    treatment = Treatment(say=(("Hello.",), ("At ", Placeholder("customer.age"), ".")), show=("PIZZA",))
    policy = policy_of(action("pizza", score=1.5, treatments={"pos": treatment}))
    (proposal,) = decide_from(policy, asked(policy, {"customer": {"age": 31}})).proposals
    assert (proposal.rank, proposal.score, proposal.type) == (1, 1.5, ActionType.OFFER)
    assert (proposal.treatment.title, proposal.treatment.show) == ("Pizza", "PIZZA")
    assert proposal.treatment.say == ("Hello.", "At 31.")


def test_a_line_whose_value_is_absent_is_left_out():
    treatment = Treatment(
        title=(Placeholder("customer.tier"),), say=((Placeholder("customer.age"),), ("Hello.",))
    )
    policy = policy_of(action("pizza", treatments={"pos": treatment}))
    (proposal,) = decide_from(policy, asked(policy)).proposals
    assert proposal.treatment.say == ("Hello.",)
    assert proposal.treatment.title == "Pizza"


def test_the_first_failing_reason_in_precedence_is_told():
    live = Live(last=date(2026, 11, 30))
    policy = policy_of(action("late", ADULT, live=live, channels=frozenset({"mobile"})))
    assert refusals(policy)["late"].reason is Reason.NOT_LIVE
    policy = policy_of(action("mobile", ADULT, channels=frozenset({"mobile"})))
    assert refusals(policy)["mobile"].reason is Reason.WRONG_CHANNEL
    policy = policy_of(action("both", ADULT, PREMIUM))
    assert refusals(policy, {"customer": {"tier": "basic"}})["both"].reason is Reason.NOT_ELIGIBLE


def test_a_refusal_says_what_was_needed_and_what_was_there():
    policy = policy_of(action("pizza", PREMIUM), action("beer", ADULT))
    by_action = refusals(policy, {"customer": {"tier": "basic", "age": 17}}, Explain.EXPLAIN_REASONS)
    assert by_action["pizza"].rule == "premium"
    assert by_action["pizza"].detail == 'needs customer.tier in ["gold", "platinum"], is "basic"'
    assert by_action["beer"].detail == "Adults only. needs customer.age >= 18, is 17"


def test_absent_and_wrong_values_have_their_own_reasons():
    policy = policy_of(action("beer", ADULT))
    assert refusals(policy)["beer"].reason is Reason.MISSING_ATTRIBUTE
    detail = "Adults only. needs customer.age >= 18, is absent"
    assert refusals(policy, level=Explain.EXPLAIN_REASONS)["beer"].detail == detail
    assert refusals(policy, {"customer": {"age": "x"}})["beer"].reason is Reason.RULE_ERROR


def test_what_others_rank_before_is_outranked():
    policy = policy_of(action("a", score=2.0), action("b", score=1.0))
    assert refusals(policy, max_actions=1)["b"].reason is Reason.OUTRANKED


def test_scores_that_differ_are_told_differently():
    policy = policy_of(action("a", score=1_000_002.0), action("b", score=1_000_001.0))
    assert refusals(policy, max_actions=1)["b"].detail.startswith("scores 1000001,")


def test_reasons_leave_out_what_was_not_live_on_the_channel():
    policy = policy_of(action("mobile", channels=frozenset({"mobile"})), action("beer", ADULT))
    assert set(refusals(policy, level=Explain.EXPLAIN_REASONS)) == {"beer"}
    assert set(refusals(policy, level=Explain.EXPLAIN_FULL)) == {"beer", "mobile"}
    assert refusals(policy, level=Explain.EXPLAIN_NONE) == {}


def test_attributes_of_the_location_are_facts():
    ovens = Requirement(
        "ovens", "location.oven_slots > 10", Literal("location.oven_slots", Within(low=10, low_open=True))
    )
    policy = policy_of(action("pizza", ovens), locations={"12": STORE})
    assert names(policy, location=policy.location("12")) == ["pizza"]
    assert policy.location("13") is None


ages = st.none() | st.integers(0, 99) | st.just("x")
tiers = st.none() | st.sampled_from(["basic", "gold", "platinum"])


@given(
    age=ages,
    tier=tiers,
    products=st.none() | st.lists(st.sampled_from("abc"), max_size=3),
    wanted=st.integers(1, 5),
)
def test_every_action_is_proposed_or_refused_and_never_both(age, tier, products, wanted):
    fruit = Requirement("fruit", "", Literal("basket.products", Overlaps(frozenset({"a"}))))
    policy = policy_of(
        action("adult", ADULT, score=1.0),
        action("premium", PREMIUM, score=2.0),
        action("fruit", fruit, ADULT, score=3.0),
        action("any", Requirement("any", "true", TRUE)),
    )
    context = {"customer": {"age": age, "tier": tier}, "basket": {"products": products}}
    proposed = names(policy, context, max_actions=wanted)
    refused = refusals(policy, context, max_actions=wanted)
    assert sorted([*proposed, *refused]) == ["adult", "any", "fruit", "premium"]
    outranked = [name for name, refusal in refused.items() if refusal.reason is Reason.OUTRANKED]
    assert not outranked or len(proposed) == wanted
