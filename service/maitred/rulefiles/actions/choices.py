"""``applies_to``: which actions a document chooses."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from maitred.core.rules.ruleset import Action, ActionType
from maitred.rulefiles.kinds import models
from maitred.rulefiles.messages import rule_messages
from maitred.rulefiles.report import SourcePath

from .actions import LoadContext, SourcedAction


@dataclass(frozen=True, slots=True)
class ActionChoice:
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


def choice_of(model: models.AppliesTo) -> ActionChoice:
    """Returns the choice; with ``all: true`` the one without any condition."""
    return ActionChoice(
        actions=frozenset(model.actions),
        labels=frozenset(model.labels.items()),
        types=frozenset(ActionType[name.upper()] for name in model.types),
        channels=frozenset(model.channels),
    )


def label_of_none(model: models.AppliesTo, actions: Iterable[Action]) -> tuple[str, frozenset[str]]:
    """Returns the value of a label that no action has, or its key, and those that there are."""
    given = frozenset(chain.from_iterable(action.labels.items() for action in actions))
    for key, value in model.labels.items():
        if (key, value) not in given:
            values = frozenset(other for name, other in given if name == key)
            return (value, values) if values else (key, frozenset(name for name, _ in given))
    return "", frozenset()


class Chooser:
    """Chooses among all actions, and tells what is wrong with a choice."""

    def __init__(self, around: LoadContext, sourced_actions: Sequence[SourcedAction]) -> None:
        self._around, self._placed = around, sourced_actions
        self._by_name = {source.action.name: number for number, source in enumerate(sourced_actions)}
        self._channels = {channel for source in sourced_actions for channel in source.action.channels}
        self._on_every_channel = not all(source.action.channels for source in sourced_actions)

    def checked(self, document: SourcePath, model: models.AppliesTo) -> ActionChoice:
        """Returns what the ``applies_to`` of a document chooses. What is wrong with it is told."""
        report, spot = self._around.report, document.at("applies_to")
        narrowed = bool(model.actions or model.labels or model.types or model.channels)
        if model.all and narrowed:
            report.error(spot.at("all", key=True), rule_messages.all_stands_alone())
        elif not model.all and not narrowed and not self._around.doubtful:
            report.error(spot, rule_messages.applies_to_nothing_said())
        self._check_names(spot, model)
        return choice_of(model)

    def _check_names(self, spot: SourcePath, model: models.AppliesTo) -> None:
        report, doubtful = self._around.report, self._around.doubtful
        for index, name in enumerate(model.actions):
            if name in self._around.tables and name not in self._by_name:
                report.error(spot.at("actions", index), rule_messages.table_for_action(name))
            elif name not in self._by_name and not self._around.may_be_action(name):
                report.error(spot.at("actions", index), rule_messages.unknown_action(name, self._by_name))
        if doubtful:
            return
        declared = self._around.channels
        for index, name in enumerate(model.channels):
            if declared and name not in declared:
                report.error(spot.at("channels", index), rule_messages.unknown_channel(name, declared))
            elif not self._on_every_channel and name not in self._channels:
                message = rule_messages.channel_of_no_action(name, self._channels)
                report.error(spot.at("channels", index), message)

    def chosen(self, choice: ActionChoice) -> Iterator[int]:
        """Yields the numbers of the actions that a choice applies to, in order."""
        for number in self._candidates(choice):
            if choice.applies_to(self._placed[number].action):
                yield number

    def _candidates(self, choice: ActionChoice) -> Iterable[int]:
        """Not all of them where names or labels tell which."""
        if choice.actions:
            return sorted(self._by_name[name] for name in choice.actions if name in self._by_name)
        if choice.labels:
            return min((self._by_label.get(label, []) for label in choice.labels), key=len)
        return range(len(self._placed))

    @cached_property
    def _by_label(self) -> dict[tuple[str, str], list[int]]:
        numbers: dict[tuple[str, str], list[int]] = {}
        for number, source in enumerate(self._placed):
            for label in source.action.labels.items():
                numbers.setdefault(label, []).append(number)
        return numbers
