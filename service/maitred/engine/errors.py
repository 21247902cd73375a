"""What can go wrong with a call, by stable code. The shell turns codes into statuses."""

from collections.abc import Mapping
from enum import Enum, unique


@unique
class Code(Enum):
    """Every way a call can fail other than by a fault of ours."""

    MALFORMED = "malformed"
    NOT_FOUND = "not found"
    OTHER_CONTENT = "same id, other content"
    TOO_LATE = "too late"
    NO_RULESET = "no valid ruleset"
    NOT_INSTALLED = "not installed"
    OVERLOADED = "overloaded"
    EXPIRED = "deadline passed"
    STORE_DOWN = "store down"
    RETRY = "retry"
    STOPPING = "stopping"


@unique
class Cause(Enum):
    """Why a call failed, for programs: names are promised to callers, and never change."""

    MALFORMED = "a field is missing, too long, or not what it should be"
    NOT_FOUND = "there is nothing of that id"
    UNKNOWN_DECISION = "no decision of that id"
    UNKNOWN_CLAIM = "no claim of that id"
    UNKNOWN_ACTION = "no action of that name"
    UNKNOWN_LIMIT = "no limit of that name"
    UNKNOWN_LOCATION = "a location that the rules do not list"
    UNKNOWN_RULESET = "no ruleset of that hash"
    NOT_PROPOSED = "the decision did not propose the action"
    CUSTOMER_ERASED = "the decision's customer has been erased"
    KEY_LOST = "the decision was sealed with a key that is not in use"
    UNKNOWN_FORMAT = "the decision was recorded in a format that this version does not read"
    OTHER_CONTENT = "the id was used before with other content"
    TOO_LATE = "what stands cannot become what is asked"
    CLAIM_EXPIRED = "the claim has expired, and no unit is left"
    NOTHING_LEFT = "a limit that counts redemptions has no unit left"
    CLAIM_REDEEMED = "the claim was redeemed before"
    CLAIM_RELEASED = "the claim was released before"
    CLAIM_DENIED = "the claim was denied"
    CLAIM_REPLACED = "the claim expired, and another one has its place in the answer"
    PLACE_TAKEN = "another claim holds the place in the answer"
    WRONG_LOCATION = "the claim can be redeemed only where it was made"
    MISSING_ATTRIBUTE = "a limit cannot be counted: an attribute is absent"
    NO_RULESET = "no valid rules are in force"
    NOT_INSTALLED = "the server has not the libraries for this call"
    SHED = "too many calls are waiting"
    DEADLINE_PASSED = "the deadline passed first"
    STORE_DOWN = "the database does not answer"
    LOST_RACE = "another call was first, again and again"
    STOPPING = "the server is stopping"


CAUSES: Mapping[Code, tuple[Cause, ...]] = {
    Code.MALFORMED: (Cause.MALFORMED,),
    Code.NOT_FOUND: (
        Cause.NOT_FOUND,
        Cause.UNKNOWN_DECISION,
        Cause.UNKNOWN_CLAIM,
        Cause.UNKNOWN_ACTION,
        Cause.UNKNOWN_LIMIT,
        Cause.UNKNOWN_LOCATION,
        Cause.UNKNOWN_RULESET,
        Cause.NOT_PROPOSED,
        Cause.CUSTOMER_ERASED,
        Cause.KEY_LOST,
        Cause.UNKNOWN_FORMAT,
    ),
    Code.OTHER_CONTENT: (Cause.OTHER_CONTENT,),
    Code.TOO_LATE: (
        Cause.TOO_LATE,
        Cause.CLAIM_EXPIRED,
        Cause.NOTHING_LEFT,
        Cause.CLAIM_REDEEMED,
        Cause.CLAIM_RELEASED,
        Cause.CLAIM_DENIED,
        Cause.CLAIM_REPLACED,
        Cause.PLACE_TAKEN,
        Cause.WRONG_LOCATION,
        Cause.MISSING_ATTRIBUTE,
    ),
    Code.NO_RULESET: (Cause.NO_RULESET,),
    Code.NOT_INSTALLED: (Cause.NOT_INSTALLED,),
    Code.OVERLOADED: (Cause.SHED,),
    Code.EXPIRED: (Cause.DEADLINE_PASSED,),
    Code.STORE_DOWN: (Cause.STORE_DOWN,),
    Code.RETRY: (Cause.LOST_RACE,),
    Code.STOPPING: (Cause.STOPPING,),
}
"""The causes of each code; the first is told where nothing nearer is known."""


class CallError(Exception):
    """A call that cannot be answered. ``message`` is for the caller's eyes, ``cause`` for their programs."""

    def __init__(self, code: Code, message: str, cause: Cause | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.cause = code, message, cause or CAUSES[code][0]
