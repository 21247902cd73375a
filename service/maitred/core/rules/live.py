"""When an action is live, as a condition over the civil clock.

The clock of each zone is three attributes that no rule file can name: the civil date as a
day number, the weekday and the minute of the day. Live windows are then conditions like
any other, and the index answers them with the same look-ups.
"""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from maitred.core.conditions.model import All, Any, Condition, Literal, OneOf, Test, Within
from maitred.core.values.types import OWN, Facts

from .ruleset import Live

MINUTES_PER_HOUR = 60
_LOCATION = "location"


def clock_attribute(part: str, zone: str | None) -> str:
    """Name of a clock attribute; ``part`` is ``date``, ``weekday`` or ``minute``."""
    return f"{OWN}{part}/{zone or _LOCATION}"


def live_condition(live: Live) -> Condition:
    """True exactly where ``live`` says so."""
    if not live.hours:
        return All(_day(live, 0))
    return Any(tuple(span for hours in live.hours for span in _spans(live, *hours)))


def clock_facts(zones: Iterable[str | None], now: datetime, location_zone: str) -> Facts:
    """Returns the clock attributes of ``zones`` at ``now``; ``None`` stands for the location's zone."""
    facts: Facts = {}
    for zone in zones:
        civil = now.astimezone(_zone(zone or location_zone))
        name = zone or _LOCATION
        facts[f"{OWN}date/{name}"] = civil.toordinal()
        facts[f"{OWN}weekday/{name}"] = civil.weekday()
        facts[f"{OWN}minute/{name}"] = civil.hour * MINUTES_PER_HOUR + civil.minute
    return facts


@cache
def _zone(name: str) -> ZoneInfo:
    """Keeps every zone: ``ZoneInfo`` holds on to eight zones and reads the file of any other one anew."""
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


CLOCK = OWN
"""Begins the names of the clock's attributes: no rule file can name them."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTES_PER_HOUR = 60
_DAY_MINUTES = 24 * _MINUTES_PER_HOUR


_NAMES = {
    "minute": "time in {}",
    "held": "{} held since",
    "held_out": "held out by {}",
    "person": "person for holdouts",
    "promised": "presented for promise {}",
}
"""By its first part, what a fact of ours is called."""


def clock_name(attribute: str) -> str:
    """Says ``time in Europe/Rome`` for ``~minute/Europe/Rome``."""
    part, zone = _parts(attribute)
    return _NAMES.get(part, f"{part} in {{}}").format(zone)


def clock_value(attribute: str, value: object) -> str:
    """As people write it: 690 minutes are 11:30, day 739942 is 2026-11-22."""
    part, _ = _parts(attribute)
    match part, value:
        case "date" | "held", int():
            return date.fromordinal(value).isoformat()
        case "weekday", int():
            return WEEKDAYS[value]
        case "minute", int():
            return f"{value // _MINUTES_PER_HOUR:02}:{value % _MINUTES_PER_HOUR:02}"
        case _, bool():
            return str(value).lower()
    return str(value)


def clock_need(attribute: str, test: Test) -> str:
    """Returns what a window needs of the clock: ``time 11:00-22:00 in Europe/Rome``."""
    part, zone = _parts(attribute)
    match test:
        case OneOf(values):
            days = ", ".join(clock_value(attribute, value) for value in sorted(values))
            return f"{part} {days} in {zone}"
        case Within(low, high) if part == "minute":
            start = clock_value(attribute, 0 if low is None else low)
            return f"time {start}-{clock_value(attribute, _DAY_MINUTES if high is None else high)} in {zone}"
        case Within(low, high):
            start = f" from {clock_value(attribute, low)}" if low is not None else ""
            end = f" until {clock_value(attribute, high)}" if high is not None else ""
            return f"{part}{start}{end} in {zone}"
    return clock_name(attribute)


def _parts(attribute: str) -> tuple[str, str]:
    part, _, zone = attribute.removeprefix(CLOCK).partition("/")
    return part, "the zone of the location" if zone == "location" else zone
