"""Documents of kind ``Eligibility``: their conditions added to the actions they choose."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from maitred.core.rules.ruleset import Action, Requirement
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


def _added(action: Action, rules: Iterable[tuple[Choice, tuple[Requirement, ...]]]) -> Action:
    more = [need for choice, needs in rules if choice.applies_to(action) for need in needs]
    return replace(action, requirements=(*action.requirements, *more)) if more else action


def _conditions(around: LoadContext, sourced: Sourced[models.Eligibility]) -> tuple[Requirement, ...]:
    spot = sourced.spot.at("eligibility")
    return requirements_of(around, spot, sourced.model.name, sourced.model.eligibility)
