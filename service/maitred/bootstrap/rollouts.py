"""Rollouts with their guards, from the rules and the database that a service may be running on."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from maitred import store
from maitred.core.rules.faults import RulesetInvalid
from maitred.core.rules.rollouts import share_on
from maitred.core.rules.ruleset import Guard, Ruleset
from maitred.engine.operating.guards import counts_of
from maitred.engine.ports.store import Pause
from maitred.store import ReadOnlyStore

from .rules import check_rules


class RolloutView(NamedTuple):
    """How far a rollout is, what its guard has seen, and by whom and why it is paused, if it is.

    ``reached`` of the ``persons`` who count by now had the guard's outcome.
    """

    action: str
    percent: Fraction
    guard: Guard | None
    reached: int
    persons: int
    pause: Pause | None


def rollouts(directory: Path, database: str, now: datetime) -> Sequence[RolloutView]:
    """Every rollout of a ruleset, by action. Raises ``RulesetInvalid`` and ``StoreDown``."""
    checked = check_rules(directory)
    if checked.ruleset is None:
        raise RulesetInvalid(checked.faults)
    opened = store.open_read_only(database)
    try:
        return list(_views(checked.ruleset, opened, now))
    finally:
        opened.close()


def _views(ruleset: Ruleset, opened: ReadOnlyStore, now: datetime) -> Iterator[RolloutView]:
    pauses = {pause.action: pause for pause in opened.pauses()}
    for action in ruleset.actions:
        rollout = action.rollout
        if rollout:
            today = now.astimezone(ZoneInfo(rollout.zone or ruleset.zone)).toordinal()
            guard = rollout.guard
            seen = counts_of(opened, action, guard, now) if guard else (0, 0)
            percent, _ = share_on(rollout, today)
            yield RolloutView(action.name, percent, guard, *seen, pauses.get(action.name))
