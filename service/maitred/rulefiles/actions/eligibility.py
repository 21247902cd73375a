"""Documents of kind ``Eligibility`` and ``Group``: what they add to the actions they choose."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from maitred.core.conditions.contradictions import is_never_false, is_never_true
from maitred.core.conditions.model import All, Condition
from maitred.core.rules.ruleset import Action, Group, Requirement
from maitred.rulefiles.kinds import models
from maitred.rulefiles.messages import rule_messages
from maitred.rulefiles.reading.documents import Documents, Sourced
from maitred.rulefiles.report import SourcePath

from .actions import LoadContext, SourcedAction, requirements_of
from .choices import ActionChoice, Chooser


def with_eligibility(
    around: LoadContext, documents: Documents, actions: Sequence[SourcedAction]
) -> list[Action]:
    """The actions with the conditions of every ``Eligibility`` that chooses them, by its name."""
    chooser = Chooser(around, actions)
    rules = [
        (
            chooser.checked(sourced.spot, sourced.model.applies_to),
            _conditions(around, sourced),
        )
        for sourced in documents.of(models.Eligibility)
    ]
    added = [_added(sourced_actions.action, rules) for sourced_actions in actions]
    for sourced, (choice, _) in zip(documents.of(models.Eligibility), rules, strict=True):
        if not around.doubtful and not any(
            choice.applies_to(sourced_actions.action) for sourced_actions in actions
        ):
            around.report.warn(sourced.spot.at("applies_to"), rule_messages.applies_to_no_action())
    return added


def with_groups(
    around: LoadContext,
    documents: Documents,
    sourced_actions: Sequence[SourcedAction],
    actions: Sequence[Action],
) -> list[Action]:
    """The actions with the groups they belong to, by name. ``actions`` stand as in ``sourced_actions``."""
    chooser = Chooser(around, sourced_actions)
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


def _added(action: Action, rules: Iterable[tuple[ActionChoice, tuple[Requirement, ...]]]) -> Action:
    more = [need for choice, needs in rules if choice.applies_to(action) for need in needs]
    return replace(action, requirements=(*action.requirements, *more)) if more else action


def _conditions(around: LoadContext, sourced: Sourced[models.Eligibility]) -> tuple[Requirement, ...]:
    spot = sourced.spot.at("eligibility")
    return requirements_of(around, spot, sourced.model.name, sourced.model.eligibility)


_CONSTANTS = frozenset(("true", "false"))
"""Written to switch a rule on or off: nobody needs to be told."""


def warn_contradictions(around: LoadContext, documents: Documents) -> None:
    """Warns of conditions, of one document, that nobody can meet or that keep nobody out."""
    own = ((sourced.spot, sourced.model.eligibility) for sourced in documents.of(models.Action))
    shared = ((sourced.spot, sourced.model.eligibility) for sourced in documents.of(models.Eligibility))
    for spot, requirements in chain(own, shared):
        at = spot.at("eligibility")
        if not _warn_each(around, at, requirements):
            _warn_together(around, at, requirements)


def _read(
    around: LoadContext, spot: SourcePath, requirements: Iterable[models.Requirement]
) -> Iterator[tuple[SourcePath, str, Condition]]:
    for index, model in enumerate(requirements):
        at = spot.at(index, "require")
        yield at, model.require, around.conditions.condition(at, model.require)


def _warn_each(around: LoadContext, spot: SourcePath, requirements: Iterable[models.Requirement]) -> bool:
    warned = False
    for at, text, condition in _read(around, spot, requirements):
        if text.strip() in _CONSTANTS:
            continue
        if is_never_true(condition):
            warned = True
            around.report.warn(at, rule_messages.never_true())
        elif is_never_false(condition):
            around.report.warn(at, rule_messages.always_true())
    return warned


def _warn_together(around: LoadContext, spot: SourcePath, requirements: Sequence[models.Requirement]) -> None:
    """The first condition that cannot be met besides the ones before it."""
    met: list[Condition] = []
    for at, _, condition in _read(around, spot, requirements):
        met.append(condition)
        if is_never_true(All(tuple(met))):
            other = next((i for i, one in enumerate(met[:-1]) if is_never_true(All((one, condition)))), 0)
            around.report.warn(at, rule_messages.never_with(requirements[other].require))
            return
