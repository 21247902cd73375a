import json

import pytest

from maitred.core.rules.situations import SituationError
from maitred.situations import plan as plans
from maitred.situations.graph import build, split
from maitred.situations.plan import plan


def only_plan(situations):
    graph = build(situations)
    (part,) = split(graph)
    return plan(graph, part)


def rules_of(made):
    return json.loads(made.definition)


def test_a_situation_is_one_rule_and_each_choice_another(situation):
    made = only_plan([situation("a", "?x", "?y ?z", "?w")])
    assert made.heads == (5, 5, 4)
    assert made.holds[0] == '{"id": "f2", "sid": "?", "g0": 1, "f2": 1}'
    assert made.settled == ((3,),)
    assert [len(rule["all"]) for rule in rules_of(made).values()] == [1, 1, 3, 1]


def test_a_single_choice_is_a_must(situation):
    assert only_plan([situation("a", "?x", "?y")]).heads == (2,)
    assert only_plan([situation("a", "?x", "?x")]).heads == (1,)


@pytest.mark.parametrize("count", [1, 16, 17, 31, 32, 400])
def test_no_rule_joins_more_than_the_engine_can(situation, count):
    made = only_plan([situation("a", " ".join(f"?x{i}" for i in range(count)))])
    sizes = [len(rule["all"]) for rule in rules_of(made).values()]
    assert max(sizes) == min(count, plans.JOINED_FACTS)
    assert sum(sizes) == count + 2 * (len(sizes) - 2) - (len(sizes) - 2) + 1


def test_no_fact_is_joined_more_often_than_the_engine_can(situation):
    made = only_plan(
        [situation(f"s{i}", f"?shared ?x{i}", none="hub") for i in range(600)] + [situation("hub", "?h")]
    )
    uses: dict[str, int] = {}
    for rule in rules_of(made).values():
        for place in rule["all"]:
            for test in place.values():
                uses[json.dumps(test)] = uses.get(json.dumps(test), 0) + 1
    assert max(uses.values()) == plans.JOINS_PER_FACT
    assert made.holds[0].count('"id"') == 3


def test_no_test_has_more_than_the_engines_table_below_it(situation):
    made = only_plan(
        [situation(f"s{i}", f"?shared ?x{i}") for i in range(1000)]
        + [situation("hub", none=" ".join(f"s{i}" for i in range(1000)))]
    )
    groups: dict[str, set[str]] = {}
    for rule in rules_of(made).values():
        for place in rule["all"]:
            for test in place.values():
                group, *fact = (key for pair in test.get("$and", [test]) for key in pair)
                groups.setdefault(group, set()).update(fact)
    assert max(map(len, groups.values())) == plans.FACTS_IN_GROUP
    assert len(groups) < 512


def test_names_differ_by_hash_from_each_other_and_from_the_engines_own():
    taken = set(map(plans._hash, plans._TAKEN_NAMES))
    names, groups = plans._distinct_names("f", taken), plans._distinct_names("g", taken)
    chosen = [*plans._TAKEN_NAMES, *(next(names) for _ in range(20_000)), *(next(groups) for _ in range(100))]
    assert len({plans._hash(name) for name in chosen}) == len(chosen)


def test_a_name_whose_hash_is_taken_is_skipped():
    names = plans._distinct_names("f", {plans._hash("f0"), plans._hash("f2")})
    assert [next(names) for _ in range(3)] == ["f1", "f3", "f4"]


def test_the_hash_is_the_engines():
    # The engine's own constants for "id" and "sid".
    assert (plans._hash("id"), plans._hash("sid")) == (926444256, 3593476751)


def test_what_the_engine_would_choke_on_is_refused(situation):
    choices = [f"?x{i}" for i in range(plans.MAX_CONDITIONS)]
    only_plan([situation("wide", any_=" ".join(choices))])
    with pytest.raises(SituationError) as caught:
        only_plan([situation("wide", any_=" ".join([*choices, "?one_more"]))])
    ((name, message),) = caught.value.faults
    assert name == "wide"
    assert "have 3,073 members between them, at most 3,072; let fewer situations build on" in message
