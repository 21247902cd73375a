"""Situations, and what a ruleset as a whole holds."""

import pytest
from tests.rules import situation

from maitred.core.conditions.model import Residual
from maitred.core.rules.faults import RulesetInvalid
from maitred.core.rules.ruleset import Atom
from maitred.core.rules.situations import SituationError
from maitred.rulefiles import load


def test_members_are_names_or_conditions(bench, ruleset):
    sources = ruleset(
        b__yaml=situation("failure", any="[customer.age > 1, 'true']"),
        a__yaml=situation("at_risk", all='[failure, customer.tier == "gold"]', none="[calm]"),
        c__yaml=situation("calm", all="[true]"),
    )
    at_risk, calm, failure = bench.load(sources).ruleset.situations
    assert (at_risk.name, calm.name, failure.name) == ("at_risk", "calm", "failure")
    name, atom = at_risk.all
    assert name == "failure"
    assert isinstance(atom, Atom)
    assert atom.text == 'customer.tier == "gold"'
    assert isinstance(atom.condition, Residual)
    assert at_risk.none == ("calm",)
    assert [member.text for member in failure.any] == ["customer.age > 1", "true"]
    assert bench.situations == (at_risk, calm, failure)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (situation("s", all="[failre]"), "4:7 there is no situation `failre`, did you mean `failure`?"),
        (
            situation("s", all="[situation.failure]"),
            "4:7 a situation is a member by its bare name: write `failure`",
        ),
        (situation("s", any="['!situation.failure']"), "4:7 a situation is a member by its bare name"),
        (situation("s"), "1:1 a situation needs members"),
        (situation("in", all="[failure]"), "3:7 `in` cannot be a name in conditions"),
        (situation("at-risk", all="[failure]"), "3:7 `at-risk` cannot be a name in conditions"),
        (situation("s", some="[failure]"), "4:1 there is no field `some` here"),
        (situation("s", all="[now, customer.age > 1]"), "4:7 there is no situation `now`"),
    ],
)
def test_faults_of_situations(bench, ruleset, text, expected):
    sources = ruleset(s__yaml=text, f__yaml=situation("failure", all="[customer.age > 1]"))
    faults = [fault for fault in bench.faults(sources) if fault.severity.value == "error"]
    assert len(faults) == 1
    assert f"{faults[0].line}:{faults[0].column} {faults[0].message}".startswith(expected)


def test_what_the_deriver_refuses_is_told_at_the_situation(bench, ruleset):
    def refuse(_situations):
        raise SituationError((("two", "is a cycle"), ("nobody", "is lost")))

    sources = ruleset(
        s__yaml="---\n".join(situation(name, all="[customer.age > 1]") for name in ("one", "two"))
    )
    files = {name: text.encode() for name, text in sources.items()}
    with pytest.raises(RulesetInvalid, match="is a cycle") as caught:
        load(files, bench.compiler, refuse)
    errors = [fault for fault in caught.value.faults if fault.severity.value == "error"]
    assert [(fault.line, fault.message) for fault in errors] == [(1, "is lost"), (8, "is a cycle")]


def test_actions_know_what_holds_them_back(bench, ruleset):
    failure = situation("failure", all="[customer.age > 1]", suppress="{types: [offer]}")
    care = situation("care", all="[customer.age > 1]", suppress="{types: [service]}")
    loaded = bench.load(ruleset(f__yaml=failure, c__yaml=care))
    assert loaded.ruleset.actions[0].suppressed_by == ("failure",)
    messages = [fault.message for fault in loaded.warnings]
    assert messages == ["no action is held back by this"]


@pytest.mark.parametrize(
    ("suppress", "expected"),
    [
        ("{}", "5:11 this holds back nothing: give `types` or `labels`"),
        ("{types: []}", "5:19 this is empty"),
        ("{types: [offers]}", "5:20 `offers` is not known here, did you mean `offer`?"),
        ("{actions: [x]}", "5:12 there is no field `actions` here"),
    ],
)
def test_faults_of_what_is_held_back(bench, ruleset, suppress, expected):
    sources = ruleset(s__yaml=situation("s", all="[customer.age > 1]", suppress=suppress))
    faults = [fault for fault in bench.faults(sources) if fault.severity.value == "error"]
    assert [f"{fault.line}:{fault.column} {fault.message}".startswith(expected) for fault in faults] == [True]
