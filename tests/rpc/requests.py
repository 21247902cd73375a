"""The smallest requests that are answered, and what a malformed one is told."""

import pytest

from maitred.engine.errors import CallError, Code
from maitred.v1 import decision_pb2 as pb


def decide_request(request_id=0, **fields):
    return pb.DecideRequest(**{"request_id": str(request_id), "customer_id": "c", "channel": "pos", **fields})


def decide_bytes(**fields):
    return decide_request(**{"request_id": "r", **fields}).SerializeToString()


def struct_bytes(context, **fields):
    """A request with its context as a struct instead of JSON."""
    request = decide_request(**{"request_id": "r", **fields})
    request.context.update(context)
    return request.SerializeToString()


def malformed(convert, *arguments):
    """The message of the error that a conversion ends with."""
    with pytest.raises(CallError) as caught:
        convert(*arguments)
    assert caught.value.code is Code.MALFORMED
    return caught.value.message
