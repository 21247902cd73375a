"""What became of a proposal: kinds, and an outcome as it is reported."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, unique


@unique
class OutcomeKind(IntEnum):
    """Names and numbers are those of ``maitred.v1.OutcomeKind``."""

    PRESENTED = 1
    ACCEPTED = 2
    REJECTED = 3
    CLAIMED = 4
    REDEEMED = 5
    RELEASED = 6
    EXPIRED = 7


REPORTED = frozenset(
    {
        OutcomeKind.PRESENTED,
        OutcomeKind.ACCEPTED,
        OutcomeKind.REJECTED,
        OutcomeKind.REDEEMED,
        OutcomeKind.RELEASED,
    }
)
"""Kinds that callers report; claims are made with Claim, and expiry comes by itself."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome of one proposal. ``outcome_id`` is the caller's: a retry repeats it.

    ``decision_id`` is in hex. ``at`` is when it happened, by the caller's clock, for the record;
    ``None`` is now.
    """

    outcome_id: str
    decision_id: str
    action: str
    kind: OutcomeKind
    at: datetime | None = None
