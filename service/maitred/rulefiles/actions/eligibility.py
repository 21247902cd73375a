"""Documents of kind ``Eligibility`` and ``Group``: what they add to the actions they choose."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import chain

from maitred.core.conditions.contradictions import is_never_false, is_never_true
from maitred.core.conditions.model import TRUE, All, Condition
from maitred.core.rules.ruleset import Action, Group, Requirement
from maitred.rulefiles.kinds import models
from maitred.rulefiles.messages import rule_messages
from maitred.rulefiles.reading.documents import Documents, Sourced
from maitred.rulefiles.report import Report, SourcePath

from .actions import LoadContext, SourcedAction, requirements_of
from .choices import ActionChoice, Chooser, label_of_none


def with_eligibility(
    around: LoadContext, documents: Documents, actions: Sequence[SourcedAction]
) -> list[Action]:
    """Returns the actions with the conditions of every ``Eligibility`` that chooses them, by its name."""
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
            label, known = label_of_none(sourced.model.applies_to, (source.action for source in actions))
            around.report.warn(
                sourced.spot.at("applies_to"), rule_messages.applies_to_no_action(label, known)
            )
    return added


def with_groups(
    around: LoadContext,
    documents: Documents,
    sourced_actions: Sequence[SourcedAction],
    actions: Sequence[Action],
) -> list[Action]:
    """Returns the actions with the groups they belong to, by name.

    ``actions`` stand as in ``sourced_actions``.
    """
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


def warn_contradictions(
    around: LoadContext,
    documents: Documents,
    sourced_actions: Sequence[SourcedAction],
    actions: Sequence[Action],
) -> None:
    """Warns of conditions that nobody can meet, alone or together, or that keep nobody out."""
    own = ((sourced.spot, sourced.model.eligibility) for sourced in documents.of(models.Action))
    shared = ((sourced.spot, sourced.model.eligibility) for sourced in documents.of(models.Eligibility))
    warned: set[SourcePath] = set()
    for spot, requirements in chain(own, shared):
        around.report.pause()
        at = spot.at("eligibility")
        if _warn_each(around, at, requirements) or _warn_together(around, at, requirements):
            warned.add(spot)
    _Across.of(around.report, documents, warned).warn(sourced_actions, actions)


def _read(
    around: LoadContext, spot: SourcePath, requirements: Iterable[models.RequirementSpec]
) -> Iterator[tuple[SourcePath, str, Condition]]:
    for index, model in enumerate(requirements):
        at = spot.at(index, "require")
        yield at, model.require, around.conditions.condition(at, model.require)


def _warn_each(around: LoadContext, spot: SourcePath, requirements: Iterable[models.RequirementSpec]) -> bool:
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


def _warn_together(
    around: LoadContext, spot: SourcePath, requirements: Sequence[models.RequirementSpec]
) -> bool:
    """Returns the first condition that cannot be met besides the ones before it; whether there is one."""
    met: list[Condition] = []
    for at, text, condition in _read(around, spot, requirements):
        met.append(TRUE if text.strip() in _CONSTANTS else condition)
        if len(met) > 1 and is_never_true(All(tuple(met))):
            other = next((i for i, one in enumerate(met[:-1]) if is_never_true(All((one, condition)))), 0)
            around.report.warn(at, rule_messages.never_with(requirements[other].require))
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Across:
    """Warns of actions whose conditions, its own and those of each ``Eligibility``, nobody can meet together.

    ``shared`` are the places of conditions of an ``Eligibility``, by rule and text. What has been told of
    one document (``warned``) is not told again.
    """

    report: Report
    shared: Mapping[tuple[str, str], tuple[SourcePath, str]]
    warned: AbstractSet[SourcePath]

    @classmethod
    def of(cls, report: Report, documents: Documents, warned: AbstractSet[SourcePath]) -> "_Across":
        shared = {
            (model.reason or sourced.model.name, model.require): (
                sourced.spot.at("eligibility", index, "require"),
                sourced.model.name,
            )
            for sourced in documents.of(models.Eligibility)
            if sourced.spot not in warned
            for index, model in enumerate(sourced.model.eligibility)
        }
        return cls(report, shared, warned)

    def warn(self, sourced_actions: Sequence[SourcedAction], actions: Sequence[Action]) -> None:
        """Of rows that are alike, the first speaks for all. ``actions`` stand as in ``sourced_actions``."""
        rows: dict[tuple[str, str], list[SourcedAction]] = {}
        for sourced, action in zip(sourced_actions, actions, strict=True):
            own = len(sourced.action.requirements)
            if sourced.spot in self.warned or len(action.requirements) < (1 if sourced.row else 2):
                continue
            clash = _clash(action.requirements) if sourced.row or len(action.requirements) > own else None
            if clash is None:
                continue
            at, message = self._told(sourced, action.requirements, own, *clash)
            if at is not None:
                self.report.warn(at, message)
            elif sourced.row:
                rows.setdefault((sourced.row[0], message), []).append(sourced)
        for (file, message), those in rows.items():
            row = those[0].row
            more = rule_messages.more_rows(len(those) - 1)
            self.report.warn_line(file, row[1] if row else 0, 1, message + more)

    def _told(
        self, sourced: SourcedAction, needs: Sequence[Requirement], own: int, first: int, second: int
    ) -> tuple[SourcePath | None, str]:
        """Where the clash is told, ``None`` for the row, and its words."""
        if second >= own:
            place, document = self.shared.get((needs[second].rule, needs[second].text), (None, ""))
            if first >= own:
                return place, rule_messages.never_with(needs[first].text)
            message = rule_messages.never_with_shared(needs[first].text, needs[second].text, document)
            return None if sourced.row else sourced.spot.at("eligibility", first, "require"), message
        if first == second:
            message = rule_messages.never_true_of_row(needs[first].text)
        else:
            message = rule_messages.never_both(needs[first].text, needs[second].text)
        return None if sourced.row else sourced.spot.at("eligibility", second, "require"), message


def _clash(needs: Sequence[Requirement]) -> tuple[int, int] | None:
    """Returns the numbers of two conditions that nobody can meet together.

    Twice the same if one is enough.
    """
    conditions = [
        (number, need.condition) for number, need in enumerate(needs) if need.text.strip() not in _CONSTANTS
    ]
    if not is_never_true(All(tuple(condition for _, condition in conditions))):
        return None
    for place, (second, condition) in enumerate(conditions):
        if is_never_true(condition):
            return second, second
        for first, other in conditions[:place]:
            if is_never_true(All((other, condition))):
                return first, second
    return None
