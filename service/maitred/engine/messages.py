"""What callers are told of calls that could not be taken up."""

from collections.abc import Iterable
from datetime import timedelta

from maitred.core.limits.lots import Refused, Settled, Status
from maitred.core.values.reasons import Reason

LEDGER_UNREAD = "the ledger cannot be read, try again"
LOG_UNREAD = "the decision log cannot be read, try again"
RULESETS_UNREAD = "the rulesets cannot be read, try again"
NO_SUCH_PAGE = "`page_token` is not one that a page before has ended with"
STORE_SILENT = "the database does not answer, try again"


def no_dictionary(key: str) -> str:
    """What a record was packed by is not in the database."""
    return f"this decision was recorded by dictionary `{key}`, which the database does not have"


def unknown_format(written: object, readable: Iterable[int]) -> str:
    """A record was written by another version of maitred."""
    formats = ", ".join(map(str, sorted(readable)))
    return (
        f"the decision is recorded in format {written!r}, this version reads {formats}: "
        "ask a server of the version that wrote it"
    )


_STEP_REFUSED = {
    Status.ALREADY_CONFIRMED: "was redeemed before",
    Status.ALREADY_RELEASED: "was released before",
    Status.NOT_GRANTED: "was denied",
    Status.UNKNOWN_LOT: "is not known any more",
    Status.PLACE_TAKEN: "has expired, and its place in the answer has another claim by now",
}

_CLAIM_DENIED = {
    Reason.ALREADY_REDEEMED: "has been redeemed under this decision",
    Reason.CLAIM_WINDOW_OVER: "cannot be claimed any more under a decision this old",
    Reason.STAND_IN_ONLY: "stands in for another action only, which has not been denied for want of capacity",
    Reason.PAUSED: "is stopped by an operator",
    Reason.NOT_LIVE: "is not live any more",
    Reason.CONSENT_REQUIRED: "needs a consent that is not given any more",
    Reason.SENSITIVE: "needs an explicit consent that is not given any more",
    Reason.WRONG_CHANNEL: "is not for this channel",
    Reason.NOT_ELIGIBLE: "is not for this customer",
    Reason.MISSING_ATTRIBUTE: "cannot be counted, an attribute is absent",
    Reason.FREQUENCY_CAPPED: "has been had as often as allowed",
    Reason.CAPACITY_EXHAUSTED: "has no unit left",
    Reason.PACED: "has no unit left at this moment, try again later",
}


def step_refused(claim_id: str, answer: Settled) -> str:
    """Why a claim could not be redeemed or released."""
    if answer.status is Status.NOTHING_LEFT:
        if answer.refused is None:
            return f"claim `{claim_id}` has expired"
        return f"claim `{claim_id}` has no unit of `{answer.refused.limit}` left to be redeemed with"
    return f"claim `{claim_id}` {_STEP_REFUSED[answer.status]}"


def elsewhere(action: str, claimed_at: str) -> str:
    """A claim cannot be redeemed there."""
    return f"claims of `{action}` are redeemed where they were made: `location_id` must be `{claimed_at}`"


def claim_denied(action: str, refused: Refused) -> str:
    """Why there was no unit."""
    return f"`{action}` {_CLAIM_DENIED[refused.reason]} ({refused.limit})"


def unknown_claim(place: int) -> str:
    """A claim that a checkout names is none of the customer's."""
    return f"`claims[{place}]`: there is no such claim of this customer"


def ended_claim(claim_id: str) -> str:
    """A claim that a checkout names has been redeemed, released, or has expired."""
    return f"claim `{claim_id}` is not open any more"


def place_taken(claim_id: str) -> str:
    """Another action has been claimed in the place."""
    return f"claim `{claim_id}` holds its place in the answer already, release that one first"


def beyond(limit: str) -> str:
    """A presentation was counted though there was no unit left."""
    return f"counted beyond the limit `{limit}`"


def outcome_refused(answer: Settled) -> str:
    """Why an outcome was not counted."""
    if answer.status in {Status.NOTHING_LEFT, Status.DENIED}:
        of = f" of `{answer.refused.limit}`" if answer.refused else ""
        return f"came too late, there is no unit{of} left"
    return f"the unit {_STEP_REFUSED[answer.status]}"


def before_its_decision(clocks_apart: timedelta) -> str:
    """An outcome cannot have happened then."""
    return f"`at` lies more than {_minutes(clocks_apart)} before its decision: check the clock it came from"


def ahead_of_the_clock(clocks_apart: timedelta) -> str:
    """An outcome cannot have happened yet."""
    return f"`at` lies more than {_minutes(clocks_apart)} ahead of the server's clock"


def _minutes(duration: timedelta) -> str:
    return f"{duration // timedelta(minutes=1)} minutes"


def reported_otherwise(number: int) -> str:
    """The outcome at that place of the call has an id that stands for something else."""
    return f"`outcomes[{number}]` was reported before with other content"


def of_outcome(number: int, why: str) -> str:
    """Names the outcome of the call that another call would do without."""
    return f"`outcomes[{number}]`: {why}"


def unknown_purpose(place: int, known: Iterable[str]) -> str:
    """A statement is on a purpose that the rules do not have."""
    return f"`records[{place}].purpose` is none of the rules in force, known are {', '.join(sorted(known))}"


def made_otherwise() -> str:
    """A request's id stands for something else."""
    return "the request was made before with other content"


EVENT_FIELDS_NO_OBJECT = "`fields_json` is not a JSON object"


def event_without(field: str) -> str:
    """An event lacks what every event has."""
    return f"`{field}` is missing"


def event_bad_text(field: str, max_bytes: int) -> str:
    """An event's id, customer or session cannot be one."""
    return f"`{field}` is longer than {max_bytes} bytes, or has control characters or blanks at an end"


def event_fields_too_long(max_bytes: int) -> str:
    """An event has more in it than one has."""
    return f"`fields_json` is longer than {max_bytes} bytes"


def unknown_event(kind: str, known: Iterable[str]) -> str:
    """No ``Event`` document has that name."""
    names = sorted(known)
    return f"there is no event `{kind}` in the rules in force, known are: {', '.join(names) or 'none'}"


def withdrawal_with_fields() -> str:
    """A mere withdrawal says nothing of its own."""
    return "an event with fields needs a `kind`"


def event_barred(purpose: str, why: str) -> str:
    """The customer has not agreed to what the event is processed for."""
    return f"not kept: its purpose `{purpose}` is not allowed, {why}"


def event_used_otherwise() -> str:
    """An event's id stands for another one."""
    return "the `event_id` was used before for an event with other content"
