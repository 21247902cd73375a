"""Limits that make each other pointless, and caps that are the same for another identity."""

from collections.abc import Sequence
from itertools import combinations

from maitred.core.limits import LetterCase, Limit, LimitKind, OnFailure
from maitred.core.windows import Calendar, Lifetime, Period, Rolling, Window

from . import limit_messages
from .actions import Around
from .limit_checks import LONGEST, most_of
from .limit_documents import ROW
from .limited import Applied

IDENTITIES = frozenset(("customer.id", "household.id", "device.id", "session.id"))
"""Each may be somebody else's name for the same person."""

_HOLDS = {
    Period.YEAR: frozenset((Period.YEAR, Period.MONTH, Period.DAY)),
    Period.MONTH: frozenset((Period.MONTH, Period.DAY)),
    Period.WEEK: frozenset((Period.WEEK, Period.DAY)),
    Period.DAY: frozenset((Period.DAY,)),
}
"""The periods that lie wholly in one of another; a week may lie in two months."""


def warn_pairs(around: Around, applied: Sequence[Applied]) -> None:
    """Tells of each limit the first other one that it makes no difference beside."""
    told: set[int] = set()
    pairs = _Pairs(applied)
    for first, second in combinations(range(len(applied)), 2):
        for weak, message in pairs.findings(first, second):
            if weak not in told:
                told.add(weak)
                around.report.warn(applied[weak].spot.at("name"), message)


class _Pairs:
    """Two limits at a time, by number."""

    def __init__(self, applied: Sequence[Applied]) -> None:
        self._applied = applied
        self._actions: dict[int, frozenset[int]] = {}

    def findings(self, first: int, second: int) -> list[tuple[int, str]]:
        """The limit that makes no difference, and why: at most one."""
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
        """The identity of the first that the second has another one for."""
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
    return limit.kind, limit.maximum, limit.window, limit.counts


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
    if strong.maximum == weak.maximum:
        by_row = str(strong.maximum).startswith(ROW)
        return by_row or strong.overbook_percent <= weak.overbook_percent
    mine, others = most_of(strong), most_of(weak)
    return mine is not None and others is not None and mine <= others


def _same_pace(strong: Limit | None, weak: Limit) -> bool:
    return strong is not None and (strong.maximum, strong.window) == (weak.maximum, weak.window)


def window_holds(outer: Window, inner: Window) -> bool:
    """Whether everything that counts in ``inner`` counts in ``outer`` at the same instant."""
    match outer, inner:
        case Lifetime(), _:
            return True
        case Rolling(duration), Rolling(shorter):
            return duration >= shorter
        case Rolling(duration), Calendar(period):
            return duration >= LONGEST[period]
        case Calendar(period), Calendar(shorter_period):
            return (
                outer.zone == inner.zone
                and shorter_period in _HOLDS[period]
                and (period is not shorter_period or outer.first_weekday == inner.first_weekday)
            )
        case _:
            return outer == inner
