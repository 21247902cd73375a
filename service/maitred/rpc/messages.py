"""Every text of this room that a caller or an operator reads.

None repeats what was sent: whatever the field, it may hold a customer's data, and these end in logs.
"""

from collections.abc import Sequence
from datetime import timedelta

from maitred.core.behaviour.outcomes import OutcomeKind

_MINUTE = timedelta(minutes=1)

MALFORMED_MESSAGE = (
    "the request is not a valid `maitred.v1` message: bad wire format, bad UTF-8 or nested too deep"
)
CONTEXT_NOT_OBJECT = "`context_json` must be a JSON object"
CONTEXT_NOT_JSON = "`context_json` is not valid JSON in UTF-8; NaN and Infinity are not JSON"
CONTEXT_NOT_FINITE = "`context` holds a number that is NaN or infinite"
CONTEXT_VALUE_EMPTY = "`context` holds a value without a kind; use `null_value` for null"
AT_NOT_ALLOWED = "`at` is accepted only where the server runs with --simulated-time"
ONE_OF_CUSTOMER_SESSION_LOCATION = "exactly one of `customer_id`, `session_id`, `location_id` is required"
NO_MESSAGE = "the call ended without its request message; send exactly one"
DEADLINE_PASSED = "the deadline passed before the call was looked at"
MESSAGE_LATE = "the call was opened, but its request message did not come"
OVERLOADED = "too many calls are waiting; retry after the pushback"
TOO_MANY_STREAMS = "too many streams are open; retry after the pushback"
STOPPING = "the server is stopping; retry elsewhere"
UNKNOWN_SERVICE = "unknown service"


def too_many_staying(most: int) -> str:
    """A connection has as many streams that stay open as it may."""
    return (
        f"a connection may have {most} streams that stay open; use another connection, or let the server "
        "allow more calls (`--streams-per-connection`)"
    )


def missing(field: str) -> str:
    """A field that must be set is not."""
    return f"`{field}` is required"


def too_long(field: str, max_bytes: int) -> str:
    """A text field is longer than it may be."""
    return f"`{field}` must be at most {max_bytes} bytes"


def control_characters(field: str) -> str:
    """A text field holds characters that do not belong in an id."""
    return f"`{field}` must not hold control characters"


def blank_ends(field: str) -> str:
    """An id begins or ends with white space, or with what nobody sees."""
    return (
        f"`{field}` must not begin or end with white space or an invisible character: it would name another"
    )


def context_too_large(max_bytes: int) -> str:
    """The context is larger than it may be."""
    return f"the context must be at most {max_bytes} bytes"


def context_too_deep(max_levels: int) -> str:
    """The context is nested deeper than it may be."""
    return f"the context must be at most {max_levels} levels deep"


def too_large(field: str, limit: int) -> str:
    """A number is larger than it may be."""
    return f"`{field}` must be at most {limit}"


def too_many(field: str, limit: int, given: int) -> str:
    """A list is longer than it may be."""
    return f"`{field}` must hold at most {limit}, holds {given}"


def unknown_number(field: str, names: Sequence[str]) -> str:
    """A number that is no member of its enum, or none at all."""
    return f"`{field}` is none of {', '.join(names)}"


def within_out_of_range(max_days: int) -> str:
    """A time after an exposure that is none, or longer than any log."""
    return f"`within` must be more than nothing and at most {max_days} days"


POLICY_WITHOUT_SEGMENTS = "`policy` names segments: say of what with `by`, or name `*` alone"


def no_probability(field: str) -> str:
    """A share that is less than nothing, more than everybody, or not a number."""
    return f"`{field}` must lie from 0 to 1"


def at_out_of_range(field: str) -> str:
    """An instant that no calendar here goes to."""
    return f"`{field}` must lie in the years 1970 to 2199, with `nanos` from 0 to 999999999"


def in_the_future(field: str, limit: timedelta) -> str:
    """A statement that has not been made yet."""
    ahead = f"{limit // _MINUTE} minutes ahead of the server's clock"
    return f"`{field}` lies more than {ahead}; leave it unset for now"


def not_reported(field: str, kind: OutcomeKind) -> str:
    """An outcome that callers do not report."""
    instead = {
        OutcomeKind.CLAIMED: "make claims with Claim",
        OutcomeKind.EXPIRED: "leave it out, expiry comes by itself",
    }[kind]
    return f"`{field}` is {kind.name}: {instead}"


def outcome_id_twice(earlier: int, later: int) -> str:
    """Two outcomes of one call under one id."""
    return f"`outcomes[{later}].outcome_id` is that of `outcomes[{earlier}]`; give each outcome its own"


def internal(error_id: str) -> str:
    """A fault of ours; the id leads to it in the log."""
    return f"internal error {error_id}"


def cannot_listen(address: str) -> str:
    """The port cannot be had."""
    return (
        f"cannot listen on `{address}`: the port is in use, not permitted, or not an address of this machine"
    )


def not_an_address(address: str) -> str:
    """The address is not HOST:PORT."""
    return f"`{address}` is not an address: give HOST:PORT, an IPv6 host in brackets"


def cannot_read_tls(path: str, why: str) -> str:
    """A certificate or key file cannot be read."""
    return f"cannot read `{path}`: {why}"


def bad_tls(cert: str, key: str) -> str:
    """The certificate and key, or the CA for clients, are not what they should be."""
    return f"cannot serve TLS with `{cert}` and `{key}`: not a PEM certificate with its plain key or CA"


def not_serving(target: str, seconds: float) -> str:
    """A server did not become ready in time."""
    return f"`{target}` was not serving within {seconds:g} s"
