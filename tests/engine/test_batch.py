"""What a batch takes for its instant, and in which order."""

from datetime import UTC, datetime

from maitred.engine.deciding.batch import _now
from maitred.engine.deciding.tickets import MoveTicket

LOCAL, MADE_UP = datetime(2026, 12, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


class Clock:
    """A transaction that only knows the time."""

    def clock(self, local):
        return local


class Unlimited:
    """A decision that needs nothing of the ledger, at an instant its caller made up."""

    at, needs_ledger = MADE_UP, False


def test_the_instant_is_that_of_what_needs_the_ledger():
    move = MoveTicket(plan=lambda _: ())
    assert _now(Clock(), [Unlimited(), move], LOCAL) == LOCAL
    assert _now(Clock(), [Unlimited(), MoveTicket(plan=lambda _: (), at=MADE_UP)], LOCAL) == MADE_UP
    assert _now(Clock(), [move], LOCAL) == LOCAL
