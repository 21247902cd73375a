"""``rollout`` as written to ``core.rules.ruleset.Rollout``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from unicodedata import normalize

from maitred.core.rules.experiments import rollout_name
from maitred.core.rules.rollouts import first_decrease
from maitred.core.rules.ruleset import EVERYBODY, Action, Direction, Guard, Rollout, RolloutStep, Then
from maitred.core.values.types import LIST
from maitred.rulefiles.kinds import models
from maitred.rulefiles.messages import rule_messages
from maitred.rulefiles.reading.documents import Documents
from maitred.rulefiles.report import SourcePath

from .actions import LoadContext, SourcedAction
from .live import date_of
from .vocabulary import Vocabulary

NOBODY = Fraction(0)


def with_rollouts(
    around: LoadContext,
    documents: Documents,
    sourced_actions: Sequence[SourcedAction],
    actions: Sequence[Action],
    vocabulary: Vocabulary,
) -> list[Action]:
    """Returns the actions with whom they are rolled out to. ``actions`` stand as in ``sourced_actions``."""
    reader = _RolloutReader(around, vocabulary)
    shared = {spot: reader.rollout(at, model) for spot, at, model in _written(documents)}
    return [
        _rolled_out(action, shared[source.spot]) if source.spot in shared else action
        for source, action in zip(sourced_actions, actions, strict=True)
    ]


def _written(documents: Documents) -> Iterator[tuple[SourcePath, SourcePath, models.RolloutSpec]]:
    """Yields every rollout, with the document's spot and its own."""
    for action in documents.of(models.Action):
        if action.model.rollout:
            yield action.spot, action.spot.at("rollout"), action.model.rollout
    for table in documents.of(models.ActionTable):
        if table.model.action.rollout:
            yield table.spot, table.spot.at("action", "rollout"), table.model.action.rollout


def _rolled_out(action: Action, rollout: Rollout) -> Action:
    own = replace(rollout, salt=rollout.salt or action.name, zone=action.live.zone)
    if rollout.guard and rollout.guard.then is Then.HOLD:
        own = replace(own, held_as=rollout_name(action.name))
    return replace(action, rollout=own)


@dataclass(frozen=True, slots=True)
class _RolloutReader:
    around: LoadContext
    vocabulary: Vocabulary

    def rollout(self, spot: SourcePath, model: models.RolloutSpec) -> Rollout:
        """Returns what is written; the salt is empty where it is left to the action."""
        # What is faulty in it is left out of the model, and was told.
        unshared = {"salt": model.salt, "guard": model.guard}
        if model == models.RolloutSpec().model_copy(update=unshared) and not self.around.doubtful:
            self.around.report.error(spot, rule_messages.rollout_of_nobody())
        percent = _start(model)
        steps = tuple(self._steps(spot.at("steps"), model))
        wrong = first_decrease(percent, steps)
        if wrong is not None and len(steps) == len(model.steps):
            self.around.report.error(spot.at("steps", wrong), rule_messages.rollout_shrinks())
        groups = tuple(self._groups(spot.at("groups"), model))
        self._check_locations(spot.at("locations"), model)
        guard = guard_of(model.guard) if model.guard else None
        if guard and guard.then is Then.HOLD and not model.steps and not self.around.doubtful:
            self.around.report.error(spot.at("guard", "then"), rule_messages.nothing_to_hold())
        return Rollout(model.salt or "", percent, steps, groups, frozenset(model.locations), guard=guard)

    def _steps(self, spot: SourcePath, model: models.RolloutSpec) -> Iterator[RolloutStep]:
        for index, step in enumerate(model.steps):
            try:
                yield RolloutStep(date_of(step.from_), _exact(step.percent))
            except ValueError:
                self.around.report.error(spot.at(index, "from"), rule_messages.bad_date(step.from_))

    def _groups(self, spot: SourcePath, model: models.RolloutSpec) -> Iterator[tuple[str, frozenset[str]]]:
        lists = self.vocabulary.lists
        for index, name in enumerate(model.groups):
            self.around.conditions.mentions.names.add(LIST + name)
            if LIST + name in self.vocabulary.sensitive_lists:
                self.around.report.error(spot.at(index), rule_messages.sensitive_group(name))
            elif LIST + name in lists:
                yield name, frozenset(normalize("NFC", value) for value in lists[LIST + name])
            elif name not in self.around.doubtful:
                known = [list_name.removeprefix(LIST) for list_name in lists]
                self.around.report.error(spot.at(index), rule_messages.unknown_group(name, known))

    def _check_locations(self, spot: SourcePath, model: models.RolloutSpec) -> None:
        known = self.vocabulary.locations
        for index, name in enumerate(model.locations):
            if known is not None and name not in known:
                self.around.report.error(spot.at(index), rule_messages.unknown_location(name, known))


def guard_of(model: models.GuardSpec) -> Guard:
    """Returns what is written of a guard."""
    then = Then(model.then) if isinstance(model, models.RolloutGuard) else Then.ROLL_BACK
    threshold = _exact(model.threshold)
    return Guard(
        model.outcome,
        Direction(model.direction),
        threshold,
        model.horizon,
        model.within,
        then,
        model.reported_within,
    )


def _start(model: models.RolloutSpec) -> Fraction:
    if model.percent is not None:
        return _exact(model.percent)
    return NOBODY if model.steps else EVERYBODY


def _exact(percent: float) -> Fraction:
    """Returns the percentage as it is written: 0.1 is a tenth, which no double is."""
    return Fraction(str(percent))
