"""Learned scores in one decision: their laws, what is recorded of them, and that they come out again."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.conditions.model import Expression, Unknown
from maitred.core.deciding.decide import decide_from
from maitred.core.deciding.decisions import Explain, Question
from maitred.core.deciding.policy import MAX_LESSONS, compile_policy
from maitred.core.deciding.ranking import MAX_AT_ONCE, score_of
from maitred.core.deciding.snapshot import Snapshot
from maitred.core.explaining.explain import explain
from maitred.core.learning.draws import METHODS, Draws, Mode, Taught
from maitred.core.learning.formulas import NOT_FINITE, Combined, Share, compiled, linear_of
from maitred.core.learning.learners import NOTHING_LEARNED, Beta, Learner, Parameters
from maitred.core.learning.sampling import unit, words
from maitred.core.privacy.purposes import CONSENT
from maitred.core.rules.expressions import Score
from maitred.core.rules.ruleset import Action, ActionType, Ruleset
from maitred.core.values.types import Fact

NOON = datetime(2026, 12, 8, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DECISIONS = 4_000
UNITS = st.floats(0, 1)
BELIEFS = st.builds(Beta, st.floats(1, 1e6), st.floats(1, 1e6))
GOLDEN = Path(__file__).parent / "learned"
"""A file for each way to draw."""


LEARNER = Learner("uptake", "accepted", "presented", DAY, Beta(1.0, 1.0), 0.0, 1.0, 5.0, enabled=True)


def learner(**fields):
    return replace(LEARNER, **fields)


def seed(number):
    """A hash, as ids of decisions are."""
    return blake2b(number.to_bytes(16), digest_size=16).digest()


def draws(one, number=0, beliefs=None, facts=None):
    parameters = Parameters("v1", {one.name: beliefs or {}})
    return Draws(Taught({one.name: one}, parameters), seed(number), facts or {})


def action(name, formula):
    return Action(name, name, ActionType.OFFER, score=Score.of_formula("its formula", formula))


def policy_of(*actions, learners=(LEARNER,)):
    ruleset = Ruleset("hash", "1", "UTC", actions=actions, learners=tuple(learners))
    return compile_policy(ruleset, lambda _situations: pytest.fail("no situations here"))


def decided(policy, number, parameters=NOTHING_LEARNED, facts=None, wanted=1):
    return decided_by(policy, seed(number), parameters, facts, wanted)


def decided_by(policy, decision_id, parameters=NOTHING_LEARNED, facts=None, wanted=1):
    known: dict[str, Fact] = {"customer.id": "ann", "channel": "pos", "now": NOON, **(facts or {})}
    question = Question("pos", known, NOON, wanted, seed=decision_id)
    return decide_from(policy, question, Snapshot(learned=parameters))


PAIR = action("bread", Share("uptake")), action("pizza", Share("uptake"))
KNOWN = Parameters("v1", {"uptake": {"bread": Beta(20.0, 180.0), "pizza": Beta(60.0, 140.0)}})


@given(st.integers(0, 2**32), BELIEFS, UNITS, UNITS, st.floats(0, 100), st.booleans())
def test_no_value_is_beyond_floor_and_ceiling(number, belief, one, other, exploration, enabled):
    floor, ceiling = sorted((one, other))
    made = learner(floor=floor, ceiling=ceiling, exploration=exploration, enabled=enabled)
    value = draws(made, number, {"pizza": belief}).value("pizza", "uptake")
    assert floor <= value <= ceiling


@pytest.mark.parametrize("exploration", [0.0, 5.0, 33.3, 100.0])
def test_so_many_percent_of_decisions_explore(exploration):
    one = learner(exploration=exploration)
    exploring = sum(draws(one, number).mode("uptake") is Mode.EXPLORE for number in range(DECISIONS))
    error = (exploration / 100 * (1 - exploration / 100) * DECISIONS) ** 0.5
    assert abs(exploring - exploration / 100 * DECISIONS) <= 5 * error


def test_who_explores_more_explores_where_who_explores_less_does():
    few, many = learner(exploration=5.0), learner(exploration=30.0)
    exploring = [
        {number for number in range(DECISIONS) if draws(one, number).mode("uptake") is Mode.EXPLORE}
        for one in (few, many)
    ]
    assert exploring[0] < exploring[1]


def test_where_a_decision_explores_any_value_is_as_likely_whatever_was_learned():
    one = learner(floor=0.2, ceiling=0.6, exploration=100.0)
    beliefs = {"pizza": Beta(1.0, 1e6)}
    values = [draws(one, number, beliefs).value("pizza", "uptake") for number in range(DECISIONS)]
    fifths = [sum(0.2 + step * 0.08 <= value < 0.28 + step * 0.08 for value in values) for step in range(5)]
    assert sum(fifths) == DECISIONS
    assert all(abs(count - DECISIONS / 5) < 5 * (DECISIONS * 0.16) ** 0.5 for count in fifths)


def test_actions_are_drawn_for_independently():
    both = [draws(learner(exploration=0.0), number) for number in range(DECISIONS)]
    pairs = [(one.value("bread", "uptake"), one.value("pizza", "uptake")) for one in both]
    covariance = sum((one - 0.5) * (other - 0.5) for one, other in pairs) / DECISIONS
    assert abs(covariance) < 5 / (12 * DECISIONS**0.5)


def test_who_takes_no_part_gets_what_is_expected():
    one = learner(purpose="research", exploration=50.0)
    beliefs = {"pizza": Beta(30.0, 70.0)}
    refusing = draws(one, 1, beliefs)
    assert refusing.mode("uptake") is Mode.EXPECTED
    assert refusing.value("pizza", "uptake") == 0.3
    assert refusing.value("new", "uptake") == 0.5
    allowing = draws(one, 1, beliefs, {f"{CONSENT}research": True})
    assert allowing.mode("uptake") in {Mode.EXPLORE, Mode.EXPLOIT}
    policy = policy_of(*PAIR, learners=[one])
    for number in range(20):
        decision = decided(policy, number, KNOWN)
        assert decision.proposals[0].action == "pizza"
        assert decision.learned["uptake"].mode is Mode.EXPECTED
        assert decision.exposures == {}, "nothing is learned from them"


def test_one_that_is_not_enabled_knows_nothing_of_what_was_learned():
    off = draws(learner(enabled=False, prior=Beta(1.0, 3.0)), 1, {"pizza": Beta(900.0, 1.0)})
    assert off.mode("uptake") is Mode.OFF
    assert off.value("pizza", "uptake") == 0.25
    decision = decided(policy_of(*PAIR, learners=[learner(enabled=False)]), 1, KNOWN)
    assert (decision.learned, decision.exposures) == ({}, {})


def test_a_decision_says_what_was_believed_of_every_ranked_action_and_how_it_was_drawn():
    policy = policy_of(*PAIR, action("plain", 0.0))
    modes = set()
    for number in range(200):
        decision = decided(policy, number, KNOWN)
        learned = decision.learned["uptake"]
        modes.add(learned.mode)
        assert (learned.version, learned.share) == ("v1", 5.0)
        assert learned.beliefs == KNOWN.by_learner["uptake"]
        given = Draws(Taught(policy.learners, KNOWN), seed(number), {})
        best = max(learned.beliefs, key=lambda name: given.value(name, "uptake"))
        assert decision.proposals[0][:3] == (best, 1, given.value(best, "uptake"))
        assert decision.exposures["learned/uptake"].arm == learned.mode.value
    assert modes == {Mode.EXPLOIT, Mode.EXPLORE}


def test_it_comes_out_again_from_what_stands_in_the_record():
    """Without the snapshot: of the actions that were ranked, and no others."""
    policy = policy_of(*PAIR)
    more = Parameters("v1", {"uptake": {**KNOWN.by_learner["uptake"], "unranked": Beta(5.0, 5.0)}})
    for number in range(100):
        decision = decided(policy, number, more, wanted=2)
        recorded = {name: use.beliefs for name, use in decision.learned.items()}
        assert decided(policy, number, Parameters("v1", recorded), wanted=2) == decision


def test_decisions_by_the_same_parameters_share_what_they_have_in_common():
    policy = policy_of(*PAIR, learners=[learner(exploration=0.0)])
    first, second = (decided(policy, number, KNOWN) for number in range(2))
    assert first.learned is second.learned
    assert first.exposures is second.exposures


def test_equal_versions_with_other_beliefs_do_not():
    """As in records, which hold the beliefs of the actions that were ranked."""
    policy = policy_of(*PAIR, learners=[learner(exploration=0.0)])
    less = Parameters("v1", {"uptake": {"pizza": Beta(60.0, 140.0)}})
    for parameters in (KNOWN, less, KNOWN):
        decision = decided(policy, 1, parameters)
        assert decision.learned["uptake"].beliefs["bread"] == parameters.belief(LEARNER, "bread")


def test_snapshots_of_before_are_let_go():
    policy = policy_of(*PAIR)
    for number in range(10 * MAX_LESSONS):
        decided(policy, number, Parameters(str(number), KNOWN.by_learner))
    assert len(policy.lessons) <= MAX_LESSONS


def test_an_explanation_names_the_share_and_where_it_is_from():
    policy = policy_of(*PAIR, learners=[learner(exploration=0.0)])
    known: dict[str, Fact] = {"customer.id": "ann", "channel": "pos", "now": NOON}
    question = Question("pos", known, NOON, 1, seed=seed(1))
    snapshot = Snapshot(learned=KNOWN)
    decision = decide_from(policy, question, snapshot)
    explanation = explain(policy, question, decision.proposals, Explain.EXPLAIN_REASONS, snapshot)
    value = decision.proposals[0].score
    assert explanation.why[0][-1] == f"learned uptake is {value:.4g}: drawn from what was learned, 60 to 140"
    (outranked,) = explanation.refusals
    assert "learned uptake is" in outranked.detail
    assert "20 to 180" in outranked.detail


HALF = Expression("half", frozenset({"half"}), lambda facts: 0.5 if "half" in facts else Unknown("x"))


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (Share("a"), 0.25),
        (Combined("*", Share("a"), 10.0), 2.5),
        (Combined("+", 1.0, Combined("*", Share("a"), Share("b"))), 1.125),
        (Combined("-", Share("b"), Share("a")), 0.25),
        (Combined("/", Share("a"), Share("b")), 0.5),
        (Combined("+", 5.0, Combined("*", Share("a"), 2.0)), 5.5),
        (Combined("-", 5.0, Combined("/", Share("a"), 2.0)), 4.875),
        (Combined("-", Combined("+", Share("a"), Share("b")), 0.5), 0.25),
        (Combined("*", HALF, Share("a")), 0.125),
    ],
)
def test_a_formula_is_plain_arithmetic(formula, value):
    def share(action, learner):
        return {("pizza", "a"): 0.25, ("pizza", "b"): 0.5}[action, learner]

    assert compiled(formula)(share, "pizza", {"half": 0.5}, {}) == value


NUMBERS = st.floats(-1e307, 1e307)
MULTIPLES = st.one_of(
    st.just(Share("uptake")),
    st.builds(Combined, st.just("*"), st.just(Share("uptake")), NUMBERS),
    st.builds(Combined, st.just("*"), NUMBERS, st.just(Share("uptake"))),
)


@given(
    st.one_of(
        MULTIPLES,
        st.builds(Combined, st.sampled_from("+-"), MULTIPLES, NUMBERS),
        st.builds(Combined, st.sampled_from("+-"), NUMBERS, MULTIPLES),
    ),
    st.floats(0, 1),
)
def test_one_share_with_a_factor_and_a_summand_is_the_same_to_the_last_bit(formula, share):
    value = compiled(formula)(lambda _action, _learner: share, "pizza", {}, {})
    linear = linear_of(formula)
    assert linear
    assert (linear.base + linear.factor * share).hex() == value.hex()


@pytest.mark.parametrize(
    "formula",
    [
        Combined("/", Share("a"), 3.0),
        Combined("+", Share("a"), Share("b")),
        Combined("*", Share("a"), Share("a")),
        Combined("+", Combined("+", Share("a"), 0.1), 0.2),
        Combined("*", HALF, Share("a")),
        Combined("+", 1e308, Combined("*", Share("a"), 1e308)),
        HALF,
        0.5,
    ],
)
def test_what_is_rounded_otherwise_reads_more_or_may_be_infinite_is_not(formula):
    assert linear_of(formula) is None


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        (Combined("*", HALF, Share("uptake")), Unknown("x")),
        (Combined("/", 1.0, Combined("-", Share("uptake"), Share("uptake"))), Unknown(error=NOT_FINITE)),
        (Combined("/", Share("uptake"), 0.0), Unknown(error=NOT_FINITE)),
        (Combined("*", 1e308, Combined("*", Share("uptake"), 1e308)), Unknown(error=NOT_FINITE)),
    ],
)
def test_a_formula_without_a_value_says_why(formula, why):
    given = draws(LEARNER, beliefs={"pizza": Beta(900.0, 100.0)})
    assert score_of(action("pizza", formula), {}, {}, given) == why


def test_what_is_better_is_found_and_the_rest_is_kept_being_tried():
    """A year of decisions, each followed by what people do; everything is learned anew each tenth of it."""
    rates = {"bread": 0.05, "pizza": 0.08, "tea": 0.04}
    actions = [action(name, Share("uptake")) for name in rates]
    policy = policy_of(*actions, learners=[learner(exploration=10.0)])
    outcomes = {name: [0, 0] for name in rates}
    chances, shown, exploring = map(unit, words(b"people")), [], set()
    for step in range(10):
        parameters = Parameters(
            str(step), {"uptake": {n: Beta(1.0 + won, 1.0 + lost) for n, (won, lost) in outcomes.items()}}
        )
        for number in range(step * 500, step * 500 + 500):
            decision = decided(policy, number, parameters)
            name = decision.proposals[0].action
            shown.append(name)
            outcomes[name][next(chances) >= rates[name]] += 1
            if step == 9 and decision.learned["uptake"].mode is Mode.EXPLORE:
                exploring.add(name)
    assert shown[:500].count("pizza") < 300, "before anything is learned all are tried"
    assert shown[-1000:].count("pizza") > 750
    assert exploring == set(rates), "however sure it is"


def test_every_way_to_draw_has_a_file():
    assert {path.stem for path in GOLDEN.iterdir()} == {f"method-{method}" for method in METHODS}


@pytest.mark.parametrize("method", METHODS)
def test_decisions_are_those_of_the_file(method):
    """By parameters of a file and rules of today, to the byte: on any machine, whatever is upgraded."""
    content = json.loads((GOLDEN / f"method-{method}.json").read_text())
    beliefs = {name: Beta(*pair) for name, pair in content["parameters"].items()}
    policy = policy_of(*(action(name, Combined("*", Share("uptake"), 10.0)) for name in beliefs))
    parameters = Parameters(content["version"], {"uptake": beliefs}, method)
    for number, (mode, values) in enumerate(content["decisions"]):
        decision_id = bytes.fromhex(content["ids"][number])
        decision = decided_by(policy, decision_id, parameters, wanted=len(beliefs))
        learned = decision.learned["uptake"]
        assert (learned.mode.value, learned.method) == (mode, method)
        given = Draws(Taught(policy.learners, parameters), decision_id, {})
        assert {name: given.value(name, "uptake").hex() for name in beliefs} == values
        assert {proposal.action: proposal.score for proposal in decision.proposals} == {
            name: 10.0 * float.fromhex(value) for name, value in values.items()
        }


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, None]), min_size=1, max_size=MAX_AT_ONCE + 2))
def test_few_actions_are_ranked_as_many_are(scores):
    """Best first, ties by name, however many are ranked together: the learned score is a half."""
    half = learner(floor=0.5, ceiling=0.5)
    named = [
        (f"a{number}", Share("uptake") if score is None else score) for number, score in enumerate(scores)
    ]
    actions = [
        action(name, score)
        if isinstance(score, Share)
        else Action(name, name, ActionType.OFFER, score=Score(constant=score))
        for name, score in named
    ]
    worth = {name: 0.5 if isinstance(score, Share) else score for name, score in named}
    decision = decided(
        policy_of(*actions, action("learned", Share("uptake")), learners=[half]), 1, wanted=100
    )
    assert [(proposal.action, proposal.score) for proposal in decision.proposals] == sorted(
        {**worth, "learned": 0.5}.items(), key=lambda entry: (-entry[1], entry[0])
    )
