"""Documents of kind ``Situation`` to ``core.rules.ruleset.Situation``."""

from collections.abc import Mapping, Sequence

from maitred.core.conditions.derivation import DeriverFactory, SituationError
from maitred.core.conditions.model import FALSE, reads
from maitred.core.rules.ruleset import Atom, Member, Situation
from maitred.rulefiles.kinds import fields, models
from maitred.rulefiles.messages import rule_messages
from maitred.rulefiles.reading.documents import Documents, Sourced
from maitred.rulefiles.report import Report, Spot

from .actions import LoadContext

_PREFIX = "situation."


def situations_of(around: LoadContext, documents: Documents) -> tuple[Situation, ...]:
    """The situations by name; members that are faulty are told."""
    known = {sourced.model.name for sourced in documents.of(models.Situation)}
    return tuple(_situation(around, sourced, known) for sourced in documents.of(models.Situation))


def _situation(around: LoadContext, sourced: Sourced[models.Situation], known: set[str]) -> Situation:
    model, spot = sourced.model, sourced.spot
    if not (model.all or model.any or model.none or around.doubtful):
        around.report.error(spot, rule_messages.situation_without_members())

    def members(field: str, texts: Sequence[str]) -> tuple[Member, ...]:
        return tuple(_member(around, spot.at(field, index), text, known) for index, text in enumerate(texts))

    return Situation(
        model.name, members("all", model.all), members("any", model.any), members("none", model.none)
    )


def _member(around: LoadContext, spot: Spot, text: str, known: set[str]) -> Member:
    bare = text.strip()
    if fields.IDENTIFIER.fullmatch(bare) and bare not in fields.KEYWORDS:
        around.conditions.mentions.names.add(_PREFIX + bare)
        if bare not in known and bare not in around.doubtful:
            around.report.error(spot, rule_messages.unknown_situation(bare, known))
        return bare
    condition = around.conditions.condition(spot, text)
    for name in sorted(reads(condition)):
        if name.startswith(_PREFIX):
            around.report.error(spot, rule_messages.situation_by_name(name.removeprefix(_PREFIX)))
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


def _is_whole(situation: Situation, known: Mapping[str, Spot]) -> bool:
    """Whether it has members and knows those it names; otherwise it was told."""
    members = (*situation.all, *situation.any, *situation.none)
    return bool(members) and all(not isinstance(member, str) or member in known for member in members)


def _spot(spots: Mapping[str, Spot], name: str) -> Spot:
    spot = spots.get(name)
    return spot.at("name") if spot else next(iter(spots.values()))
