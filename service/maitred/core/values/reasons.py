"""Why an action was not proposed, or a claim not granted."""

from enum import Enum, unique


@unique
class Reason(Enum):
    """Reasons in order of precedence: of several that hold, the one with the lowest ``precedence`` is told.

    Names and values are those of ``maitred.v1.Reason``. Values are not the order, so that reasons
    have no ``<``. A claim is told ``STAND_IN_ONLY`` before all others but the first two.
    """

    ALREADY_REDEEMED = 15
    CLAIM_WINDOW_OVER = 16
    PAUSED = 1
    NOT_LIVE = 2
    WRONG_CHANNEL = 3
    CONSENT_REQUIRED = 4
    SENSITIVE = 5
    SUPPRESSED = 17
    NOT_ELIGIBLE = 6
    MISSING_ATTRIBUTE = 7
    RULE_ERROR = 8
    HELD_OUT = 9
    NOT_IN_ROLLOUT = 10
    STAND_IN_ONLY = 20
    REJECTED_IN_SESSION = 19
    FREQUENCY_CAPPED = 11
    CAPACITY_EXHAUSTED = 12
    PACED = 13
    GROUPED = 18
    OUTRANKED = 14

    @property
    def precedence(self) -> int:
        """The place in the order above, from 0."""
        return _PLACES[self]


_PLACES = {reason: place for place, reason in enumerate(Reason)}

OUT_OF_STOCK = frozenset({Reason.CAPACITY_EXHAUSTED, Reason.PACED})
"""Reasons that hand over to alternatives: there is none left, for whoever asks."""
