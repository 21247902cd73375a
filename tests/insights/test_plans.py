from collections import Counter

import pytest

from maitred.engine.operating.gathering import Participant
from maitred.engine.operating.results import PERSONS_MIN, POLICY_LINES_MAX
from maitred.insights.comparing import planned_value
from maitred.insights.plans import PlanInvalid, lines_in, plan_of

ARMS = {"control": 1.0, "loud": 3.0}
HEAD = "segment,arm,probability\n"


def read_plan(text, arms=ARMS):
    return plan_of(lines_in(text), arms)


def people(*rows):
    """Persons of arms and segments, of whom so many reached the goal."""
    drawn = []
    for arm, segment, persons, reached in rows:
        drawn += [
            Participant(arm, 0, b"c", 1, segment, Counter(), set(), number < reached)
            for number in range(persons)
        ]
    return drawn


def faults(text):
    with pytest.raises(PlanInvalid) as invalid:
        read_plan(text)
    return list(invalid.value.faults)


def test_segments_have_shares_and_others_have_theirs():
    plan = read_plan(HEAD + "gold,loud,1\n*,control,0.25\n*, loud ,0.75\n\n")
    assert plan.of_segment("gold") == {"loud": 1}
    assert plan.of_segment("") == plan.of_segment("iron") == {"control": 0.25, "loud": 0.75}


def test_thirds_may_be_written_with_seven_digits():
    arms = {"a": 1.0, "b": 1.0, "c": 1.0}
    assert read_plan(HEAD + "".join(f"*,{arm},0.3333333\n" for arm in arms), arms)


def test_all_lines_that_are_none_are_told_at_once():
    assert faults(HEAD + "*,loud,2\n*,loud,nan\ngold,loud,1\n*,loud\n") == [
        "line 2: `2` is no probability: write `0.02`",
        "line 3: `nan` is no probability: write a number from 0 to 1",
        "line 5: 2 cells, there are 3 columns",
    ]


def test_all_arms_that_are_none_are_told_at_once_without_what_was_written():
    assert faults(HEAD + "*,lood,1\ngold,loud,1\ngold,loud,1\n*,x,1\n") == [
        "line 2: no arm is called so, did you mean `loud`?",
        "line 4: arm `loud` stands twice in its segment",
        "line 5: no arm is called so",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1: the first line is `segment,arm,probability`"),
        ("arm,probability\nloud,1\n", "line 1: the first line is `segment,arm,probability`"),
        (HEAD, "it says nothing of any segment: write a line for each arm, with `*` for everybody"),
        (HEAD + "*,loud,0.5\n", "line 2: the probabilities of its segment add up to 0.5, not 1"),
        (HEAD + "*,loud,1\ng,loud,0\n", "line 3: the probabilities of its segment add up to 0, not 1"),
        (HEAD + "*,loud,1/0\n", "line 2: `1/0` is no probability: write a number from 0 to 1"),
        (HEAD + "*,loud," + "9" * 100_000 + "\n", None),
        (HEAD + "*,loud,1\n" * POLICY_LINES_MAX, None),
    ],
)
def test_what_cannot_be_read_is_told(text, fault):
    messages = faults(text)
    assert messages == [fault] if fault else len(messages) == 1


def test_a_policy_by_what_no_record_says_is_refused():
    plan = read_plan(HEAD + "gold,loud,1\n*,control,1\n")
    with pytest.raises(PlanInvalid) as invalid:
        planned_value(plan, people(("loud", "", PERSONS_MIN, 1)), ARMS)
    assert list(invalid.value.faults) == ["nobody has a segment: records hold the attributes that rules read"]
    assert planned_value(read_plan(HEAD + "*,loud,1\n"), people(("loud", "", PERSONS_MIN, 1)), ARMS)


def test_a_segment_that_the_policy_does_not_know_is_told_unless_it_is_of_few():
    plan = read_plan(HEAD + "gold,loud,1\n")
    crowd = people(
        ("loud", "gold", 3, 1), ("loud", "iron", PERSONS_MIN, 1), ("loud", "zoe@example.com", 1, 1)
    )
    with pytest.raises(PlanInvalid) as invalid:
        planned_value(plan, crowd, ARMS)
    assert list(invalid.value.faults) == [
        "it says nothing of these segments: `iron`, 1 of few persons or without a value; add lines for `*`"
    ]
    assert planned_value(plan, [], ARMS) is None


def test_the_right_arm_for_each_segment_is_worth_more_than_what_was():
    crowd = people(
        ("control", "gold", 500, 50),
        ("loud", "gold", 1_500, 750),
        ("control", "iron", 500, 250),
        ("loud", "iron", 1_500, 150),
    )
    value = planned_value(read_plan(HEAD + "gold,loud,1\n*,control,1\n"), crowd, ARMS)
    assert value.self_normalized.value == pytest.approx(0.5)
    assert value.logged.value == pytest.approx(0.3)
    assert value.difference.interval.lower > 0
    assert value.heaviest == pytest.approx(4.0)
