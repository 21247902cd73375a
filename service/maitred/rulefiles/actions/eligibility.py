"""Documents of kind ``Eligibility`` and ``Group``: what they add to the actions they choose."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from maitred.core.rules.ruleset import Action, Group, Requirement
from maitred.rulefiles.kinds import models
from maitred.rulefiles.messages import rule_messages
from maitred.rulefiles.reading.documents import Documents, Sourced

from .actions import LoadContext, Placed, requirements_of
from .choices import Choice, Chooser


def with_eligibility(around: LoadContext, documents: Documents, actions: Sequence[Placed]) -> list[Action]:
    """The actions with the conditions of every ``Eligibility`` that chooses them, by its name."""
    chooser = Chooser(around, actions)
    rules = [
        (
            chooser.checked(sourced.spot, sourced.model.applies_to),
            _conditions(around, sourced),
        )
        for sourced in documents.of(models.Eligibility)
    ]
    added = [_added(placed.action, rules) for placed in actions]
    for sourced, (choice, _) in zip(documents.of(models.Eligibility), rules, strict=True):
        if not around.doubtful and not any(choice.applies_to(placed.action) for placed in actions):
            around.report.warn(sourced.spot.at("applies_to"), rule_messages.applies_to_no_action())
    return added


def with_groups(
    around: LoadContext, documents: Documents, placed: Sequence[Placed], actions: Sequence[Action]
) -> list[Action]:
    """The actions with the groups they belong to, by name. ``actions`` stand as in ``placed``."""
    chooser = Chooser(around, placed)
    groups: dict[int, list[Group]] = {}
    for sourced in documents.of(models.Group):
        group = Group(sourced.model.name, sourced.model.at_most)
        members = list(chooser.chosen(chooser.checked(sourced.spot, sourced.model.applies_to)))
        for number in members:
            groups.setdefault(number, []).append(group)
        if len(members) <= group.at_most and around.report.sound:
            message = rule_messages.group_never_full(len(members), group.at_most)
            around.report.warn(sourced.spot.at("applies_to"), message)
    return [
        replace(action, groups=tuple(groups[number])) if number in groups else action
        for number, action in enumerate(actions)
    ]


def _added(action: Action, rules: Iterable[tuple[Choice, tuple[Requirement, ...]]]) -> Action:
    more = [need for choice, needs in rules if choice.applies_to(action) for need in needs]
    return replace(action, requirements=(*action.requirements, *more)) if more else action


def _conditions(around: LoadContext, sourced: Sourced[models.Eligibility]) -> tuple[Requirement, ...]:
    spot = sourced.spot.at("eligibility")
    return requirements_of(around, spot, sourced.model.name, sourced.model.eligibility)
