"""Documents of kind ``Promise`` to ``core.rules.ruleset.Promise``."""

from collections.abc import Sequence

from maitred.core.rules.ruleset import Action, Promise
from maitred.core.values.types import SITUATION
from maitred.rulefiles.kinds import models, promises
from maitred.rulefiles.messages import rule_messages
from maitred.rulefiles.reading.documents import Documents, Sourced
from maitred.rulefiles.report import Report

from .actions import LoadContext
from .computed import Behaviour, window_in


def promises_of(
    around: LoadContext, documents: Documents, actions: Sequence[Action], behaviour: Behaviour
) -> tuple[Promise, ...]:
    """Returns the promises by name. What is wrong with one is told."""
    names = {action.name for action in actions}
    situations = {sourced.model.name for sourced in documents.of(models.Situation)}
    collected = []
    for sourced in documents.of(promises.Promise):
        model = sourced.model
        _check(around, sourced, names, situations)
        window = None
        if model.window:
            window = window_in(around.report, sourced.spot.at("window"), model.window, behaviour.zone)
        collected.append(
            Promise(
                model.name,
                model.action,
                model.every,
                model.before or "",
                model.times,
                window,
                model.situation or "",
            )
        )
    return tuple(collected)


def _check(
    around: LoadContext, sourced: Sourced[promises.Promise], names: set[str], situations: set[str]
) -> None:
    report: Report = around.report
    model, spot = sourced.model, sourced.spot
    if (model.every is None) == (model.before is None) and not around.doubtful:
        report.error(spot, rule_messages.promise_every_or_before())
    for field, name in (("action", model.action), ("before", model.before)):
        if name and name not in names and not around.may_be_action(name):
            report.error(spot.at(field), rule_messages.unknown_action(name, names))
    if model.situation:
        around.conditions.mentions.names.add(f"{SITUATION}{model.situation}")
        if model.situation not in situations and model.situation not in around.doubtful:
            report.error(spot.at("situation"), rule_messages.unknown_situation(model.situation, situations))
    given = [field for field in ("times", "window") if field in model.model_fields_set]
    if given and model.every is not None:
        report.error(spot.at(given[0], key=True), rule_messages.promise_only_before(given[0]))
