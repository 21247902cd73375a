"""Limits that load and yet cannot mean what they say, one limit at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from maitred.core.limits.limits import (
    Counts,
    LetterCase,
    Limit,
    LimitKind,
    Maximum,
    OnFailure,
    known_maximum,
)
from maitred.core.rules.ruleset import Location
from maitred.core.values.types import CUSTOMER_ID, LOCATION, ROW, SESSION_ID, Attribute, Kind
from maitred.core.values.windows import Calendar, Lifetime, Period, Rolling, Window
from maitred.rulefiles.actions.actions import LoadContext, SourcedAction
from maitred.rulefiles.actions.choices import label_of_none
from maitred.rulefiles.kinds import limits
from maitred.rulefiles.kinds.windows import duration_text
from maitred.rulefiles.messages import limit_messages
from maitred.rulefiles.report import SourcePath

from .limits import Applied

HOLDING = frozenset((Counts.PRESENTED, Counts.CLAIMED))
"""The steps at which a unit is held before it is spent."""

LONGEST = {
    Period.DAY: timedelta(hours=25),
    Period.WEEK: timedelta(days=7, hours=1),
    Period.MONTH: timedelta(days=31, hours=1),
    Period.YEAR: timedelta(days=366, hours=1),
}
"""No span of a calendar is longer, whatever its zone does to its clock."""


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What limits are held against."""

    attributes: Mapping[str, Attribute]
    locations: Mapping[str, Location] | None
    sourced_actions: Sequence[SourcedAction]


Finding = tuple[SourcePath, str]
Check = Callable[[CheckContext, Applied], Iterator[Finding]]


def warn_limits(
    around: LoadContext,
    all_applied: Sequence[Applied],
    sourced_actions: Sequence[SourcedAction],
    locations: Mapping[str, Location] | None,
) -> None:
    """Tells what each limit would not do."""
    ground = CheckContext(around.attributes, locations, sourced_actions)
    for one in all_applied:
        for check in CHECKS:
            for spot, message in check(ground, one):
                around.report.warn(spot, message)


def most_of(limit: Limit) -> int | None:
    """Units that may be live; ``None`` where the request says."""
    return known_maximum(limit, {}) if isinstance(limit.maximum, int) else None


def longest(window: Window) -> timedelta | None:
    """Returns the longest stretch whose units count together; ``None`` where time does not end it."""
    match window:
        case Rolling(duration):
            return duration
        case Calendar(period, of=""):
            return LONGEST[period]
        case _:
            return None


def _no_action(ground: CheckContext, applied: Applied) -> Iterator[Finding]:
    if not applied.actions:
        actions = (source.action for source in ground.sourced_actions)
        label, known = label_of_none(applied.sourced.model.applies_to, actions)
        yield applied.spot.at("applies_to"), limit_messages.applies_to_no_action(label, known)


def _nothing_to_have(ground: CheckContext, applied: Applied) -> Iterator[Finding]:
    pace = applied.limit.pace
    if not applied.limit.default and _is_nothing(ground, applied, applied.limit.maximum):
        yield applied.spot.at("limit"), limit_messages.nothing_to_have()
    elif pace and not pace.default and _is_nothing(ground, applied, pace.maximum):
        yield applied.spot.at("pace", "limit"), limit_messages.nothing_to_have()


def _is_nothing(ground: CheckContext, applied: Applied, maximum: Maximum) -> bool:
    if isinstance(maximum, int):
        return maximum == 0
    if not isinstance(maximum, str):
        return False
    values = list(_possible(ground, applied, maximum))
    return bool(values) and not any(isinstance(value, int) and value > 0 for value in values)


def _possible(ground: CheckContext, applied: Applied, name: str) -> Iterator[object]:
    """Yields every value that an attribute may have, where files say so."""
    if name.startswith(ROW):
        yield from (ground.sourced_actions[number].numbers.get(name) for number in applied.actions)
    elif name.startswith(LOCATION):
        yield from (location.attributes.get(name, 0) for location in (ground.locations or {}).values())
    else:
        yield from ground.attributes[name].allowed


def _empty_cells(ground: CheckContext, applied: Applied) -> Iterator[Finding]:
    numbers = [(applied.limit.maximum, applied.limit.default, applied.spot.at("limit"))]
    if applied.limit.pace:
        numbers.append(
            (applied.limit.pace.maximum, applied.limit.pace.default, applied.spot.at("pace", "limit"))
        )
    for name, default, spot in numbers:
        if isinstance(name, str) and name.startswith(LOCATION) and default is None:
            without = [
                key for key, location in (ground.locations or {}).items() if name not in location.attributes
            ]
            if without:
                yield spot, limit_messages.no_number_at(name, without)


def _shared_by_locations(_: CheckContext, applied: Applied) -> Iterator[Finding]:
    limit = applied.limit
    by_location = isinstance(limit.maximum, str) and limit.maximum.startswith(LOCATION)
    of_no_location = not any(name.startswith(LOCATION) for name in limit.per)
    if limit.kind is LimitKind.CAPACITY and by_location and of_no_location:
        yield (
            applied.spot.at(_written(applied, "per", "limit")),
            limit_messages.number_of_another_location(str(limit.maximum)),
        )


def _written(applied: Applied, field: str, otherwise: str) -> str:
    """Returns a field that is there, to point at."""
    return field if field in applied.sourced.model.model_fields_set else otherwise


def _idle_hold(_: CheckContext, applied: Applied) -> Iterator[Finding]:
    if applied.limit.counts not in HOLDING and "hold" in applied.sourced.model.model_fields_set:
        yield (
            applied.spot.at("hold", key=True),
            limit_messages.hold_without_effect(applied.limit.counts.value),
        )


def _long_hold(_: CheckContext, applied: Applied) -> Iterator[Finding]:
    limit, length = applied.limit, longest(applied.limit.window)
    if limit.counts in HOLDING and length and limit.hold > length:
        message = limit_messages.hold_outlasts_window(duration_text(limit.hold))
        yield applied.spot.at(_written(applied, "hold", "window")), message


def _idle_pace(_: CheckContext, applied: Applied) -> Iterator[Finding]:
    limit, pace = applied.limit, applied.limit.pace
    if pace is None or not isinstance(pace.window, Rolling):
        return
    length = longest(limit.window)
    if length and pace.window.duration > length:
        text = duration_text(pace.window.duration)
        yield applied.spot.at("pace", "window"), limit_messages.pace_outlasts_window(text)
    elif _is_no_slower(limit, pace):
        yield applied.spot.at("pace", "limit"), limit_messages.pace_never_slows(pace.maximum)


def _is_no_slower(limit: Limit, pace: Limit) -> bool:
    maximum = most_of(limit)
    if maximum is None:
        return limit.maximum == pace.maximum and not limit.overbook_percent
    return isinstance(pace.maximum, int) and pace.maximum >= maximum


def _idle_overbook(_: CheckContext, applied: Applied) -> Iterator[Finding]:
    model, maximum = applied.sourced.model, applied.limit.maximum
    if isinstance(model, limits.Capacity) and model.overbook and maximum:
        percent = applied.limit.overbook_percent
        if not percent or (isinstance(maximum, int) and most_of(applied.limit) == maximum):
            yield applied.spot.at("overbook"), limit_messages.overbooks_nothing()


IDENTITIES = frozenset((CUSTOMER_ID, "household.id", "device.id", SESSION_ID))
"""Each may be somebody else's name for the same person."""


def _letter_case(ground: CheckContext, applied: Applied) -> Iterator[Finding]:
    limit = applied.limit
    texts = [name for name in limit.per if ground.attributes[name].type.kind is Kind.STRING]
    if limit.letter_case is LetterCase.IGNORE and not texts:
        yield applied.spot.at("letter_case", key=True), limit_messages.letter_case_without_effect()


def _nobody(_: CheckContext, applied: Applied) -> Iterator[Finding]:
    if applied.limit.lets_anonymous and IDENTITIES.isdisjoint(
        (*applied.limit.per, *applied.limit.window_reads)
    ):
        yield applied.spot.at("anonymous", key=True), limit_messages.anonymous_without_effect()


def _twins(ground: CheckContext, applied: Applied) -> Iterator[Finding]:
    """Attributes of ``per`` that another one is called like, but for letter case."""
    for index, name in enumerate(applied.sourced.model.per):
        for other in ground.attributes:
            if other != name and other.casefold() == name.casefold():
                yield applied.spot.at("per", index), limit_messages.twin_attribute(name, other)


CHECKS: tuple[Check, ...] = (
    _no_action,
    _nothing_to_have,
    _empty_cells,
    _shared_by_locations,
    _idle_hold,
    _long_hold,
    _idle_pace,
    _idle_overbook,
    _letter_case,
    _nobody,
    _twins,
)

_HOLDS = {
    Period.YEAR: frozenset((Period.YEAR, Period.MONTH, Period.DAY)),
    Period.MONTH: frozenset((Period.MONTH, Period.DAY)),
    Period.WEEK: frozenset((Period.WEEK, Period.DAY)),
    Period.DAY: frozenset((Period.DAY,)),
}
"""The periods that lie wholly in one of another; a week may lie in two months."""


def warn_pairs(around: LoadContext, applied: Sequence[Applied]) -> None:
    """Tells of each limit the first other one that it makes no difference beside."""
    reported: set[int] = set()
    pairs = _Pairs(applied)
    for first, second in combinations(range(len(applied)), 2):
        for weak, message in pairs.findings(first, second):
            if weak not in reported:
                reported.add(weak)
                around.report.warn(applied[weak].spot.at("name"), message)


class _Pairs:
    """Two limits at a time, by number."""

    def __init__(self, applied: Sequence[Applied]) -> None:
        self._applied = applied
        self._actions: dict[int, frozenset[int]] = {}

    def findings(self, first: int, second: int) -> list[tuple[int, str]]:
        """Returns the limit that makes no difference, and why: at most one."""
        if self._of(first).isdisjoint(self._of(second)):
            return []
        one, other = self._applied[first].limit, self._applied[second].limit
        over, under = self._covers(first, second), self._covers(second, first)
        if over and under:
            return [(second, limit_messages.limit_twice(one.name))]
        if over:
            return [(second, limit_messages.limit_pointless(one.name))]
        if under:
            return [(first, limit_messages.limit_pointless(other.name))]
        identity = self._other_identity(first, second)
        return [(second, limit_messages.cap_of_another_identity(one.name, identity))] if identity else []

    def _of(self, number: int) -> frozenset[int]:
        if number not in self._actions:
            self._actions[number] = frozenset(self._applied[number].actions)
        return self._actions[number]

    def _covers(self, strong: int, weak: int) -> bool:
        """Whether the strong one refuses wherever the weak one does: it counts no less, and has no more."""
        one, other = self._applied[strong], self._applied[weak]
        return (
            is_as_strict(one.limit, other.limit)
            and (not one.each_action or other.each_action or len(other.actions) == 1)
            and self._of(weak) <= self._of(strong)
        )

    def _other_identity(self, first: int, second: int) -> str | None:
        """Returns the identity of the first that the second has another one for."""
        one, other = self._applied[first], self._applied[second]
        own, others = set(one.limit.per) - set(other.limit.per), set(other.limit.per) - set(one.limit.per)
        same = (
            len(own) == len(others) == 1
            and own | others <= IDENTITIES
            and one.each_action == other.each_action
            and _cap(one.limit) == _cap(other.limit)
            and one.limit.kind is LimitKind.FREQUENCY_CAP
        )
        return own.pop() if same else None


def _cap(limit: Limit) -> tuple[object, ...]:
    return limit.kind, limit.maximum, limit.default, limit.window, limit.counts


def is_as_strict(strong: Limit, weak: Limit) -> bool:
    """Whether ``strong`` refuses wherever ``weak`` does, if all units of the one are units of the other."""
    return (
        strong.counts is weak.counts
        and set(strong.per) <= set(weak.per)
        and _is_at_most(strong, weak)
        and window_holds(strong.window, weak.window)
        and (strong.letter_case is LetterCase.IGNORE or weak.letter_case is LetterCase.EXACT)
        and (strong.on_failure is OnFailure.CLOSED or weak.on_failure is OnFailure.OPEN)
        and (weak.pace is None or _same_pace(strong.pace, weak.pace))
    )


def _is_at_most(strong: Limit, weak: Limit) -> bool:
    if (strong.maximum, strong.default) == (weak.maximum, weak.default):
        by_row = str(strong.maximum).startswith(ROW)
        return by_row or strong.overbook_percent <= weak.overbook_percent
    mine, others = most_of(strong), most_of(weak)
    return mine is not None and others is not None and mine <= others


def _same_pace(strong: Limit | None, weak: Limit) -> bool:
    return strong is not None and (strong.maximum, strong.window) == (weak.maximum, weak.window)


def window_holds(outer: Window, inner: Window) -> bool:
    """Returns whether everything that counts in ``inner`` counts in ``outer`` at the same instant."""
    match outer, inner:
        case Lifetime(), _:
            return True
        case Rolling(duration), Rolling(shorter):
            return duration >= shorter
        case Rolling(duration), Calendar(period, of=""):
            return duration >= LONGEST[period]
        case Calendar(period), Calendar(shorter_period):
            return (
                (outer.zone, outer.of) == (inner.zone, inner.of)
                and shorter_period in _HOLDS[period]
                and (period is not shorter_period or outer.first_weekday == inner.first_weekday)
            )
        case _:
            return outer == inner
