from datetime import timedelta

import pytest
from tests.rules import action, capacity, document

from maitred import cel, rulefiles, situations
from maitred.core.learning.learners import Beta, Learner
from maitred.core.rules.experiments import learned_by
from maitred.core.rules.faults import RulesetInvalid

LAW = document(
    "Privacy",
    "law",
    {
        "purposes": "{research: Learning.}",
        "default": "eu",
        "jurisdictions": "{eu: {bases: {research: consent}}}",
    },
)
SCORE = 'score: learned("uptake") * 10\n'
CAPACITY = capacity(limit=None)


def loaded_from(sources):
    """By the compiler that there is: what a score is made into is its affair."""
    files = {name: text.encode() for name, text in sources.items()}
    return rulefiles.load(files, cel.compiler, situations.deriver)


def faults_of(sources):
    with pytest.raises(RulesetInvalid) as caught:
        loaded_from(sources)
    return caught.value.faults


def learner(more="", name="uptake"):
    return document("Learner", name, more)


def test_what_is_written_is_read(ruleset):
    more = (
        "outcome: redeemed\nover: claimed\nwithin: 2d\nprior: {successes: 2, failures: 18.5}\nfloor: 0.01\n"
        "ceiling: 0.4\nexploration: 2.5\nenabled: true\n"
    )
    loaded = loaded_from(ruleset(SCORE, l__yaml=learner(more)))
    assert loaded.warnings == ()
    assert loaded.ruleset.learners == (
        Learner(
            "uptake",
            "redeemed",
            "claimed",
            timedelta(days=2),
            Beta(2.0, 18.5),
            0.01,
            0.4,
            2.5,
            "",
            enabled=True,
        ),
    )
    (pizza,) = loaded.ruleset.actions
    assert learned_by(pizza) == {"uptake"}


def test_what_is_left_out_is_plain_and_off(ruleset):
    (made,) = loaded_from(ruleset(SCORE, l__yaml=learner())).ruleset.learners
    assert made == Learner(
        "uptake", "accepted", "presented", timedelta(days=1), Beta(1.0, 1.0), 0.0, 1.0, 5.0, "", enabled=False
    )


FAULTS = [
    ("prior: {successes: 0.5}\n", "write at least 1"),
    ("floor: 0.5\nceiling: 0.4\n", "the floor 0.5 is above the ceiling 0.4"),
    ("floor: 1.5\n", "this is a share from 0 to 1: write `0.015`"),
    ("exploration: 101\n", "write at most 100"),
    ("outcome: claimed\nover: claimed\n", "choose another `outcome` or `over`"),
    ("outcome: bought\n", "`bought`"),
    ("within: 0d\n", "0d"),
    ("purpose: research\n", "`purpose` needs a document of kind `Privacy`"),
    ("share: 5\n", "exploration"),
    ("enabled: yes\n", "yes"),
]


@pytest.mark.parametrize(("text", "words"), FAULTS)
def test_faults_name_the_field_and_the_remedy(ruleset, text, words):
    assert words in one_fault(ruleset(SCORE, l__yaml=learner(text)))


def one_fault(sources):
    (fault,) = faults_of(sources)
    return fault.message


def test_an_unknown_learner_is_told_with_the_nearest(ruleset):
    message = one_fault(ruleset('score: learned("uptak")\n', l__yaml=learner()))
    assert message == "there is no learner `uptak`, did you mean `uptake`?"
    assert "write a `Learner` document" in one_fault(ruleset(SCORE))


def test_it_learns_for_a_purpose_where_there_is_privacy(ruleset):
    message = one_fault(ruleset(SCORE, l__yaml=learner(), p__yaml=LAW))
    assert message == "say for which purpose outcomes are learned from: `purpose`, one of `research`"
    loaded = loaded_from(ruleset(SCORE, l__yaml=learner("purpose: research\n"), p__yaml=LAW))
    assert loaded.ruleset.learners[0].purpose == "research"


def test_a_limit_is_not_learned(ruleset):
    units = CAPACITY + 'limit: learned("uptake") * 10\n'
    message = one_fault(ruleset(SCORE, l__yaml=learner(), c__yaml=units))
    assert '`learned("...")` is for scores' in message


def test_a_condition_is_not_learned(ruleset):
    needs = "eligibility: [{require: 'learned(\"uptake\") > 0.1'}]\n"
    faults_of(ruleset(needs + SCORE, l__yaml=learner()))


WARNINGS = [
    ("", learner(), "no score reads learner `uptake`"),
    (SCORE, learner("prior: {failures: 99}\nfloor: 0.05\n"), "the prior expects 0.01, which is not between"),
]


@pytest.mark.parametrize(("score", "document", "words"), WARNINGS)
def test_what_looks_wrong_is_warned_of(ruleset, score, document, words):
    warnings = loaded_from(ruleset(score, l__yaml=document)).warnings
    assert any(words in fault.message for fault in warnings), [fault.message for fault in warnings]


def test_an_arm_may_learn_where_the_action_does_not(ruleset):
    arms = "arms: {learning: {weight: 1, score: 'learned(\"uptake\")'}, control: {weight: 1}}\n"
    trial = document("Experiment", "works", f"applies_to: {{all: true}}\n{arms}")
    loaded = loaded_from(ruleset("score: 1\n", l__yaml=learner(), e__yaml=trial))
    assert loaded.warnings == ()
    assert learned_by(loaded.ruleset.actions[0]) == {"uptake"}


def test_what_all_actions_draw_counts_towards_what_rules_may_cost(ruleset):
    head, rest = SCORE, ruleset(SCORE, l__yaml=learner())
    one = loaded_from(rest).ruleset.cost_ns
    bread = action("bread", title="Bread", channels="[pos]")
    two = loaded_from(ruleset(SCORE, l__yaml=learner(), b__yaml=bread + head)).ruleset.cost_ns
    assert two == 2 * one > 0
