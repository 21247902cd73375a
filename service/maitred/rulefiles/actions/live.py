"""``live`` as written to ``core.rules.ruleset.Live``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from maitred.core.rules.ruleset import Live
from maitred.rulefiles.kinds.field_types import DAYS, LOCATION_ZONE, zones
from maitred.rulefiles.messages import rule_messages

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\s*-\s*([01][0-9]|2[0-4]):([0-5][0-9])")
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Written:
    """The fields of ``live`` as texts, with the placeholders of a table filled in."""

    first: str | None = None
    last: str | None = None
    days: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    zone: str | None = None


class LiveError(ValueError):
    """``path`` below ``live``, as files name it, and the message."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.message, self.path = message, path


def live_of(written: Written, default_zone: str) -> tuple[Live, list[LiveError]]:
    """Returns the window, and everything that is wrong with it; wrong parts do not restrict."""
    errors: list[LiveError] = []
    first = _date(written.first, "from", errors)
    last = _date(written.last, "until", errors)
    if first and last and last < first:
        errors.append(LiveError(rule_messages.until_before_from(str(last), str(first)), "until"))
    if written.zone not in (None, LOCATION_ZONE) and written.zone not in zones():
        errors.append(LiveError(rule_messages.live_zone_unknown(str(written.zone), zones()), "timezone"))
    live = Live(
        first=first,
        last=last,
        weekdays=frozenset(map(DAYS.index, written.days)),
        hours=tuple(_spans(written.hours, errors)),
        zone=None if written.zone == LOCATION_ZONE else written.zone or default_zone,
    )
    return live, errors


def _date(text: str | None, field: str, errors: list[LiveError]) -> date | None:
    # An empty cell of a table leaves that end open.
    if not text:
        return None
    try:
        return date_of(text)
    except ValueError:
        errors.append(LiveError(rule_messages.bad_date(text, "hours"), field))
        return None


def date_of(text: str) -> date:
    """``2026-12-01``; the other forms of ISO 8601 are refused. Raises ``ValueError``."""
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _spans(texts: tuple[str, ...], errors: list[LiveError]) -> Iterator[tuple[int, int]]:
    for index, text in enumerate(texts):
        match = _HOURS.fullmatch(text.strip())
        numbers = tuple(map(int, match.groups())) if match else ()
        start, end = (numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]) if match else (0, 0)
        if not match or end > _DAY_MINUTES:
            errors.append(LiveError(rule_messages.bad_hours(text), "hours", index))
        elif start == end:
            errors.append(LiveError(rule_messages.empty_hours(text), "hours", index))
        else:
            yield start, end
