"""What the messages of all services have in common: texts, instants, enums."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from hashlib import blake2b
from typing import Any, NamedTuple, NoReturn, Protocol, TypeVar

import orjson
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from maitred.core.trace import TraceContext
from maitred.core.values.texts import composed, has_blank_ends
from maitred.engine.errors import CallError, Code
from maitred.rpc import messages

REQUEST_ID_MAX_BYTES = 128
"""Room for a UUID with a prefix; promised in the API."""
ID_MAX_BYTES = 256
"""Longest customer, channel, location or ruleset: e-mail addresses end at 254 bytes."""
FINGERPRINT_BYTES = 16
"""What the engine's calls ask for: 128 bits, where a collision needs an effort of 2**64."""

EARLIEST_AT = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_AT = datetime(2200, 1, 1, tzinfo=UTC)
"""Far from the ends of Python's calendar, so that windows and time zones never run over them."""

_EARLIEST_AT_S = int(EARLIEST_AT.timestamp())
_LATEST_AT_S = int(LATEST_AT.timestamp())
_NANOS = 1_000_000_000
_DAY_S = 86_400
_BLANK = " "
"""The one white space that is ASCII and printable."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")

Kind = TypeVar("Kind", bound=Message)
Number = TypeVar("Number", bound=IntEnum)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Arrival(NamedTuple):
    """What a call brings beside its message.

    ``deadline`` is on ``time.monotonic``'s clock. ``at`` is accepted where ``simulated_time`` is on;
    ``now`` is when a statement without a time was made.
    """

    deadline: float | None = None
    trace: TraceContext | None = None
    simulated_time: bool = False
    now: Callable[[], datetime] = _utc_now


PLAIN = Arrival()
"""A call without a deadline or a trace."""


class _Timed(Protocol):
    """A request that may say as of when."""

    @property
    def at(self) -> Timestamp: ...

    def HasField(self, field_name: str, /) -> bool: ...  # noqa: N802 -- protobuf's name


def malformed(message: str) -> NoReturn:
    """Ends the call as one that is not valid."""
    raise CallError(Code.MALFORMED, message) from None


def parsed(kind: type[Kind], data: bytes) -> Kind:
    """Returns the message of that kind.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    try:
        return kind.FromString(data)
    except DecodeError:
        malformed(messages.MALFORMED_MESSAGE)


def are_plain(*texts: str) -> bool:
    """Returns whether no text can have a fault or another spelling, by one look at all.

    Most requests pass.
    """
    together = "".join(texts)
    return (
        len(together) <= REQUEST_ID_MAX_BYTES
        and together.isascii()
        and together.isprintable()
        and _BLANK not in together
    )


def id_of(field: str, text: str, max_bytes: int = ID_MAX_BYTES, *, required: bool = False) -> str:
    """Returns the id in its one spelling. Refuses what ``check_text`` does, and white space at either end."""
    # Before it is composed, which takes time, and after: composed it can be longer.
    check_length(field, text, max_bytes)
    composed_id = composed(text)
    check_text(field, composed_id, max_bytes, required=required)
    if has_blank_ends(composed_id):
        malformed(messages.blank_ends(field))
    return composed_id


def check_text(field: str, text: str, max_bytes: int, *, required: bool = False) -> None:
    """Refuses a text that is missing, too long, or holds control characters."""
    if not text:
        if required:
            malformed(messages.missing(field))
        return
    check_length(field, text, max_bytes)
    if not text.isprintable() and _CONTROL.search(text):
        malformed(messages.control_characters(field))


def check_length(field: str, text: str, max_bytes: int) -> None:
    """Refuses a text that is too long."""
    if len(text) > max_bytes or (not text.isascii() and len(text.encode()) > max_bytes):
        malformed(messages.too_long(field, max_bytes))


def check_count(field: str, count: int, limit: int, *, required: bool = False) -> None:
    """Refuses a list that is too long, or empty where it must not be."""
    if not count and required:
        malformed(messages.missing(field))
    if count > limit:
        malformed(messages.too_many(field, limit, count))


def member(kind: type[Number], field: str, number: int) -> Number:
    """Returns the member of that number; proto3 enums are open: any number can arrive."""
    try:
        return kind(number)
    except ValueError:
        malformed(messages.unknown_number(field, tuple(kind.__members__)))


def fingerprint_of(content: tuple[Any, ...]) -> bytes:
    """Stands for the content; of objects in it the order of keys does not matter."""
    return blake2b(orjson.dumps(content, None, orjson.OPT_SORT_KEYS), digest_size=FINGERPRINT_BYTES).digest()


def simulated(request: _Timed, arrival: Arrival) -> datetime | None:
    """As of when the request is to be answered; ``None`` for now."""
    if not request.HasField("at"):
        return None
    if not arrival.simulated_time:
        malformed(messages.AT_NOT_ALLOWED)
    return moment("at", request.at)


def moment(field: str, at: Timestamp) -> datetime:
    """Returns the instant, to the microsecond."""
    seconds, nanos = at.seconds, at.nanos
    if not (_EARLIEST_AT_S <= seconds < _LATEST_AT_S and 0 <= nanos < _NANOS):
        malformed(messages.at_out_of_range(field))
    return EARLIEST_AT + timedelta(seconds=seconds, microseconds=nanos // 1000)


def reported_moment(field: str, at: Timestamp) -> datetime:
    """The instant a caller's clock has told; one that no calendar here goes to is the nearest that it does.

    A till whose clock was reset is as wrong in 1900 as in 1970: the report alone is refused for it, with what
    the engine says of such an instant, and the others of its batch are recorded.
    """
    seconds = min(max(at.seconds, _EARLIEST_AT_S), _LATEST_AT_S - 1)
    return moment(field, Timestamp(seconds=seconds, nanos=at.nanos))


def timestamp(at: datetime) -> Mapping[str, int]:
    """Fields of a ``Timestamp``; exact, where ``datetime.timestamp`` rounds."""
    since = at - EARLIEST_AT
    return {"seconds": since.days * _DAY_S + since.seconds, "nanos": since.microseconds * 1000}
