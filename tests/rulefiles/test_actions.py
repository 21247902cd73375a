"""Documents to actions, with windows, treatments, situations and shared conditions."""

from datetime import date

import pytest

from maitred.core.conditions import Residual
from maitred.core.derivation import SituationError
from maitred.core.rules import ActionType, Atom, Live, Placeholder, Treatment
from maitred.rulefiles import load

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
    more = """\
apiVersion: maitred/v1
kind: List
name: pizzas
values: [a, b]
---
apiVersion: maitred/v1
kind: List
name: stores
file: lists/stores.txt
---
apiVersion: maitred/v1
kind: Situation
name: vip
all: [customer.tier == "gold"]
"""
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


# Conditions for many actions


ELIGIBILITY = """\
apiVersion: maitred/v1
kind: Eligibility
name: {name}
applies_to: {applies_to}
eligibility:
  - require: customer.age > {age}
    reason: {reason}
"""


def shared(applies_to, name="shared", age=1, reason="because"):
    return ELIGIBILITY.format(applies_to=applies_to, name=name, age=age, reason=reason)


@pytest.mark.parametrize(
    ("applies_to", "applies"),
    [
        ("{all: true}", True),
        ("{actions: [pizza]}", True),
        ("{labels: {group: perks}}", True),
        ("{labels: {group: perks, course: main}}", False),
        ("{labels: {group: Perks}}", False),
        ("{types: [service, offer]}", True),
        ("{types: [service]}", False),
        ("{channels: [pos, mobile]}", True),
        ("{channels: [mobile]}", False),
        ("{types: [offer], channels: [mobile]}", False),
        ("{actions: [pizza], labels: {group: perks}, types: [offer], channels: [pos]}", True),
    ],
)
def test_which_actions_an_eligibility_applies_to(bench, ruleset, applies_to, applies):
    other = (
        ruleset()["pizza.yaml"]
        .replace("pizza", "other")
        .replace("[pos]", "[mobile]")
        .replace("offer", "message")
    )
    sources = ruleset("labels: {group: perks}\n", other__yaml=other, e__yaml=shared(applies_to))
    pizza = next(action for action in bench.load(sources).ruleset.actions if action.name == "pizza")
    assert [need.rule for need in pizza.requirements] == (["because"] if applies else [])


def test_an_action_without_channels_is_on_every_channel(bench, ruleset):
    sources = ruleset(e__yaml=shared("{channels: [mobile]}"))
    sources["pizza.yaml"] = sources["pizza.yaml"].replace("channels: [pos]\n", "")
    assert len(the_action(bench, sources).requirements) == 1


def test_own_conditions_come_first_then_those_of_eligibilities_by_name(bench, ruleset):
    sources = ruleset(
        "eligibility: [{require: customer.age > 9}]\n",
        a__yaml=shared("{all: true}", name="z", reason="third"),
        b__yaml=shared("{all: true}", name="b", age=2, reason="second"),
    )
    assert [need.rule for need in the_action(bench, sources).requirements] == ["pizza", "second", "third"]


@pytest.mark.parametrize(
    ("applies_to", "expected"),
    [
        ("{actions: [piza]}", "4:24 there is no action `piza`, did you mean `pizza`?"),
        ("{channels: [poss]}", "4:25 no action is on channel `poss`, did you mean `pos`?"),
        ("{types: [offr]}", "4:22 `offr` is not known here, did you mean `offer`?"),
        ("{}", "4:13 say what it applies to: by"),
        ("{all: false}", "4:19 `false` is not known here: write one of `true`"),
        ("{all: true, types: [offer]}", "4:14 `all: true` stands alone"),
        ("all", "4:13 `all` is not a mapping"),
    ],
)
def test_faults_of_what_it_applies_to(bench, ruleset, applies_to, expected):
    errors = [
        fault
        for fault in bench.faults(ruleset(e__yaml=shared(applies_to)))
        if fault.severity.value == "error"
    ]
    assert len(errors) == 1
    assert f"{errors[0].line}:{errors[0].column} {errors[0].message}".startswith(expected)


# Situations


def situation(name, **members):
    lines = "".join(f"{key}: {value}\n" for key, value in members.items())
    return f"apiVersion: maitred/v1\nkind: Situation\nname: {name}\n{lines}"


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
    with pytest.raises(Exception, match="is a cycle") as caught:
        load(files, bench.compiler, refuse)
    errors = [fault for fault in caught.value.faults if fault.severity.value == "error"]
    assert [(fault.line, fault.message) for fault in errors] == [(1, "is lost"), (8, "is a cycle")]


# The whole


def test_channels_and_sources_of_the_ruleset(bench, ruleset):
    sources = ruleset(note__txt="unused\n")
    sources["pizza.yaml"] = sources["pizza.yaml"].replace(
        "channels: [pos]\n", "treatments: {app: {show: x}}\n"
    )
    loaded = bench.load(sources, commit="abc")
    assert loaded.ruleset.channels == {"app"}
    assert loaded.ruleset.commit == "abc"
    assert set(loaded.ruleset.sources) == {"ruleset.yaml", "pizza.yaml"}
    assert [(fault.file, fault.message) for fault in loaded.warnings] == [
        ("note.txt", "no rule file names this table")
    ]


def test_a_ruleset_loads_again_from_its_sources(bench, ruleset):
    first = bench.load(ruleset(FULL)).ruleset
    again = load(first.sources, bench.compiler, bench.check).ruleset
    assert again.hash == first.hash
    assert again.sources == first.sources


def test_warnings_keep_nothing_from_loading(bench, ruleset):
    text = "---\n".join(
        (
            "apiVersion: maitred/v1\nkind: List\nname: spare\nvalues: [a]\n",
            situation("spare", all="[customer.age > 1]"),
            shared("{labels: {a: b}}"),
        )
    )
    warnings = bench.load(ruleset(w__yaml=text)).warnings
    assert [(fault.line, fault.message) for fault in warnings] == [
        (3, "list `spare` is not used"),
        (8, "situation `spare` is not used"),
        (14, "no action meets this: the conditions have no effect"),
    ]
    assert {fault.severity.value for fault in warnings} == {"warning"}


def test_use_in_any_expression_counts(bench, ruleset):
    more = "eligibility: [{require: situation.a && channel in list.b}]\n"
    more += "treatments: {pos: {show: '${situation.c}'}}\n"
    text = "---\n".join(
        (
            "apiVersion: maitred/v1\nkind: List\nname: b\nvalues: [a]\n",
            situation("a", all="[d]"),
            situation("c", all="[customer.age > 1]"),
            situation("d", all="[customer.age > 1]"),
        )
    )
    assert bench.load(ruleset(more, w__yaml=text)).warnings == ()


def test_a_ruleset_without_actions_is_told(bench, ruleset):
    sources = ruleset()
    del sources["pizza.yaml"]
    assert [fault.message for fault in bench.load(sources).warnings] == [
        "there is no action: the ruleset decides nothing"
    ]
