"""Rollouts with their guards, from the rules and the database that a service may be running on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from maitred import store
from maitred.core.rules.experiments import experiment_name, rollout_name
from maitred.core.rules.rollouts import share_on
from maitred.core.rules.ruleset import Guard, Ruleset
from maitred.engine.operating.guards import Counted, seen, watched_in
from maitred.engine.ports.store import Pause

from .rules import valid_ruleset


class GuardView(NamedTuple):
    """What a guard watches and has seen, by arm; a rollout has one arm."""

    guard: Guard
    seen: Mapping[str, Counted]


class RolloutView(NamedTuple):
    """How far a rollout is, or that an experiment is guarded, and by whom and why it is paused, if it is.

    ``name`` is that of the action, ``percent`` is ``None`` of an experiment. ``held`` is the pause of the
    steps.
    """

    name: str
    percent: Fraction | None
    guard: GuardView | None
    pause: Pause | None
    held: Pause | None = None


def rollouts(directory: Path, database: str, now: datetime) -> Sequence[RolloutView]:
    """Returns every rollout of a ruleset, and every experiment with a guard.

    Raises ``RulesetInvalid`` and ``StoreDown``.
    """
    ruleset = valid_ruleset(directory)
    with closing(store.open_read_only(database)) as opened:
        guards = {
            watch.watched.exposed_as: GuardView(watch.watched.guard, watch.counts)
            for watch in seen(opened, tuple(watched_in(ruleset)), now)
        }
        pauses = {pause.action: pause for pause in opened.pauses()}
    return [*_ramps(ruleset, guards, pauses, now), *_experiments(ruleset, guards, pauses)]


def _ramps(
    ruleset: Ruleset, guards: Mapping[str, GuardView], pauses: Mapping[str, Pause], now: datetime
) -> Iterator[RolloutView]:
    for action in ruleset.actions:
        rollout = action.rollout
        if rollout:
            held = pauses.get(rollout.held_as)
            at = min(now, held.paused_at) if held else now
            percent, _ = share_on(rollout, at.astimezone(ZoneInfo(rollout.zone or ruleset.zone)).toordinal())
            guard = guards.get(rollout_name(action.name))
            yield RolloutView(action.name, percent, guard, pauses.get(action.name), held)


def _experiments(
    ruleset: Ruleset, guards: Mapping[str, GuardView], pauses: Mapping[str, Pause]
) -> Iterator[RolloutView]:
    for experiment in ruleset.experiments:
        if experiment.guard:
            pause = pauses.get(experiment_name(experiment.name))
            yield RolloutView(experiment_name(experiment.name), None, guards[experiment.name], pause)
