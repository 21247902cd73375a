"""What a batch takes for its instant, and in which order."""

from datetime import UTC, datetime
from typing import Any

from maitred.engine.deciding.batch import instant_of
from maitred.engine.deciding.tickets import EventTicket, MoveTicket

LOCAL, MADE_UP = datetime(2026, 12, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


class ClockTransaction:
    """A transaction that only knows the time."""

    def clock(self, local):
        return local


# It needs nothing of the ledger.
UNLIMITED = EventTicket(happened=(), at=MADE_UP)


def test_the_instant_is_that_of_what_needs_the_ledger():
    transaction: Any = ClockTransaction()
    move = MoveTicket(plan=lambda: ())
    made_up = MoveTicket(plan=lambda: (), at=MADE_UP)
    for ticket, instant in ((move, LOCAL), (made_up, MADE_UP)):
        assert instant_of(transaction, [UNLIMITED, ticket], LOCAL) == instant
    assert instant_of(transaction, [move], LOCAL) == LOCAL
