"""Alternatives that can never stand in, and texts about holds that are never there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from maitred.core.limits import Limit, LimitKind
from maitred.core.policy import HOLD_EXPIRES
from maitred.core.rules import Action, Live
from maitred.core.treatments import placeholders

from . import limit_messages
from .actions import Around, Placed
from .limit_checks import HOLDING
from .report import Spot


def warn_alternatives(around: Around, placed: Sequence[Placed], actions: Sequence[Action]) -> None:
    """Tells them, each once for all rows of a table. ``actions`` have their limits."""
    known = {action.name: action for action in actions}
    told: set[tuple[Spot, str]] = set()
    for each, action in zip(placed, actions, strict=True):
        for finding in (*_alternatives(each, action, known), *_holds(each, action)):
            if finding not in told:
                told.add(finding)
                around.report.warn(*finding)


def within(placed: Placed) -> Spot:
    """Where the fields of an action stand: in its document, or in the template of its table."""
    return placed.spot.at("action") if placed.row else placed.spot


def _alternatives(placed: Placed, action: Action, known: Mapping[str, Action]) -> Iterator[tuple[Spot, str]]:
    if not action.alternatives:
        return
    spot = within(placed).at("alternatives")
    capacities = [limit for limit in action.limits if limit.kind is LimitKind.CAPACITY]
    if not capacities:
        yield spot, limit_messages.alternatives_without_capacity()
        return
    for index, name in enumerate(action.alternatives):
        pair = _Pair(action, known[name], capacities)
        message = pair.why_never()
        if message:
            yield spot.at(index), message


@dataclass(frozen=True, slots=True)
class _Pair:
    action: Action
    other: Action
    capacities: Sequence[Limit]

    def why_never(self) -> str | None:
        """Why the other one can never take the place of the action; ``None`` where it can."""
        own, others = self.action.channels, self.other.channels
        if own and others and own.isdisjoint(others):
            return limit_messages.alternative_on_no_channel(self.other.name, own)
        if never_together(self.action.live, self.other.live):
            return limit_messages.alternative_never_live(self.other.name)
        keys = {limit.key for limit in self.other.limits}
        if all(not limit.scope and limit.key in keys for limit in self.capacities):
            return limit_messages.alternative_of_same_capacity(self.other.name, self.capacities[0].name)
        return None


def never_together(one: Live, other: Live) -> bool:
    """Whether no day is in both. Days that run past midnight and other zones are let pass."""
    if one.zone != other.zone or _runs_over(one) or _runs_over(other):
        return False
    if one.weekdays and other.weekdays and one.weekdays.isdisjoint(other.weekdays):
        return True
    return _is_before(one, other) or _is_before(other, one)


def _runs_over(live: Live) -> bool:
    return any(end <= start for start, end in live.hours)


def _is_before(one: Live, other: Live) -> bool:
    return bool(one.last and other.first and one.last < other.first)


def _holds(placed: Placed, action: Action) -> Iterator[tuple[Spot, str]]:
    if any(limit.counts in HOLDING for limit in action.limits):
        return
    for channel, treatment in action.treatments.items():
        if HOLD_EXPIRES in placeholders(treatment):
            spot = within(placed).at("treatments", channel, key=True)
            yield spot, limit_messages.nothing_is_held()
