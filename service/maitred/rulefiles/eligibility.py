"""Documents of kind ``Eligibility``: their conditions added to the actions they choose."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from maitred.core.rules import Action, ActionType, Requirement

from . import kinds, rule_messages
from .actions import Around, Placed, requirements_of
from .documents import Documents, Sourced
from .report import Spot


@dataclass(frozen=True, slots=True)
class Choice:
    """Which actions an ``Eligibility`` applies to: those that meet everything given."""

    actions: frozenset[str]
    labels: frozenset[tuple[str, str]]
    types: frozenset[ActionType]
    channels: frozenset[str]

    def applies_to(self, action: Action) -> bool:
        """An action without channels can be put on every one."""
        return (
            (not self.actions or action.name in self.actions)
            and (not self.types or action.type in self.types)
            and (not self.channels or not action.channels or not self.channels.isdisjoint(action.channels))
            and self.labels <= action.labels.items()
        )


def choice_of(model: kinds.AppliesTo) -> Choice:
    """``all: true`` gives the choice without any condition."""
    return Choice(
        actions=frozenset(model.actions),
        labels=frozenset(model.labels.items()),
        types=frozenset(ActionType[name.upper()] for name in model.types),
        channels=frozenset(model.channels),
    )


def with_eligibility(around: Around, documents: Documents, actions: Sequence[Placed]) -> list[Action]:
    """The actions with the conditions of every ``Eligibility`` that chooses them, by its name."""
    rules = [
        (_checked(around, sourced, actions), _conditions(around, sourced))
        for sourced in documents.of(kinds.Eligibility)
    ]
    added = [_added(placed.action, rules) for placed in actions]
    for sourced, (choice, _) in zip(documents.of(kinds.Eligibility), rules, strict=True):
        if not around.doubtful and not any(choice.applies_to(placed.action) for placed in actions):
            around.report.warn(sourced.spot.at("applies_to"), rule_messages.applies_to_no_action())
    return added


def _added(action: Action, rules: Iterable[tuple[Choice, tuple[Requirement, ...]]]) -> Action:
    more = [need for choice, needs in rules if choice.applies_to(action) for need in needs]
    return replace(action, requirements=(*action.requirements, *more)) if more else action


def _conditions(around: Around, sourced: Sourced[kinds.Eligibility]) -> tuple[Requirement, ...]:
    spot = sourced.spot.at("eligibility")
    return requirements_of(around, spot, sourced.model.name, sourced.model.eligibility)


def _checked(around: Around, sourced: Sourced[kinds.Eligibility], actions: Sequence[Placed]) -> Choice:
    model, spot = sourced.model.applies_to, sourced.spot.at("applies_to")
    narrowed = bool(model.actions or model.labels or model.types or model.channels)
    if model.all and narrowed:
        around.report.error(spot.at("all", key=True), rule_messages.all_stands_alone())
    elif not model.all and not narrowed and not around.doubtful:
        around.report.error(spot, rule_messages.applies_to_nothing_said())
    _check_names(around, spot, model, [placed.action for placed in actions])
    return choice_of(model)


def _check_names(around: Around, spot: Spot, model: kinds.AppliesTo, actions: Sequence[Action]) -> None:
    names = {action.name for action in actions}
    for index, name in enumerate(model.actions):
        if name not in names and name not in around.doubtful:
            around.report.error(spot.at("actions", index), rule_messages.unknown_action(name, names))
    if all(action.channels for action in actions) and not around.doubtful:
        channels = {channel for action in actions for channel in action.channels}
        for index, name in enumerate(model.channels):
            if name not in channels:
                around.report.error(
                    spot.at("channels", index), rule_messages.channel_of_no_action(name, channels)
                )
