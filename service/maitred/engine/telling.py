"""Tells of claims that have moved; does nothing where nobody listens."""

import time

from maitred.core.lots import Origin, Settled
from maitred.core.trace import TraceContext

from .observer import ClaimMoved, ClaimResult, Observer
from .tickets import Ticket


class Teller:
    """Makes events of what calls came to."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def began(self) -> int:
        """When a call began (Unix time, ns); 0 where nobody listens."""
        return time.time_ns() if self._observer.tracing else 0

    def moved(
        self,
        began: int,
        result: ClaimResult,
        *,
        origin: Origin,
        settled: Settled,
        ticket: Ticket,
        trace: TraceContext | None,
    ) -> None:
        """A call was answered."""
        if not began:
            return
        refused = settled.refused if result is ClaimResult.DENIED else None
        self._observer.observe(
            ClaimMoved(
                method=_METHODS[result],
                result=result,
                action=origin.action,
                decision_id=origin.decision.hex(),
                reason=refused.reason if refused else None,
                limit=refused.limit if refused else "",
                replayed=settled.replayed,
                trace=trace,
                batch_size=ticket.batch_size,
                started_ns=began,
                ended_ns=time.time_ns(),
                commit_seconds=ticket.commit_seconds,
            )
        )


_METHODS = {
    ClaimResult.GRANTED: "Claim",
    ClaimResult.DENIED: "Claim",
    ClaimResult.REDEEMED: "Redeem",
    ClaimResult.RELEASED: "Release",
}
