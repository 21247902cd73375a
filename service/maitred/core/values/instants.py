"""Instants as counters, ids and tables keep them: whole microseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
"""The finest that ``datetime`` tells; a ``timedelta // MICROSECOND`` is exact."""


def to_microseconds(instant: datetime) -> int:
    """Microseconds since 1970, exact. Raises ``TypeError`` where the instant has no time zone."""
    return (instant - EPOCH) // MICROSECOND


def from_microseconds(instant_us: int) -> datetime:
    """The instant, in UTC. Raises ``OverflowError`` beyond the years of ``datetime``."""
    return EPOCH + instant_us * MICROSECOND
