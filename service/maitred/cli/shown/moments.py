"""Instants by the clock of whoever reads them."""

from datetime import datetime, timedelta

WEEK = timedelta(days=7)
MINUTE_SECONDS, HOUR_SECONDS, DAY_SECONDS = 60, 3_600, 86_400
_SHOWN_UNITS = ((DAY_SECONDS, "days"), (HOUR_SECONDS, "h"), (MINUTE_SECONDS, "min"), (1, "s"))
_AT_MIN = 2
"""``119 s`` says more than ``1 min``; ``47 h`` more than ``1 day``."""


def moment_words(at: datetime, now: datetime) -> str:
    """``14:05``; with the weekday within a week, with the date beyond it."""
    here, today = _local(at), _local(now)
    if here.date() == today.date():
        return f"{here:%H:%M}"
    if timedelta() < at - now < WEEK:
        return f"{here:%a %H:%M}"
    return f"{here:%Y-%m-%d %H:%M}"


def until_words(at: datetime, now: datetime) -> str:
    """``in 25 min``; ``now`` where it is not ahead."""
    return f"in {span_words(at - now)}" if at > now else "now"


def span_words(span: timedelta) -> str:
    """Returns ``25 min``: in whole units of the largest of which there are two."""
    seconds = max(1, round(span.total_seconds()))
    unit, name = next((shown for shown in _SHOWN_UNITS if seconds >= _AT_MIN * shown[0]), _SHOWN_UNITS[-1])
    return f"{seconds // unit} {name}"


def _local(at: datetime) -> datetime:
    """By this machine's clock; as it is where that has no such year."""
    try:
        return at.astimezone()
    except (OverflowError, OSError, ValueError):
        return at
