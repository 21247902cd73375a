"""The clock that ``live`` windows read, told in the words of rule files."""

from datetime import date

from .conditions import OneOf, Test, Within

CLOCK = "~"
"""Begins the names of the clock's attributes: no rule file can name them."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTES_PER_HOUR = 60
_DAY_MINUTES = 24 * _MINUTES_PER_HOUR


def clock_name(attribute: str) -> str:
    """``~minute/Europe/Rome`` is the ``time in Europe/Rome``."""
    part, zone = _parts(attribute)
    return f"{'time' if part == 'minute' else part} in {zone}"


def clock_value(attribute: str, value: object) -> str:
    """As people write it: 690 minutes are 11:30, day 739942 is 2026-11-22."""
    part, _ = _parts(attribute)
    match part, value:
        case "date", int():
            return date.fromordinal(value).isoformat()
        case "weekday", int():
            return WEEKDAYS[value]
        case "minute", int():
            return f"{value // _MINUTES_PER_HOUR:02}:{value % _MINUTES_PER_HOUR:02}"
    return str(value)


def clock_need(attribute: str, test: Test) -> str:
    """What a window needs of the clock: ``time 11:00-22:00 in Europe/Rome``."""
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
