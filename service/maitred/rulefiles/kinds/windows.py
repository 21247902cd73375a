"""Durations and windows, as limits and computed attributes have them."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainSerializer, PlainValidator, WithJsonSchema

from maitred.rulefiles import bounds
from maitred.rulefiles.messages import limit_messages

from . import field_types
from .field_types import NonEmpty, Strict, refuse

_UNIT_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
# Seven digits of seconds are 115 days, and of weeks more than any bound: no number is cut.
_DURATION = re.compile("".join(f"(?:([0-9]{{1,9}}){unit})?" for unit in _UNIT_SECONDS))
_DURATION_PATTERN = "^" + "".join(f"([0-9]+{unit})?" for unit in _UNIT_SECONDS) + "$"
_LONGEST_SECONDS = bounds.DURATION_DAYS * _UNIT_SECONDS["d"]


def _duration(value: Any) -> timedelta:
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if not match:
        raise field_types.refuse(limit_messages.bad_duration(value))
    parts = zip(match.groups("0"), _UNIT_SECONDS.values(), strict=True)
    seconds = sum(int(number) * unit for number, unit in parts)
    if not seconds:
        raise field_types.refuse(limit_messages.no_duration(value))
    if seconds > _LONGEST_SECONDS:
        raise field_types.refuse(limit_messages.duration_too_long(value))
    return timedelta(seconds=seconds)


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())


def duration_text(duration: timedelta) -> str:
    """Returns a duration of whole seconds as files have it: ``1h30m``."""
    rest, text = _seconds(duration), ""
    for unit, length in _UNIT_SECONDS.items():
        count, rest = divmod(rest, length)
        text += f"{count}{unit}" if count else ""
    return text


Duration = Annotated[
    timedelta,
    PlainValidator(_duration),
    PlainSerializer(_seconds),
    WithJsonSchema({"type": "string", "pattern": _DURATION_PATTERN}),
]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PeriodName = Literal["day", "week", "month", "year"]
WindowWord = Literal["lifetime", "session"]
_WORDS = ("lifetime", "session")


class WindowSpec(Strict):
    """The span of time whose units count: one of `rolling`, `calendar`, `lifetime` and `session`."""

    rolling: Duration | None = None
    """A duration that ends now: `7d`, `1h30m`."""
    calendar: PeriodName | None = None
    """The civil calendar of `timezone`."""
    of: NonEmpty | None = None
    """Of a calendar: the timestamp attribute whose day, week, month or year it is, instead of now's."""
    lifetime: Literal[True] | None = None
    """Never resets. `window: lifetime` for short."""
    session: Literal[True] | None = None
    """One `session.id`. `window: session` for short."""
    timezone: NonEmpty | None = None
    """Of a calendar: IANA time zone, or `location` for the location's own. Without it, the `Ruleset`'s."""
    week_starts: Day = "mon"
    """Of `calendar: week`: the day it starts on."""


def _window(value: Any) -> Any:
    if isinstance(value, str):
        if value not in _WORDS:
            raise refuse(limit_messages.bad_window(value, _WORDS))
        return {value: True}
    return value


Window = Annotated[WindowSpec, BeforeValidator(_window, json_schema_input_type=WindowWord | WindowSpec)]
