"""The starter rules, with the real compiler and the real forward chaining."""

from pathlib import Path

from maitred.cel import compiler
from maitred.core.rules.ruleset import ActionType
from maitred.rulefiles import load, read_sources
from maitred.situations import deriver

STARTER = Path(__file__).parents[2] / "rules" / "starter"


def test_the_starter_rules_load_without_a_warning():
    loaded = load(read_sources(STARTER), compiler, deriver)
    assert loaded.warnings == ()
    ruleset = loaded.ruleset
    assert ruleset.channels == {"pos", "mobile", "call-center"}
    assert {action.type for action in ruleset.actions} == set(ActionType)
    assert len({location.zone for location in ruleset.locations.values()}) == 4
    assert [situation.name for situation in ruleset.situations] == ["let_down", "member_at_risk", "upset"]
    assert sum(action.name.startswith("coupon-") for action in ruleset.actions) == 4


def test_every_starter_file_names_the_schema_for_editors():
    for path in STARTER.glob("*.yaml"):
        assert path.read_text().startswith("# yaml-language-server: $schema=../schema/maitred.json\n"), path


def test_what_costs_money_has_a_limit_on_claims_and_words_for_them():
    actions = load(read_sources(STARTER), compiler, deriver).ruleset.actions
    costly = [action for action in actions if action.type in {ActionType.OFFER, ActionType.GESTURE}]
    assert len(costly) > 10
    for action in costly:
        assert "claimed" in {limit.counts.value for limit in action.limits}, action.name
        for channel, treatment in action.treatments.items():
            assert treatment.claimed, (action.name, channel)
