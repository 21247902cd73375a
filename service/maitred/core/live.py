"""When an action is live, as a condition over the civil clock.

The clock of each zone is three attributes that no rule file can name: the civil date as a
day number, the weekday and the minute of the day. Live windows are then conditions like
any other, and the index answers them with the same look-ups.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from .conditions import All, Any, Condition, Literal, OneOf, Within
from .rules import Live
from .values import Facts

MINUTES_PER_HOUR = 60
_LOCATION = "location"


def clock_attribute(part: str, zone: str | None) -> str:
    """Name of a clock attribute; ``part`` is ``date``, ``weekday`` or ``minute``."""
    return f"~{part}/{zone or _LOCATION}"


def live_condition(live: Live) -> Condition:
    """True exactly where ``live`` says so."""
    if not live.hours:
        return All(_day(live, 0))
    return Any(tuple(span for hours in live.hours for span in _spans(live, *hours)))


def clock_facts(zones: Iterable[str | None], now: datetime, location_zone: str) -> Facts:
    """The clock attributes of ``zones`` at ``now``; ``None`` stands for the location's zone."""
    facts: Facts = {}
    for zone in zones:
        civil = now.astimezone(_zone(zone or location_zone))
        name = zone or _LOCATION
        facts[f"~date/{name}"] = civil.toordinal()
        facts[f"~weekday/{name}"] = civil.weekday()
        facts[f"~minute/{name}"] = civil.hour * MINUTES_PER_HOUR + civil.minute
    return facts


@cache
def _zone(name: str) -> ZoneInfo:
    """``ZoneInfo`` holds on to eight zones and reads the file of any other one anew."""
    return ZoneInfo(name)


def _spans(live: Live, start: int, end: int) -> tuple[Condition, ...]:
    if start < end:
        return (All((*_day(live, 0), _minutes(live, start, end))),)
    evening = All((*_day(live, 0), _minutes(live, start, None)))
    morning = All((*_day(live, 1), _minutes(live, None, end)))
    return evening, morning


def _day(live: Live, days_later: int) -> tuple[Condition, ...]:
    """Today is ``days_later`` days after a day the window names."""
    terms: list[Condition] = []
    if live.first or live.last:
        first = live.first.toordinal() + days_later if live.first else None
        last = live.last.toordinal() + days_later if live.last else None
        terms.append(Literal(clock_attribute("date", live.zone), Within(first, last)))
    if live.weekdays:
        days = frozenset((day + days_later) % 7 for day in live.weekdays)
        terms.append(Literal(clock_attribute("weekday", live.zone), OneOf(days)))
    return tuple(terms)


def _minutes(live: Live, start: int | None, end: int | None) -> Condition:
    return Literal(clock_attribute("minute", live.zone), Within(start, end, high_open=True))
