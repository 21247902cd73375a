"""Documents to actions, with windows, treatments, situations and shared conditions."""

from datetime import date

import pytest
from tests.rules import document, joined

from maitred.core.rules.ruleset import ActionType, Live
from maitred.core.rules.treatments import Placeholder, Treatment

FULL = """\
owner: perks-team
description: has no effect
labels: {group: perks}
live: {from: 2026-12-01, until: 2026-12-29, days: [tue, mon], hours: "11:00-22:00", timezone: location}
eligibility:
  - require: customer.age >= 18
    reason: adults-only
    say: This perk is for adults.
  - require: |
      customer.tier == "gold"
score: 4.5
treatments:
  pos:
    say: For you today.
    show: PIZZA $${free}
    title: For ${customer.tier}!
"""


def the_action(bench, sources):
    (action,) = bench.load(sources).ruleset.actions
    return action


def test_every_field_of_an_action(bench, ruleset):
    action = the_action(bench, ruleset(FULL))
    assert (action.name, action.title, action.type, action.owner) == (
        "pizza",
        "Pizza",
        ActionType.OFFER,
        "perks-team",
    )
    assert action.labels == {"group": "perks"}
    assert action.channels == {"pos"}
    assert action.live == Live(
        date(2026, 12, 1), date(2026, 12, 29), frozenset((0, 1)), ((11 * 60, 22 * 60),), None
    )
    assert [(need.rule, need.text, need.say) for need in action.requirements] == [
        ("adults-only", "customer.age >= 18", "This perk is for adults."),
        ("pizza", 'customer.tier == "gold"', ""),
    ]
    assert action.score.constant == 4.5
    assert action.treatments == {
        "pos": Treatment(
            title=("For ", Placeholder("customer.tier"), "!"),
            say=(("For you today.",),),
            show=("PIZZA ${free}",),
        )
    }


def test_what_is_left_out(bench, ruleset):
    action = the_action(bench, ruleset())
    assert action.live == Live(zone="Europe/Berlin")
    assert (action.requirements, action.score.constant, dict(action.treatments)) == ((), 0.0, {})


@pytest.mark.parametrize("name", ["offer", "service", "gesture", "message"])
def test_the_types_of_actions(bench, ruleset, name):
    sources = ruleset()
    sources["pizza.yaml"] = sources["pizza.yaml"].replace("type: offer", f"type: {name}")
    assert the_action(bench, sources).type is ActionType[name.upper()]


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        ("{timezone: Asia/Tokyo}", Live(zone="Asia/Tokyo")),
        ("{from: 2026-01-01}", Live(first=date(2026, 1, 1), zone="Europe/Berlin")),
        (
            "{from: 2026-01-01, until: 2026-01-01}",
            Live(date(2026, 1, 1), date(2026, 1, 1), zone="Europe/Berlin"),
        ),
        (
            '{hours: ["08:00-12:00", "22:00-02:00"]}',
            Live(hours=((480, 720), (1320, 120)), zone="Europe/Berlin"),
        ),
        ("{hours: 00:00-24:00}", Live(hours=((0, 1440),), zone="Europe/Berlin")),
        ("{}", Live(zone="Europe/Berlin")),
    ],
)
def test_windows(bench, ruleset, live, expected):
    assert the_action(bench, ruleset(f"live: {live}\n")).live == expected


def test_true_is_an_expression_too(bench, ruleset):
    action = the_action(bench, ruleset("eligibility: [{require: true}]\nscore: 2 * customer.age\n"))
    assert action.requirements[0].text == "true"
    assert action.score.expression.text == "2 * customer.age"


def test_the_compiler_gets_every_name_there_is(bench, ruleset):
    more = joined(
        document("List", "pizzas", {"values": "[a, b]"}),
        document("List", "stores", {"file": "lists/stores.txt"}),
        document("Situation", "vip", {"all": '[customer.tier == "gold"]'}),
    )
    sources = ruleset(more__yaml=more) | {"lists/stores.txt": "\ufeff one \r\n\r\ntwo\r\n"}
    loaded = bench.load(sources)
    (compiler,) = bench.compilers
    assert {"now", "channel", "customer.id", "location.id", "situation.vip", "customer.age"} <= set(
        compiler.attributes
    )
    assert str(compiler.attributes["now"].type) == "timestamp"
    assert str(compiler.attributes["situation.vip"].type) == "bool"
    assert str(compiler.attributes["basket.products"].type) == "list<string>"
    assert compiler.attributes["customer.tier"].allowed == ("basic", "gold")
    assert compiler.constants == {"list.pizzas": ("a", "b"), "list.stores": ("one", "two")}
    assert loaded.ruleset.attributes == compiler.attributes


def test_a_text_is_compiled_once_and_its_fault_told_everywhere(bench, ruleset):
    sources = ruleset("eligibility: [{require: syntax}, {require: syntax}, {require: customer.age > 1}]\n")
    sources["other.yaml"] = sources["pizza.yaml"].replace("name: pizza", "name: other")
    faults = bench.faults(sources)
    assert [(fault.file, fault.line, fault.column) for fault in faults] == [
        ("other.yaml", 7, 25),
        ("other.yaml", 7, 44),
        ("pizza.yaml", 7, 25),
        ("pizza.yaml", 7, 44),
    ]
    assert sorted(bench.compilers[0].compiled) == ["customer.age > 1", "syntax"]


@pytest.mark.parametrize(
    "text",
    [
        "require: >-\n      customer.age > 1 &&\n      customer.nope > 2\n",
        "require: |\n      customer.age > 1 &&\n        customer.nope > 2\n",
        "require: customer.age > 1 &&\n      customer.nope > 2\n",
        'require: "customer.age > 1 && \\"\\" == \'\' && customer.nope > 2"\n',
        "require: 'customer.age > 1 && '''' == \"\" && customer.nope > 2'\n",
        "require: customer.age > 1 && customer.nope > 2\n",
    ],
)
def test_the_caret_points_at_the_culprit_in_every_style(bench, ruleset, text):
    (fault,) = bench.faults(ruleset(f"eligibility:\n  - {text}"))
    assert fault.text[fault.column - 1 :].startswith("customer.nope")


@pytest.mark.parametrize("name", ["SAVE10", "rebook-AF006", "plan-2.0", "A_b.C-1", "0"])
def test_names_are_as_codes_are_written(bench, ruleset, name):
    sources = ruleset()
    sources["pizza.yaml"] = sources["pizza.yaml"].replace("name: pizza", f'name: "{name}"')
    sources["e.yaml"] = (
        "apiVersion: maitred/v1\nkind: Eligibility\nname: e\neligibility: [{require: customer.age > 1}]\n"
        f'applies_to: {{actions: ["{name}"]}}\n'
    )
    [action] = bench.load(sources).ruleset.actions
    assert action.name == name
    assert len(action.requirements) == 1


def test_letter_case_does_not_tell_two_actions_apart(bench, ruleset):
    sources = ruleset()
    sources["other.yaml"] = sources["pizza.yaml"].replace("name: pizza", "name: Pizza")
    [fault] = bench.faults(sources)
    assert "`Pizza`" in fault.message
    assert "`pizza`" in fault.message
    assert "letter case" in fault.message
