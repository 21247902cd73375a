"""Choosing under limits: sharing, standing in, what is read, and that it comes to an end."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.conditions.model import Literal, OneOf
from maitred.core.deciding.choose import (
    MAX_LOOKED_AT,
    MAX_TOLD,
    Chosen,
    Reach,
    Wanted,
    choose,
    stand_ins_of,
)
from maitred.core.deciding.decide import decide_from
from maitred.core.deciding.decisions import Explain, Question
from maitred.core.deciding.policy import compile_policy
from maitred.core.deciding.ranking import Ranking
from maitred.core.deciding.snapshot import Snapshot
from maitred.core.explaining.explain import explain
from maitred.core.limits.limits import Counts, Limit, LimitKind
from maitred.core.rules.expressions import Score
from maitred.core.rules.ruleset import Action, ActionType, Requirement, Ruleset
from maitred.core.values.reasons import Reason
from maitred.core.values.windows import Lifetime

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
NEVER = Requirement("never", "false", Literal("channel", OneOf(frozenset({"nowhere"}))))


def capacity(name, maximum=1, counts=Counts.CLAIMED, **fields):
    return Limit(name, LimitKind.CAPACITY, (), maximum, Lifetime(), counts, **fields)


def cap(name, maximum=1, per=("customer.id",)):
    return Limit(name, LimitKind.FREQUENCY_CAP, per, maximum, Lifetime(), Counts.PRESENTED)


def action(name, *limits, score=0.0, alternatives=(), requirements=()):
    return Action(
        name,
        name,
        ActionType.OFFER,
        score=Score(constant=float(score)),
        limits=limits,
        alternatives=tuple(alternatives),
        requirements=requirements,
    )


def policy_of(*actions):
    return compile_policy(Ruleset("hash", "1", "UTC", actions=actions), lambda _: pytest.fail("none here"))


def question(max_actions=1):
    return Question("pos", {"customer.id": "ann", "channel": "pos", "now": NOW}, NOW, max_actions)


def asked(policy, used, *, max_actions=1, reach=Reach.ENOUGH, own=(), paused=()):
    """What is chosen, and how many actions were read at each time; ``used`` are units by key."""
    live: dict[str, int] = {}
    reads: list[int] = []
    while True:
        snapshot = Snapshot(live, frozenset(own), frozenset(paused))
        chosen = choose(policy, question(max_actions), Ranking(policy, question()), snapshot, reach)
        if isinstance(chosen, Chosen):
            return chosen, reads, snapshot
        assert chosen.actions, "nothing to read and nothing chosen: the committer would never end"
        assert len(reads) < 20
        reads.append(len(chosen.actions))
        live = live | {
            limit.key: used.get(limit.key, 0) for action in chosen.actions for limit in action.limits
        }


def names(chosen):
    return [(pick.action.name, pick.substitute_for) for pick in chosen.picks]


def test_alternatives_of_one_whose_own_counters_were_read_for_others_are_read_too():
    shared = capacity("ovens")
    ahead = [action(f"p-{number}", shared, score=9) for number in range(8)]
    last = action("q", shared, score=1, alternatives=["x"])
    policy = policy_of(*ahead, last, action("x", capacity("own"), requirements=(), score=0))
    chosen, _, _ = asked(policy, {"ovens": 1})
    assert names(chosen) == [("x", "q")]


def dense(count, *, full=True):
    """Every action has all those behind it as alternatives: some 2 ** count ways through."""
    every = [f"a-{number:02}" for number in range(count)]
    return policy_of(
        *(
            action(name, capacity(f"of-{name}", 0 if full else 1), alternatives=every[place + 1 :])
            for place, name in enumerate(every)
        )
    )


def test_every_stand_in_comes_once_by_its_first_way():
    policy = policy_of(
        action("a", alternatives=["b", "c"]),
        action("b", alternatives=["d", "c"]),
        action("c", alternatives=["d"]),
        action("d"),
    )
    assert [stand_in.name for stand_in in stand_ins_of(policy, policy.by_name["a"])] == ["b", "d", "c"]


class Counted(dict):
    """Units by key, which count how often they are asked for."""

    def __init__(self, units):
        super().__init__(units)
        self.looks = 0

    def get(self, *args):
        self.looks += 1
        return super().get(*args)


def test_the_end_of_a_long_chain_of_alternatives_stands_in():
    every = [f"a-{number:03}" for number in range(MAX_TOLD)]
    chain = [
        action(name, capacity(f"of-{name}", 0), alternatives=[following])
        for name, following in pairwise(every)
    ]
    policy = policy_of(*chain, action(every[-1], capacity("last")))
    chosen = choose(
        policy, question(), Ranking(policy, question()), Snapshot(dict.fromkeys(policy.limits, 0))
    )
    assert names(chosen) == [(every[-1], every[0])]


def test_thousands_of_ways_through_alternatives_cost_no_more_than_the_actions():
    policy = dense(26)
    live = Counted(dict.fromkeys(policy.limits, 0))
    chosen = choose(policy, question(), Ranking(policy, question()), Snapshot(live))
    assert isinstance(chosen, Chosen)
    assert chosen.picks == ()
    assert 26 <= live.looks <= 26 * 26
    assert len(list(stand_ins_of(policy, policy.by_name["a-00"]))) == 25


def test_what_is_held_already_is_not_counted_a_second_time():
    shared = cap("perks", 2)
    policy = policy_of(action("a", shared, score=2), action("b", shared, score=1))
    chosen, _, _ = asked(policy, {"perks": 1}, max_actions=2, own={"a"})
    assert names(chosen) == [("a", ""), ("b", "")]


def test_actions_of_one_decision_share_a_cap():
    shared = cap("perks", 2)
    policy = policy_of(*(action(name, shared, score=9 - ord(name)) for name in "abcd"))
    chosen, _, _ = asked(policy, {"perks": 0}, max_actions=4)
    assert [name for name, _ in names(chosen)] == ["a", "b"]
    assert chosen.shortages["c"].words() == "2 of 2 taken per customer ever"


def test_a_cap_does_not_hand_over_but_a_capacity_does():
    capped = policy_of(action("a", cap("c", 0), alternatives=["b"], score=1), action("b"))
    assert names(asked(capped, {})[0]) == [("b", "")]
    other = action("b", score=0)
    exhausted = policy_of(action("a", capacity("c", 0), alternatives=["b"], score=1), other)
    assert names(asked(exhausted, {})[0]) == [("b", "a")]


def test_alternatives_that_are_paused_proposed_or_do_not_hold_are_passed_over():
    policy = policy_of(
        action("top", score=9),
        action("full", capacity("c", 0), alternatives=["paused", "never", "top", "last"], score=5),
        action("paused"),
        action("never", requirements=(NEVER,)),
        action("last"),
    )
    chosen, _, _ = asked(policy, {}, max_actions=2, paused={"paused"})
    assert names(chosen) == [("top", ""), ("last", "full")]


def test_no_more_reads_than_doublings_where_everything_is_used_up():
    count = MAX_LOOKED_AT - 12
    policy = policy_of(*(action(f"a-{n:03}", capacity(f"c-{n:03}")) for n in range(count)))
    chosen, reads, _ = asked(policy, {f"c-{n:03}": 1 for n in range(count)})
    assert (chosen.picks, len(chosen.shortages)) == ((), count)
    assert len(reads) <= 10


def test_beyond_the_bound_limits_are_not_asked_for_and_the_explanation_says_so():
    count = MAX_LOOKED_AT + 3
    policy = policy_of(
        *(action(f"a-{n:04}", capacity(f"c-{n:04}"), score=count - n) for n in range(count)),
        action("free", score=-1),
    )
    used = {f"c-{n:04}": 1 for n in range(MAX_LOOKED_AT)}
    chosen, reads, snapshot = asked(policy, used)
    assert names(chosen) == [("free", "")]
    assert sum(reads) == MAX_LOOKED_AT
    decided = decide_from(policy, question(), snapshot)
    refusals = explain(policy, question(), decided.proposals, Explain.EXPLAIN_FULL, snapshot).refusals
    details = {refusal.action: refusal for refusal in refusals}
    assert details["a-0000"].reason is Reason.CAPACITY_EXHAUSTED
    last = details[f"a-{count - 1:04}"]
    assert last.reason is Reason.OUTRANKED
    assert "not looked at" in last.detail


def test_however_many_share_a_limit_it_is_looked_at_once():
    shared = cap("perks")
    many = [action(f"a-{n:04}", shared, score=9) for n in range(2 * MAX_LOOKED_AT)]
    chosen, reads, _ = asked(policy_of(*many, action("z", capacity("own"))), {"perks": 1})
    assert names(chosen) == [("z", "")]
    assert len(reads) == 2


def test_an_explanation_reads_no_more_than_people_want_to_be_told():
    policy = policy_of(*(action(f"a-{n:04}", capacity(f"c-{n:04}")) for n in range(2_000)))
    chosen, reads, _ = asked(policy, {}, reach=Reach.ALL)
    assert len(chosen.picks) == 1
    assert sum(reads) <= MAX_TOLD


@st.composite
def houses(draw):
    """Actions in order of rank, with limits that some share and alternatives further behind."""
    count = draw(st.integers(1, 9))
    every = [f"a-{number}" for number in range(count)]
    limits = [capacity("c-0", 1), capacity("c-1", 2), cap("c-2", 1), capacity("c-3", 1, Counts.DECIDED)]
    made = [
        action(
            name,
            *draw(st.lists(st.sampled_from(limits), unique_by=lambda limit: limit.name, max_size=2)),
            score=count - place,
            alternatives=draw(st.lists(st.sampled_from(every[place + 1 :]), unique=True))
            if every[place + 1 :]
            else (),
            requirements=(NEVER,) if draw(st.integers(0, 4)) == 0 else (),
        )
        for place, name in enumerate(every)
    ]
    used = {limit.key: draw(st.integers(0, 2)) for limit in limits}
    return policy_of(*made), used, draw(st.integers(1, 4)), draw(st.frozensets(st.sampled_from(every)))


@given(houses(), st.sampled_from([Reach.ENOUGH, Reach.ALL]))
def test_what_is_read_for_a_choice_is_enough_to_make_it_again(house, reach):
    policy, used, max_actions, paused = house
    chosen, _, snapshot = asked(policy, used, max_actions=max_actions, reach=reach, paused=paused)
    again = decide_from(policy, question(max_actions), snapshot)
    assert [(p.action, p.substitute_for) for p in again.proposals] == names(chosen)
    whole = Snapshot(used, frozenset(), paused)
    assert names(choose(policy, question(max_actions), Ranking(policy, question()), whole)) == names(chosen)


@given(houses())
def test_choosing_at_once_comes_to_what_choosing_step_by_step_does(house):
    """Where something is paused, be it unknown, nothing is chosen at once."""
    policy, used, max_actions, _ = house
    at_once, by_steps = (
        choose(policy, question(max_actions), Ranking(policy, question()), Snapshot(used, paused=paused))
        for paused in (frozenset(), frozenset({"nobody"}))
    )
    assert at_once == by_steps


@given(houses())
def test_nothing_is_proposed_twice_paused_or_beyond_a_limit(house):
    policy, used, max_actions, paused = house
    chosen, _, _ = asked(policy, used, max_actions=max_actions, paused=paused)
    picked = [pick.action for pick in chosen.picks]
    assert len({action.name for action in picked}) == len(picked) <= max_actions
    assert not paused & {action.name for action in picked}
    for limit in policy.limits.values():
        takers = [action for action in picked if limit in action.limits]
        taken = len(takers) if limit.counts is not Counts.CLAIMED else 0
        assert not takers or used[limit.key] + max(taken, 1) <= limit.maximum


@given(houses())
def test_every_action_is_proposed_or_refused_for_a_reason(house):
    policy, used, max_actions, paused = house
    _, _, snapshot = asked(policy, used, max_actions=max_actions, reach=Reach.ALL, paused=paused)
    decided = decide_from(policy, question(max_actions), snapshot)
    explanation = explain(policy, question(max_actions), decided.proposals, Explain.EXPLAIN_FULL, snapshot)
    proposed = [proposal.action for proposal in decided.proposals]
    assert sorted([*proposed, *(refusal.action for refusal in explanation.refusals)]) == sorted(
        policy.by_name
    )
    outranked = [refusal for refusal in explanation.refusals if refusal.reason is Reason.OUTRANKED]
    assert not outranked or len(proposed) == max_actions


@given(houses(), st.frozensets(st.sampled_from([f"a-{number}" for number in range(9)])))
def test_stopping_what_nobody_has_changes_no_choice(house, own):
    """Where nothing is stopped the first candidates are picked without a look at all that may be against."""
    policy, used, max_actions, _ = house
    freely, *read = asked(policy, used, max_actions=max_actions, own=own)
    wary, *read_warily = asked(policy, used, max_actions=max_actions, own=own, paused={"nobody's"})
    assert freely == wary
    assert read[0] == read_warily[0]


def test_a_unit_that_is_taken_by_the_decision_itself_is_none_for_the_next():
    paced = cap("perks", 9)
    paced = replace(paced, pace=replace(paced, name="perks/pace", maximum=1))
    policy = policy_of(action("a", paced, score=2), action("b", paced, score=1), action("c"))
    chosen, _, _ = asked(policy, {}, max_actions=3)
    assert [name for name, _ in names(chosen)] == ["a", "c"]


def test_pace_and_capacity_are_told_apart_and_missing_attributes_too():
    slots = replace(capacity("ovens"), maximum="location.slots")
    policy = policy_of(action("a", slots), action("b", cap("c", 1, ("household.id",))))
    chosen, _, _ = asked(policy, {}, max_actions=2)
    assert {name: (shortage.reason, shortage.words()) for name, shortage in chosen.shortages.items()} == {
        "a": (Reason.MISSING_ATTRIBUTE, "needs location.slots, is absent"),
        "b": (Reason.MISSING_ATTRIBUTE, "needs household.id, is absent"),
    }


def test_nothing_is_wanted_where_nothing_is_limited():
    policy = policy_of(action("a"), action("b"))
    assert not isinstance(choose(policy, question(), Ranking(policy, question()), Snapshot()), Wanted)
