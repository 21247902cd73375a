"""Conditions for many actions at once."""

import pytest
from tests.rules import document


def shared(applies_to, name="shared", age=1, reason="because"):
    need = f"eligibility:\n  - require: customer.age > {age}\n    reason: {reason}\n"
    return document("Eligibility", name, f"applies_to: {applies_to}\n{need}")


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
    assert len(bench.load(sources).ruleset.actions[0].requirements) == 1


def test_own_conditions_come_first_then_those_of_eligibilities_by_name(bench, ruleset):
    sources = ruleset(
        "eligibility: [{require: customer.age > 9}]\n",
        a__yaml=shared("{all: true}", name="z", reason="third"),
        b__yaml=shared("{all: true}", name="b", age=2, reason="second"),
    )
    assert [need.rule for need in bench.load(sources).ruleset.actions[0].requirements] == [
        "pizza",
        "second",
        "third",
    ]


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


def grouped(ruleset, applies_to="{all: true}", at_most=1, name="either"):
    other = ruleset()["pizza.yaml"].replace("pizza", "other")
    group = document("Group", name, {"applies_to": applies_to, "at_most": at_most})
    return ruleset("labels: {group: perks}\n", other__yaml=other, g__yaml=group)


def test_actions_know_their_groups_by_name(bench, ruleset):
    sources = grouped(ruleset, name="b")
    sources["h.yaml"] = document("Group", "a", {"applies_to": "{actions: [other, pizza]}", "at_most": 1})
    for action in bench.load(sources).ruleset.actions:
        assert [(group.name, group.at_most) for group in action.groups] == [("a", 1), ("b", 1)]


@pytest.mark.parametrize(("applies_to", "at_most"), [("{labels: {group: perks}}", 1), ("{all: true}", 2)])
def test_a_group_that_is_never_full_is_told(bench, ruleset, applies_to, at_most):
    [warning] = bench.load(grouped(ruleset, applies_to, at_most)).warnings
    assert "the group has no effect" in warning.message


@pytest.mark.parametrize("at_most", ["0", "-1", "101", "two", "true"])
def test_how_many_of_a_group_is_a_number_from_1_to_100(bench, ruleset, at_most):
    [fault] = bench.faults(grouped(ruleset, at_most=at_most))
    assert (fault.file, fault.line) == ("g.yaml", 5)


def test_an_action_of_a_group_that_does_not_exist_is_told(bench, ruleset):
    [fault] = bench.faults(grouped(ruleset, "{actions: [pizza, othre]}"))
    assert "`other`" in fault.message
