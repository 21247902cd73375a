"""Documents of kind ``Situation`` to ``core.rules.ruleset.Situation``."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from maitred.core.conditions.model import FALSE, reads
from maitred.core.rules.ruleset import Action, ActionType, Atom, Member, Situation, Suppression
from maitred.core.rules.situations import DeriverFactory, SituationError
from maitred.core.values.types import SITUATION
from maitred.rulefiles.kinds import field_types, models
from maitred.rulefiles.messages import rule_messages
from maitred.rulefiles.reading.documents import Documents, Sourced
from maitred.rulefiles.report import Report, SourcePath

from .actions import LoadContext


def situations_of(around: LoadContext, documents: Documents) -> tuple[Situation, ...]:
    """Returns the situations by name; members that are faulty are told."""
    known = {sourced.model.name for sourced in documents.of(models.Situation)}
    return tuple(_situation(around, sourced, known) for sourced in documents.of(models.Situation))


def _situation(around: LoadContext, sourced: Sourced[models.Situation], known: set[str]) -> Situation:
    model, spot = sourced.model, sourced.spot
    if not (model.all or model.any or model.none or around.doubtful):
        around.report.error(spot, rule_messages.situation_without_members())

    def members(field: str, texts: Sequence[str]) -> tuple[Member, ...]:
        return tuple(_member(around, spot.at(field, index), text, known) for index, text in enumerate(texts))

    return Situation(
        model.name,
        members("all", model.all),
        members("any", model.any),
        members("none", model.none),
        _suppression(around, spot.at("suppress"), model.suppress) if model.suppress else None,
    )


def _suppression(around: LoadContext, spot: SourcePath, model: models.Suppress) -> Suppression:
    if not (model.types or model.labels or around.doubtful):
        around.report.error(spot, rule_messages.suppresses_nothing_said())
    types = frozenset(ActionType[name.upper()] for name in model.types)
    return Suppression(types, frozenset(model.labels.items()))


def with_suppression(
    around: LoadContext, documents: Documents, situations: Sequence[Situation], actions: Sequence[Action]
) -> list[Action]:
    """Returns the actions with the situations that hold them back; a situation that has none is warned of."""
    backs = [(situation.name, situation.suppress) for situation in situations if situation.suppress]
    if not backs:
        return list(actions)
    kept = [_suppressed(action, backs) for action in actions]
    used = {name for action in kept for name in action.suppressed_by}
    for sourced in documents.of(models.Situation):
        if sourced.model.suppress and sourced.model.name not in used and not around.doubtful:
            around.report.warn(sourced.spot.at("suppress"), rule_messages.suppresses_no_action())
    return kept


def _suppressed(action: Action, backs: Sequence[tuple[str, Suppression]]) -> Action:
    names = tuple(name for name, suppression in backs if suppression.applies_to(action))
    return replace(action, suppressed_by=names) if names else action


def _member(around: LoadContext, spot: SourcePath, text: str, known: set[str]) -> Member:
    bare = text.strip()
    if field_types.IDENTIFIER.fullmatch(bare) and bare not in field_types.KEYWORDS:
        around.conditions.mentions.names.add(SITUATION + bare)
        if bare not in known and bare not in around.doubtful:
            around.report.error(spot, rule_messages.unknown_situation(bare, known))
        return bare
    condition = around.conditions.condition(spot, text)
    for name in sorted(reads(condition)):
        if name.startswith(SITUATION):
            around.report.error(spot, rule_messages.situation_by_name(name.removeprefix(SITUATION)))
            return Atom(text, FALSE)
    return Atom(text, condition)


def check_situations(
    report: Report, documents: Documents, factory: DeriverFactory, situations: Sequence[Situation]
) -> None:
    """Whether the situations can be run; where they cannot, told at their documents."""
    spots = {sourced.model.name: sourced.spot for sourced in documents.of(models.Situation)}
    if not situations or not all(_is_whole(situation, spots) for situation in situations):
        return
    try:
        factory(situations)
    except SituationError as error:
        for name, message in error.faults:
            report.error(_spot(spots, name), message)


def _is_whole(situation: Situation, known: Mapping[str, SourcePath]) -> bool:
    """Returns whether it has members and knows those it names; otherwise it was told."""
    members = (*situation.all, *situation.any, *situation.none)
    return bool(members) and all(not isinstance(member, str) or member in known for member in members)


def _spot(spots: Mapping[str, SourcePath], name: str) -> SourcePath:
    spot = spots.get(name)
    return spot.at("name") if spot else next(iter(spots.values()))
