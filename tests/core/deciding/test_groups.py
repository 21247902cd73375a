"""At most so many actions of a group in one answer, and those the best."""

from hypothesis import given
from hypothesis import strategies as st
from tests.core.deciding.test_decide import action, asked, policy_of

from maitred.core.deciding.decide import decide_from as decide
from maitred.core.deciding.decisions import Explain
from maitred.core.deciding.snapshot import Snapshot
from maitred.core.explaining.explain import explain
from maitred.core.limits.limits import Counts, Limit, LimitKind
from maitred.core.rules.ruleset import Action, Group
from maitred.core.values.reasons import Reason
from maitred.core.values.windows import Lifetime

PAIR, ONE = Group("pair", 2), Group("one", 1)
GROUPS = st.lists(st.sampled_from([PAIR, ONE]), unique=True, max_size=2).map(tuple)


def greedy(actions, max_actions):
    """The oracle: best first, each one that no full group keeps out."""
    picked: list[Action] = []
    for candidate in sorted(actions, key=lambda candidate: (-candidate.score.constant, candidate.name)):
        full = [
            group for group in candidate.groups if sum(group in p.groups for p in picked) >= group.at_most
        ]
        if len(picked) < max_actions and not full:
            picked.append(candidate)
    return [candidate.name for candidate in picked]


@given(st.lists(st.tuples(st.integers(0, 3), GROUPS), min_size=1, max_size=8), st.integers(1, 5))
def test_the_best_stand_and_the_others_are_told_which_do(drawn, max_actions):
    actions = [action(f"a{n}", score=float(score), groups=groups) for n, (score, groups) in enumerate(drawn)]
    policy = policy_of(*actions)
    question = asked(policy, max_actions=max_actions)
    decision = decide(policy, question)
    names = [proposal.action for proposal in decision.proposals]
    assert names == greedy(actions, max_actions)
    for refusal in explain(policy, question, decision.proposals, Explain.EXPLAIN_REASONS).refusals:
        if refusal.reason is Reason.GROUPED:
            group = {"pair": PAIR, "one": ONE}[refusal.rule]
            assert sum(group in policy.by_name[name].groups for name in names) == group.at_most
            assert any(f" {name} " in refusal.detail for name in names)
        else:
            assert refusal.reason is Reason.OUTRANKED
            assert len(names) == max_actions


def places(decision):
    return [(proposal.action, proposal.substitute_for) for proposal in decision.proposals]


OVENS = Limit("ovens", LimitKind.CAPACITY, (), 1, Lifetime(), Counts.CLAIMED)


def names_and_reasons(policy, snapshot):
    question = asked(policy)
    decision = decide(policy, question, snapshot)
    refusals = explain(policy, question, decision.proposals, Explain.EXPLAIN_REASONS, snapshot).refusals
    return [proposal.action for proposal in decision.proposals], {
        refusal.action: refusal.reason.name for refusal in refusals
    }


def test_what_is_used_up_leaves_its_place_in_the_group_to_the_next():
    used = action("best", score=3.0, groups=(ONE,), limits=(OVENS,))
    policy = policy_of(
        used, action("next", score=2.0, groups=(ONE,)), action("last", score=1.0, groups=(ONE,))
    )
    names, refusals = names_and_reasons(policy, Snapshot(live={OVENS.key: 1}))
    assert names == ["next"]
    assert refusals == {"best": "CAPACITY_EXHAUSTED", "last": "GROUPED"}


def test_a_shortage_is_told_before_the_group_and_brings_no_stand_in():
    used = action("used", score=2.0, groups=(ONE,), limits=(OVENS,), alternatives=("instead",))
    instead = action("instead", score=0.0)
    policy = policy_of(action("best", score=3.0, groups=(ONE,)), used, instead)
    question = asked(policy, max_actions=2)
    decision = decide(policy, question, Snapshot(live={OVENS.key: 1}))
    assert places(decision) == [
        ("best", ""),
        ("instead", ""),
    ]
    _, refusals = names_and_reasons(policy, Snapshot(live={OVENS.key: 1}))
    assert refusals == {"used": "CAPACITY_EXHAUSTED"}


def test_a_stand_in_has_to_fit_into_its_group_as_well():
    used = action("used", score=2.0, limits=(OVENS,), alternatives=("kept-out", "free"))
    policy = policy_of(
        action("best", score=3.0, groups=(ONE,)),
        used,
        action("kept-out", score=1.0, groups=(ONE,)),
        action("free", score=0.0),
    )
    question = asked(policy)
    decision = decide(policy, question, Snapshot(live={OVENS.key: 1}))
    assert places(decision) == [
        ("best", ""),
        ("free", "used"),
    ]
