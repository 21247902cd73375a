from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.conditions.model import Literal, OneOf
from maitred.core.deciding.decide import decide_from
from maitred.core.deciding.decisions import Explain, Question
from maitred.core.deciding.policy import compile_policy
from maitred.core.deciding.snapshot import Snapshot
from maitred.core.explaining.explain import explain
from maitred.core.privacy.purposes import NOTHING_KNOWN
from maitred.core.rules.experiments import (
    HELD_OUT,
    OFFERED,
    Exposure,
    boundaries,
    experiment_name,
    exposures_in,
    exposures_text,
    person_of,
    with_refusals,
)
from maitred.core.rules.expressions import Score
from maitred.core.rules.rollouts import PLACES, is_among_first, place_of
from maitred.core.rules.ruleset import (
    Action,
    ActionType,
    Arm,
    Experiment,
    Holdout,
    Location,
    Requirement,
    Ruleset,
    Trial,
)
from maitred.core.values.reasons import Reason

NOON = datetime(2026, 12, 8, 12, tzinfo=UTC)
PLACE = Location("oslo-1", "Europe/Oslo", {})
HALVES = (Arm("control", Fraction(1)), Arm("loud", Fraction(1)))
LOUD = Experiment("words", "experiment/words", HALVES)
TENTH = Holdout("global", Fraction(10), "holdout/global")
CHI_SQUARE_MOST = 37.3
"""Of 3 degrees of freedom: chance goes beyond it less than once in ten million."""


def action(name="pizza", **fields):
    return Action(name, name.title(), ActionType.OFFER, **fields)


def policy_of(*actions, **fields):
    ruleset = Ruleset("hash", "1", "UTC", actions=actions, **fields)
    return compile_policy(ruleset, lambda _situations: pytest.fail("no situations here"))


def in_arms(experiment=LOUD, name="pizza", **loud):
    """An action that the arm ``loud`` changes."""
    changed = action(name, arm="loud", **loud)
    return action(name, trials=(Trial(experiment.name, {"loud": changed}),))


def asked(policy, customer, now=NOON, max_actions=2):
    facts = policy.facts({}, channel="pos", customer_id=customer, location=PLACE, now=now)
    return Question("pos", facts, now, max_actions, PLACE.zone)


def decided(policy, customer, *, now=NOON, paused=()):
    return decide_from(policy, asked(policy, customer, now), Snapshot(paused=frozenset(paused)))


def arm_of(experiment, person):
    place = place_of(experiment.salt, person)
    return experiment.arms[bisect_right(boundaries(experiment.arms), place)].name


def arms_of(decision):
    return {name: exposure.arm for name, exposure in decision.exposures.items()}


def who(policy, fact, value):
    """The first customer of whom that is a fact."""
    names = (f"c-{number}" for number in range(999))
    return next(name for name in names if asked(policy, name).facts.get(fact) == value)


weights = st.lists(st.fractions(Fraction(1, 1000), 1000), min_size=1, max_size=8)


@given(weights)
def test_arms_divide_all_places(shares):
    ends = boundaries([Arm(str(number), share) for number, share in enumerate(shares)])
    assert ends[-1] == PLACES
    assert all(one <= other for one, other in pairwise((0, *ends)))
    for share, (start, end) in zip(shares, pairwise((0, *ends)), strict=True):
        assert abs(Fraction(end - start, PLACES) - share / sum(shares)) < Fraction(1, 2**60)


@given(st.text(min_size=1), st.fractions(0, 99), st.fractions(0, 99))
def test_who_is_held_out_stays_so_when_more_are(customer, one, other):
    low, high = sorted((one, other))
    fact = "~held_out/global"

    def held(percent):
        holdout = Holdout("global", percent, "salt")
        policy = policy_of(action(holdouts=(holdout,)), holdouts=(holdout,))
        return fact in asked(policy, customer).facts

    assert held(low) <= held(high)
    assert held(high) == is_among_first(high, "salt", customer)


def test_arms_are_as_wide_as_their_weights_and_independent_of_other_salts():
    other = LOUD.__class__("other", "experiment/other", HALVES)
    counts = dict.fromkeys([(one, two) for one in ("control", "loud") for two in ("control", "loud")], 0)
    for number in range(10_000):
        person = f"c-{number}"
        counts[arm_of(LOUD, person), arm_of(other, person)] += 1
    assert sum((count - 2_500) ** 2 / 2_500 for count in counts.values()) < CHI_SQUARE_MOST, counts


def test_whoever_came_before_is_in_the_arm_of_the_place():
    """Arms of persons are remembered; those of one change nothing for another of the same arms."""
    other = LOUD.__class__("other", "experiment/other", HALVES)
    trials = tuple(Trial(one.name, {"loud": action(arm="loud")}) for one in (LOUD, other))
    policy = policy_of(action(trials=trials), experiments=(LOUD, other))
    people = [f"c-{number}" for number in range(40)]
    for person in people * 2:
        facts = asked(policy, person).facts
        for one in (LOUD, other):
            assert facts.pop(f"~arm/{one.name}") == arm_of(one, person)
    started = {experiment_name(LOUD.name): NOON}
    for person in people:
        facts = policy.read({}, PLACE, NOON, NOTHING_KNOWN, person, paused=started)
        assert {name: fact for name, fact in facts.items() if name.startswith("~arm/")} == {
            "~arm/other": arm_of(other, person)
        }


def test_a_wider_arm_keeps_those_it_had():
    wider = Experiment("words", LOUD.salt, (Arm("control", Fraction(3)), Arm("loud", Fraction(1))))
    people = [f"c-{number}" for number in range(500)]
    before = {person for person in people if arm_of(LOUD, person) == "control"}
    assert before < {person for person in people if arm_of(wider, person) == "control"}


some = st.fractions(Fraction(1, 1000), 1000)
part = st.fractions(0, Fraction(49, 100))


@given(some, some, some, part, part, st.integers(0, PLACES - 1))
def test_the_arms_on_either_side_of_the_control_grow_and_keep_everybody(
    first, middle, last, one, other, place
):
    """As docs/experiments.md says: they stand in order of name, and the control gives what they gain."""
    gains = one * middle, other * middle
    grown = first + gains[0], middle - sum(gains), last + gains[1]
    before, after = (
        ("bold", "control", "loud")[bisect_right(boundaries([Arm("", share) for share in shares]), place)]
        for shares in ((first, middle, last), grown)
    )
    assert before in {after, "control"}


def test_the_arm_is_the_same_on_every_channel_and_told_in_words():
    policy = policy_of(in_arms(score=Score(constant=7.0)), action("bread"), experiments=(LOUD,))
    loud, control = who(policy, "~arm/words", "loud"), who(policy, "~arm/words", "control")
    assert [proposal.score for proposal in decided(policy, loud).proposals] == [7.0, 0.0]
    assert [proposal.action for proposal in decided(policy, control).proposals] == ["bread", "pizza"]
    on_mobile = asked(policy, loud)._replace(channel="mobile")
    assert decide_from(policy, on_mobile).proposals[0].score == 7.0
    for person, arm in ((loud, "loud"), (control, "control")):
        question = asked(policy, person)
        proposals = decide_from(policy, question).proposals
        why = explain(policy, question, proposals, Explain.EXPLAIN_REASONS).why
        lines = dict(zip((proposal.action for proposal in proposals), why, strict=True))
        assert f"in arm {arm} of experiment words" in lines["pizza"]
        assert not any("experiment" in line for line in lines["bread"])


def test_held_out_is_refused_in_the_same_words_for_everybody():
    policy = policy_of(action(holdouts=(TENTH,)), action("bread"), holdouts=(TENTH,))
    held = [
        name for name in (f"c-{n}" for n in range(200)) if "~held_out/global" in asked(policy, name).facts
    ]
    assert 5 < len(held) < 45
    refusals = {
        explain(policy, question, decide_from(policy, question).proposals, Explain.EXPLAIN_REASONS).refusals
        for name in held
        for question in (asked(policy, name),)
    }
    ((refusal,),) = refusals
    assert (refusal.reason, refusal.rule) == (Reason.HELD_OUT, "global")
    assert refusal.detail == "held out with 10 % of customers, to see what it does for the others"


def test_an_experiment_is_on_from_its_beginning_and_before_its_end():
    on = Experiment("words", "salt", HALVES, begins=NOON, ends=NOON + timedelta(days=1))
    policy = policy_of(in_arms(on, score=Score(constant=7.0)), experiments=(on,))
    second = timedelta(seconds=1)
    for now, expected in (
        (NOON - second, False),
        (NOON, True),
        (NOON + timedelta(days=1) - second, True),
        (NOON + timedelta(days=1), False),
    ):
        assert ("~arm/words" in asked(policy, "c-1", now).facts) is expected
        assert bool(decided(policy, "c-1", now=now).exposures) is expected


def test_exposed_is_for_whom_an_action_of_the_experiment_holds_whatever_the_arm():
    tier = Requirement("gold", "", Literal("customer.id", OneOf(frozenset({f"c-{n}" for n in range(50)}))))
    loud = action(arm="loud", score=Score(constant=7.0), requirements=(tier,))
    pizza = action(requirements=(tier,), trials=(Trial("words", {"loud": loud}),))
    policy = policy_of(pizza, action("bread"), experiments=(LOUD,))
    for number in range(100):
        name = f"c-{number}"
        expected = {"words": arm_of(LOUD, name)} if number < 50 else {}
        assert arms_of(decided(policy, name)) == expected
        assert decided(policy, name, paused=["pizza"]).exposures == {}
    assert decided(policy, "").exposures == {}


def test_exposed_to_a_holdout_is_who_would_have_had_an_action_without_it():
    half = Holdout("half", Fraction(50), "other")
    pizza = action(holdouts=(TENTH, half), trials=in_arms().trials)
    policy = policy_of(pizza, action("bread"), holdouts=(TENTH, half), experiments=(LOUD,))
    cases = set()
    for number in range(200):
        name = f"c-{number}"
        held = is_among_first(Fraction(10), TENTH.salt, name), is_among_first(Fraction(50), "other", name)
        exposures = arms_of(decided(policy, name))
        arm = exposures.pop("words", None)
        assert exposures == {
            "global": HELD_OUT if held[0] else OFFERED,
            "half": HELD_OUT if held[1] else OFFERED,
        }
        assert arm == (None if any(held) else arm_of(LOUD, name))
        cases.add(held)
    assert len(cases) == 4


def test_a_session_is_a_person_where_nobody_is_known():
    assert person_of("ann", "s-1") == "ann"
    assert person_of("", "s-1") != person_of("s-1", "")
    assert person_of("", "") == ""


names = st.text("abc-_0", min_size=1)


@given(st.dictionaries(names, st.builds(Exposure, names, st.sampled_from(["", "PACED"]))))
def test_exposures_are_read_back_from_their_line(exposures):
    assert exposures_in(exposures_text(exposures)) == exposures


def test_the_first_limit_that_refused_an_action_is_told():
    pizza = action(holdouts=(TENTH,), trials=in_arms().trials)
    exposures = with_refusals(
        [("words", "loud"), ("other", "x")], [(pizza, "PACED"), (pizza, "FREQUENCY_CAPPED")]
    )
    assert exposures == {"words": Exposure("loud", "PACED"), "other": Exposure("x")}
