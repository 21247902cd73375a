"""Windows: the spans of time over which limits and computed attributes count.

A rolling window looks back from now: a unit taken at ``t`` counts at every instant of
``[t, t + duration)``. The others are spans between two instants, start included, end not;
the spans of one window follow each other without a gap: every instant is in exactly one of them.

A civil day starts at the first instant at which the clock of its zone shows its date or a
later one. Where a clock is set back over midnight, a day that has started goes on; a date
that the zone skipped has no instants and is no window.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, unique
from functools import lru_cache
from zoneinfo import ZoneInfo

from .instants import LAST_INSTANT, day_start, later

KEPT_SPANS = 4_096
"""The days, weeks, months and years of now in every zone there is, twice over."""

_DAYS_PER_WEEK = 7


@unique
class Period(Enum):
    """A stretch of the civil calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Rolling:
    """Looks back ``duration`` from now; longer than zero."""

    duration: timedelta


@dataclass(frozen=True, slots=True)
class Calendar:
    """The civil ``period`` in ``zone``, an IANA name, or ``None`` for the location's own.

    ``first_weekday`` is the day a week starts on, 0 (Monday) to 6. ``of`` names the attribute that
    holds the instant whose period it is; empty for that of now.
    """

    period: Period
    zone: str | None = None
    first_weekday: int = 0
    of: str = ""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Never resets."""


@dataclass(frozen=True, slots=True)
class Session:
    """One ``session.id``; never resets by time."""


Window = Rolling | Calendar | Lifetime | Session


@dataclass(frozen=True, slots=True)
class Span:
    """The instants ``[start, end)``. ``end`` is when the count is at zero again; ``None`` is never.

    ``key`` tells the spans of one limit and subject apart. Of a calendar it names the civil
    date the span starts on, not the zone: a customer who is in two zones on one date has
    one count for that date.
    """

    key: str
    start: datetime | None = None
    end: datetime | None = None


ROLLING_KEY = "rolling"
SESSION_KEY = "session/"
LIFETIME = Span("lifetime")


def span_of(window: Window, now: datetime, location_zone: str, session: str = "") -> Span:
    """Returns the span of ``window`` that ``now`` falls into.

    Of a rolling window it is ``(now - duration, now]``, told by its first instant that still
    counts; it has no end of its own: units leave it one by one. Raises ``ValueError`` and
    ``OSError`` for a zone that there is not, as ``ZoneInfo`` does.
    """
    match window:
        case Rolling(duration):
            return Span(ROLLING_KEY, later(now, -duration))
        case Calendar(period, zone, first_weekday):
            return _civil_span(period, first_weekday, zone or location_zone, now)
        case Session():
            return Span(f"{SESSION_KEY}{session}")
        case _:
            return LIFETIME


_LAST_SPANS: dict[tuple[Period, int, str], Span] = {}
"""The span that was asked for last: nearly always the next one, too."""


def _civil_span(period: Period, first_weekday: int, zone: str, now: datetime) -> Span:
    key = period, first_weekday, zone
    last = _LAST_SPANS.get(key)
    if last and last.start and last.end and last.start <= now < last.end:
        return last
    if len(_LAST_SPANS) >= KEPT_SPANS:
        _LAST_SPANS.clear()
    span = _LAST_SPANS[key] = _span_at(period, first_weekday, zone, now)
    return span


def _span_at(period: Period, first_weekday: int, zone: str, now: datetime) -> Span:
    try:
        civil = now.astimezone(ZoneInfo(zone)).date()
    except OverflowError:
        civil = now.date()
    first = _first_day(period, first_weekday, civil)
    span, following = _span_from(period, first, zone)
    # The clock was set back over the start of the next span, which has started all the same.
    while following and span.end and span.end <= now:
        span, following = _span_from(period, following, zone)
    return span


@lru_cache(maxsize=KEPT_SPANS)
def _span_from(period: Period, first: date, zone: str) -> tuple[Span, date | None]:
    """Returns the span whose first day is ``first``, and the first day of the next."""
    following = _following(period, first)
    end = day_start(following, zone) if following else LAST_INSTANT
    return Span(f"{period.value}/{first.isoformat()}", day_start(first, zone), end), following


def _first_day(period: Period, first_weekday: int, day: date) -> date:
    match period:
        case Period.DAY:
            return day
        case Period.WEEK:
            return _from_ordinal(day.toordinal() - (day.weekday() - first_weekday) % _DAYS_PER_WEEK)
        case Period.MONTH:
            return day.replace(day=1)
        case Period.YEAR:
            return day.replace(month=1, day=1)


def _following(period: Period, first: date) -> date | None:
    """Returns the first day of the next span; ``None`` at the end of the calendar."""
    try:
        match period:
            case Period.DAY:
                return first + timedelta(days=1)
            case Period.WEEK:
                return first + timedelta(days=_DAYS_PER_WEEK)
            case Period.MONTH:
                return (first.replace(day=28) + timedelta(days=4)).replace(day=1)
            case Period.YEAR:
                return first.replace(year=first.year + 1)
    except (OverflowError, ValueError):
        return None


def _from_ordinal(ordinal: int) -> date:
    return date.fromordinal(max(1, ordinal))
