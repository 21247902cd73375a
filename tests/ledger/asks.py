"""What tests ask of the ledger, in few words."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count

from maitred.core.limits.limits import Counts, Limit, LimitKind, Need, Uncheckable, needs_of
from maitred.core.limits.lots import Confirm, Release, Take
from maitred.core.values.windows import Calendar, Period, Rolling

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
MINUTE_US, DAY = 60_000_000, timedelta(days=1)
HOLD_US = 20 * MINUTE_US
DUE = NOW + timedelta(minutes=20)
NEW_ID = (number.to_bytes(16, "big") for number in count(1))
OVENS = Limit("ovens", LimitKind.CAPACITY, ("location.id",), 2, Calendar(Period.DAY, "UTC"), Counts.CLAIMED)
CAP = Limit("cap", LimitKind.FREQUENCY_CAP, ("customer.id",), 1, Rolling(timedelta(days=7)), Counts.CLAIMED)


def needs(*limits, now=NOW, customer="c-1", location="s-1"):
    facts = {"customer.id": customer, "location.id": location, "session.id": "visit"}
    return needs_of_all(limits, facts, now)


def needs_of_all(limits: Iterable[Limit], facts: Mapping[str, str], now: datetime) -> tuple[Need, ...]:
    """What each limit needs, in their order; every one can be checked with these facts."""
    needs: list[Need] = []
    for limit in limits:
        parts = needs_of(limit, dict(facts), now, "UTC")
        assert not isinstance(parts, Uncheckable)
        needs.extend(parts)
    return tuple(needs)


def take(*choices, hold_us=HOLD_US):
    return Take(next(NEW_ID), b"as sent", choices or (needs(OVENS),), hold_us)


def confirm(lot, again=None, also=()):
    return Confirm(next(NEW_ID), b"as sent", lot.id, again, also)


def release(lot):
    return Release(next(NEW_ID), b"as sent", lot.id)


def statuses(answers):
    return [answer.status.name for answer in answers]
