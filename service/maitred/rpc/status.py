"""The one table from the engine's codes to gRPC statuses, and the one function that applies it."""

from typing import NamedTuple

import grpc

from maitred.engine.errors import CallError, Code

STATUS_OF = {
    Code.MALFORMED: grpc.StatusCode.INVALID_ARGUMENT,
    Code.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Code.OTHER_CONTENT: grpc.StatusCode.ALREADY_EXISTS,
    Code.TOO_LATE: grpc.StatusCode.FAILED_PRECONDITION,
    Code.NO_RULESET: grpc.StatusCode.FAILED_PRECONDITION,
    Code.OVERLOADED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Code.EXPIRED: grpc.StatusCode.DEADLINE_EXCEEDED,
    Code.STORE_DOWN: grpc.StatusCode.UNAVAILABLE,
    Code.RETRY: grpc.StatusCode.ABORTED,
    Code.STOPPING: grpc.StatusCode.UNAVAILABLE,
}

PUSHBACK_MS = 250
"""When to retry a shed call: about twice what a full queue takes to drain, so that it is short again."""

PUSHBACK = (("grpc-retry-pushback-ms", str(PUSHBACK_MS)),)
"""Trailing metadata that retrying clients obey: gRPC proposal A6."""

Trailers = tuple[tuple[str, str | bytes], ...]


class Status(NamedTuple):
    """How a failed call ends, as its caller sees it."""

    code: grpc.StatusCode
    message: str
    trailers: Trailers = ()


def status_of(error: CallError) -> Status:
    """The status of a call that cannot be answered."""
    return Status(STATUS_OF[error.code], error.message, PUSHBACK if error.code is Code.OVERLOADED else ())
