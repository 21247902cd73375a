"""Why an action was not proposed."""

from enum import IntEnum, unique


@unique
class Reason(IntEnum):
    """Reasons in order of precedence: of several that hold, the lowest number is told.

    Names and numbers are those of ``maitred.v1.Reason``.
    """

    PAUSED = 1
    NOT_LIVE = 2
    WRONG_CHANNEL = 3
    CONSENT_REQUIRED = 4
    SENSITIVE = 5
    NOT_ELIGIBLE = 6
    MISSING_ATTRIBUTE = 7
    RULE_ERROR = 8
    HELD_OUT = 9
    NOT_IN_ROLLOUT = 10
    FREQUENCY_CAPPED = 11
    CAPACITY_EXHAUSTED = 12
    PACED = 13
    OUTRANKED = 14
