"""The one table from the engine's codes to gRPC statuses, and the one function that applies it.

Every status carries a ``google.rpc.ErrorInfo`` in ``grpc-status-details-bin``, so that programs need not
read messages: its reason is the name of a ``Cause``. https://google.aip.dev/193
"""

from collections.abc import Mapping
from itertools import count
from typing import Any, NamedTuple

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from maitred.engine.errors import CallError, Code

from . import messages

STATUS_OF = {
    Code.MALFORMED: grpc.StatusCode.INVALID_ARGUMENT,
    Code.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Code.OTHER_CONTENT: grpc.StatusCode.ALREADY_EXISTS,
    Code.TOO_LATE: grpc.StatusCode.FAILED_PRECONDITION,
    Code.NO_RULESET: grpc.StatusCode.FAILED_PRECONDITION,
    Code.NOT_INSTALLED: grpc.StatusCode.FAILED_PRECONDITION,
    Code.OVERLOADED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Code.EXPIRED: grpc.StatusCode.DEADLINE_EXCEEDED,
    Code.STORE_DOWN: grpc.StatusCode.UNAVAILABLE,
    Code.RETRY: grpc.StatusCode.ABORTED,
    Code.STOPPING: grpc.StatusCode.UNAVAILABLE,
}

PUSHBACK = "grpc-retry-pushback-ms"
"""Trailing metadata that retrying clients obey: gRPC proposal A6."""
PUSHBACK_MIN_MS = 100
"""A queue drains in less, but clocks and networks are not as exact."""
PUSHBACK_DRAINS = 2
"""Retries come when what waits has had its turn so many times."""
_GOLDEN = 0.6180339887498949
"""Its multiples, without their whole parts, are spread evenly however many there are."""

DOMAIN = "maitred.v1"
"""Whose the reasons are; promised to callers."""
INTERNAL = "INTERNAL"
"""The reason of a fault of ours, which is no ``Cause``: the engine does not know of it."""
DETAILS = "grpc-status-details-bin"

Trailers = tuple[tuple[str, str | bytes], ...]


class CallStatus(NamedTuple):
    """How a failed call ends, as its caller sees it."""

    code: grpc.StatusCode
    message: str
    trailers: Trailers = ()


def status_of(error: CallError) -> CallStatus:
    """Returns the status of a call that cannot be answered."""
    code = STATUS_OF[error.code]
    details = _details(code, error.message, error.cause.name)
    return CallStatus(
        code, error.message, (*details, _pushback()) if error.code is Code.OVERLOADED else details
    )


def overloaded(drain_seconds: float) -> CallStatus:
    """Returns the status of a call that was shed, where what waits drains within so long."""
    return _SHED._replace(trailers=(*_SHED.trailers, _pushback(drain_seconds)))


def internal(error_id: str) -> CallStatus:
    """Returns the status of a fault of ours: nothing of it but the id that leads to it in the log."""
    code, message = grpc.StatusCode.INTERNAL, messages.internal(error_id)
    return CallStatus(code, message, _details(code, message, INTERNAL, {"error_id": error_id}))


def reason_of(error: grpc.RpcError) -> str:
    """Returns the reason that a failed call carries; empty where it carries none of ours."""
    trailers: Any = error.trailing_metadata()
    carried = next((value for key, value in trailers or () if key == DETAILS), b"")
    try:
        details = status_pb2.Status.FromString(carried).details
        infos = [detail for detail in details if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR)]
        reasons = [error_details_pb2.ErrorInfo.FromString(info.value) for info in infos]
    except DecodeError:
        return ""
    return next((str(info.reason) for info in reasons if info.domain == DOMAIN), "")


def _pushback(drain_seconds: float = 0.0) -> tuple[str, str]:
    """Another one each time, so that retries do not come all at once: one to three times the least."""
    least = max(PUSHBACK_MIN_MS, PUSHBACK_DRAINS * drain_seconds * 1000)
    return PUSHBACK, str(round(least * (1 + 2 * (next(_count) * _GOLDEN % 1))))


def _details(
    code: grpc.StatusCode, message: str, reason: str, metadata: Mapping[str, str] | None = None
) -> Trailers:
    info = any_pb2.Any()
    info.Pack(error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata))
    # Clients refuse details whose code and message are not those of the call.
    status = status_pb2.Status(code=code.value[0], message=message, details=[info])
    return ((DETAILS, status.SerializeToString()),)


_count = count()
_SHED = CallStatus(
    STATUS_OF[Code.OVERLOADED],
    messages.OVERLOADED,
    _details(STATUS_OF[Code.OVERLOADED], messages.OVERLOADED, CallError(Code.OVERLOADED, "").cause.name),
)
