"""``applies_to``: which actions a document chooses."""

from collections.abc import Sequence
from dataclasses import dataclass

from maitred.core.rules import Action, ActionType

from . import kinds, rule_messages
from .actions import Around, Placed
from .report import Spot


@dataclass(frozen=True, slots=True)
class Choice:
    """Which actions a document applies to: those that meet everything given."""

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


def checked_choice(
    around: Around, document: Spot, model: kinds.AppliesTo, actions: Sequence[Placed]
) -> Choice:
    """What the ``applies_to`` of a document chooses. What is wrong with it is told."""
    spot = document.at("applies_to")
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
