"""W3C trace context, as far as a decision needs it: https://www.w3.org/TR/trace-context/"""

import re
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The caller's span. ``trace_id`` and ``span_id`` in lower-case hex, as on the wire."""

    trace_id: str
    span_id: str
    sampled: bool
    state: str = ""


def parse_traceparent(header: str, state: str = "") -> TraceContext | None:
    """The context a ``traceparent`` header carries; ``None`` where it is malformed."""
    found = _TRACEPARENT.fullmatch(header.strip())
    if not found or found[1] == "0" * 32 or found[2] == "0" * 16:
        return None
    if header.startswith("00") and len(header.strip()) != 55:
        return None
    return TraceContext(found[1], found[2], bool(int(found[3], 16) & 1), state)
