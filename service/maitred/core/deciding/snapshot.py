"""What a decision sees of the ledger, and how the limits of an action stand in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

from maitred.core.learning.learners import NOTHING_LEARNED, Parameters
from maitred.core.limits.limits import (
    MAX_UNITS,
    Counts,
    Limit,
    Uncheckable,
    also_counted,
    gap_of,
    is_free,
    maximum_of,
    parts_of,
)
from maitred.core.rules.ruleset import Action
from maitred.core.values.reasons import Reason
from maitred.core.values.types import SESSION_ID, Facts
from maitred.core.values.windows import Calendar, Lifetime, Rolling, Session, Window

_UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))


class Claimed(NamedTuple):
    """A claim that the checkout names: its action is proposed again, beside all others."""

    claim_id: str
    expires_at: datetime | None = None


class Snapshot(NamedTuple):
    """What a decision saw beside its question.

    ``live`` has the units that count by ``Limit.key``, of every limit that was read. ``own`` are
    the actions that are held already for the same customer. ``paused`` are actions that operators
    have stopped, ``rejected`` those that were rejected in the same session. ``claimed`` are the claims that
    the checkout names, by action; ``holders`` the customer's open claims that have a unit, by ``Limit.key``.
    ``learned`` are the parameters of learned scores; a record's tell of the actions that were ranked.
    """

    live: Mapping[str, int] = {}
    own: frozenset[str] = frozenset()
    paused: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()
    claimed: Mapping[str, Claimed] = {}
    holders: Mapping[str, tuple[str, ...]] = {}
    learned: Parameters = NOTHING_LEARNED


class Shortage(NamedTuple):
    """Why a limit has no unit: all of ``maximum`` are taken, ``missing`` is absent, or ``error``.

    ``claims`` are the customer's open claims without whose units there would be one.
    """

    limit: Limit
    reason: Reason
    live: int = 0
    maximum: int = 0
    missing: str = ""
    error: str = ""
    claims: tuple[str, ...] = ()

    def words(self) -> str:
        """In plain words: what was needed, what was there."""
        if self.error:
            return self.error
        if self.missing:
            return f"needs {self.missing}, is absent"
        taken = f"{self.live} of {self.maximum} taken{_per_words(self.limit)}"
        counted = f", {' and '.join(self.limit.also)} counted too" if self.limit.also else ""
        text = f"{taken} {window_words(self.limit.window)}{counted}"
        if not self.claims:
            return text
        own = "claim" if len(self.claims) == 1 else "claims"
        return f"{text}, by the customer's own open {own} {', '.join(self.claims)}"


def is_read(action: Action, snapshot: Snapshot) -> bool:
    """Whether the snapshot tells how all limits of the action stand."""
    live = snapshot.live
    for limit in action.limits:  # noqa: SIM110 -- asked several times a decision: no generator
        if limit.key not in live:
            return False
    return True


def shortage_of(
    action: Action, facts: Facts, snapshot: Snapshot, taken: Mapping[str, int]
) -> Shortage | None:
    """The first shortage by precedence among the action's limits, all of which have been read.

    ``taken`` are units by key that this decision has taken before.
    """
    if action.name in snapshot.claimed:
        # It needs no unit of what comes before: what counts at the redemption must still be there.
        to_come = (limit for limit in action.later if limit.counts is not Counts.CLAIMED)
        return shortage_among(to_come, facts, snapshot, {})
    return _shortage_of_parts(limits_checked(action, snapshot), facts, snapshot, taken)


def limits_checked(action: Action, snapshot: Snapshot) -> Sequence[Limit]:
    """The limits that the action needs a unit of, each with its pace."""
    return action.checked_when_held if action.name in snapshot.own else action.checked


def room_of(part: Limit, facts: Facts, snapshot: Snapshot) -> int:
    """How many units of a limit are left; none where a unit would be refused for another reason."""
    if part.lets_anonymous and is_free(part, facts):
        return MAX_UNITS
    maximum = gap_of(part, facts) or maximum_of(part, facts)
    if isinstance(maximum, Uncheckable):
        return 0
    room = maximum - snapshot.live.get(part.key, 0)
    return room - also_counted(part, facts) if part.also else room


def shortage_among(
    limits: Iterable[Limit], facts: Facts, snapshot: Snapshot, taken: Mapping[str, int]
) -> Shortage | None:
    """The same among limits, whatever they apply to."""
    return _shortage_of_parts(chain.from_iterable(map(parts_of, limits)), facts, snapshot, taken)


def _shortage_of_parts(
    parts: Iterable[Limit], facts: Facts, snapshot: Snapshot, taken: Mapping[str, int]
) -> Shortage | None:
    shortages = []
    for part in parts:
        live = snapshot.live.get(part.key, 0) + taken.get(part.key, 0)
        if shortage := _shortage(part, facts, live, snapshot.holders.get(part.key, ())):
            shortages.append(shortage)
    return first_of(shortages) if shortages else None


def first_of(shortages: Iterable[Shortage]) -> Shortage | None:
    """The one whose reason comes first, then whose name."""
    return min(shortages, key=lambda shortage: (shortage.reason.precedence, shortage.limit.key), default=None)


def keys_taken(action: Action, snapshot: Snapshot) -> Iterator[str]:
    """Keys of the limits, paces included, that proposing the action takes a unit of."""
    # What is held already has been counted by the ledger.
    held = () if action.name in snapshot.own else action.held
    return (part.key for limit in (*action.decided, *held) for part in parts_of(limit))


def _shortage(limit: Limit, facts: Facts, live: int, claims: tuple[str, ...] = ()) -> Shortage | None:
    if is_free(limit, facts):
        return None
    maximum = gap_of(limit, facts) or maximum_of(limit, facts)
    if isinstance(maximum, Uncheckable):
        reason = Reason.RULE_ERROR if maximum.error else Reason.MISSING_ATTRIBUTE
        return Shortage(limit, reason, missing=maximum.attribute, error=maximum.error)
    taken = live + also_counted(limit, facts)
    if taken < maximum:
        return None
    caused = claims if taken - len(claims) < maximum else ()
    return Shortage(limit, limit.reason, taken, maximum, claims=caused)


def _per_words(limit: Limit) -> str:
    names = [name.removesuffix(".id") for name in limit.per if name != SESSION_ID]
    return f" per {' and '.join(names)}" if names else ""


def window_words(window: Window) -> str:
    """A window in plain words."""
    match window:
        case Rolling(duration):
            return f"within {duration_words(duration)}"
        case Calendar(period, of=of):
            return f"in the {period.value} of {of}" if of else f"this {period.value}"
        case Session():
            return "in this session"
        case Lifetime():
            return "ever"


def duration_words(duration: timedelta) -> str:
    """A duration in its largest whole unit: ``7 days``."""
    for unit, name in _UNITS:
        count, rest = divmod(duration, unit)
        if not rest:
            return f"{count} {name}{'s' if count != 1 else ''}"
    return f"{duration.total_seconds():g} seconds"
