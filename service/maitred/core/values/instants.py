"""Instants: as numbers, at the ends of the calendar, and at the start of civil days.

Counters, ids and tables keep an instant as whole microseconds since 1970, UTC.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
"""The finest that ``datetime`` tells; a ``timedelta // MICROSECOND`` is exact."""
FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)
LAST_INSTANT = datetime.max.replace(tzinfo=UTC)
_SECOND = timedelta(seconds=1)
TIME_BYTES = 5
"""Of ids that follow each other in time: enough for 571 years."""
_TIME_SHIFT = 14
"""Of microseconds: ids of the same 16 ms lie together in any order, on a page or two of an index."""


def to_microseconds(instant: datetime) -> int:
    """Microseconds since 1970, exact. Raises ``TypeError`` where the instant has no time zone."""
    return (instant - EPOCH) // MICROSECOND


def from_microseconds(instant_us: int) -> datetime:
    """Returns the instant, in UTC. Raises ``OverflowError`` beyond the years of ``datetime``."""
    return EPOCH + instant_us * MICROSECOND


def time_bytes(at: datetime) -> bytes:
    """What an id begins with that follows others in time."""
    return (to_microseconds(at) >> _TIME_SHIFT & (1 << 8 * TIME_BYTES) - 1).to_bytes(TIME_BYTES)


def later(instant: datetime, duration: timedelta) -> datetime:
    """Returns the sum, or the end of the calendar that it is beyond."""
    try:
        return instant + duration
    except OverflowError:
        return LAST_INSTANT if duration > timedelta() else FIRST_INSTANT


def day_start(day: date, zone: str) -> datetime:
    """Returns the first instant at which the clock of ``zone`` shows ``day`` or a later date."""
    if day == date.min:
        return FIRST_INSTANT
    midnight = datetime.combine(day, time.min, ZoneInfo(zone))
    try:
        early = midnight.astimezone(UTC)
        late = midnight.replace(fold=1).astimezone(UTC)
    except OverflowError:
        return LAST_INSTANT
    # Of a midnight that happens twice ``early`` is the first; of one that does not happen the
    # two lie around the instant at which the clock jumps over it, ``late`` before it.
    return early if early <= late else _jump(midnight, late, early)


def _jump(midnight: datetime, before: datetime, after: datetime) -> datetime:
    """Returns the first whole second in ``(before, after]`` at which the clock is past ``midnight``."""
    zone, wall = midnight.tzinfo, midnight.replace(tzinfo=None)
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).replace(tzinfo=None) >= wall:
            after = middle
        else:
            before = middle
    return after
