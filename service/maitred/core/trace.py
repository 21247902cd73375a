"""W3C trace context (https://www.w3.org/TR/trace-context/), as far as a decision needs it."""

import re
from dataclasses import dataclass

# Version 00 ends after the flags; a later one may go on after another dash. Version ff is none.
_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_MEMBER = re.compile(
    r"(?P<key>[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})"
    r"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)
_BLANKS = " \t"

# More members than this are malformed, says section 3.3.1.1.
STATE_MEMBERS_MAX = 32
# The least that section 3.3.1.5 wants kept; a state waits in memory with its decision.
STATE_MAX_CHARS = 512
# Members above this size are the first to go where a state is too long, says the same section.
STATE_MEMBER_MAX_CHARS = 128


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The caller's span. ``trace_id`` and ``span_id`` in lower-case hex, as on the wire."""

    trace_id: str
    span_id: str
    sampled: bool
    state: str = ""


def parse_traceparent(header: str, state: str = "") -> TraceContext | None:
    """Returns the context a ``traceparent`` header carries; ``None`` where it is malformed.

    ``state`` is the ``tracestate`` header, several of them joined by commas. Where it is
    malformed it is empty in the context, and the rest stands.
    """
    match = _TRACEPARENT.fullmatch(header.strip(_BLANKS))
    if not match:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    if set(trace_id) == {"0"} or set(span_id) == {"0"} or (version == "00" and more is not None):
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & 1), _parse_state(state))


def _parse_state(header: str) -> str:
    """Returns the state in normal form, at most ``STATE_MAX_CHARS``; empty where it is malformed."""
    members = [member for part in header.split(",") if (member := part.strip(_BLANKS))]
    if len(members) > STATE_MEMBERS_MAX:
        return ""
    matches = [_MEMBER.fullmatch(member) for member in members]
    keys = {match["key"] for match in matches if match}
    if len(keys) != len(members):
        return ""
    return _shortened(members)


def _shortened(members: list[str]) -> str:
    """Leaves out whole members: the large ones, then from the end, where the oldest stand."""
    state = ",".join(members)
    if len(state) > STATE_MAX_CHARS:
        members = [member for member in members if len(member) <= STATE_MEMBER_MAX_CHARS]
        state = ",".join(members)
    while len(state) > STATE_MAX_CHARS:
        state = state.rpartition(",")[0]
    return state
