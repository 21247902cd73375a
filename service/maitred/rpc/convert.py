"""Bytes of ``maitred.v1`` to the engine's calls, and its answers back to bytes.

Parsing stands here and not in gRPC's deserializers, whose failures reach callers as
``UNKNOWN``. Everything here is on the path of every decision: no message is built as an
object where a plain dict or number does, which halves the cost of an answer.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, NoReturn

import orjson
from google.protobuf.message import DecodeError

from maitred.core.decisions import Explain, Proposal, Refusal
from maitred.core.trace import TraceContext
from maitred.engine.calls import Answer, DecideCall, RecordView
from maitred.engine.errors import CallError, Code
from maitred.engine.recurring import Recurring
from maitred.v1 import decision_pb2 as pb

from . import messages
from .context import from_json, from_struct

REQUEST_ID_MOST_BYTES = 128
"""Room for a UUID with a prefix; promised in the API."""
ID_MOST_BYTES = 256
"""Longest customer, channel, location or ruleset: e-mail addresses end at 254 bytes."""
MAX_ACTIONS_MOST = 100
"""Promised in the API: nobody presents more, and each costs an arbitration."""
FINGERPRINT_BYTES = 16
"""What ``DecideCall`` asks for: 128 bits, where a collision needs an effort of 2**64."""

EARLIEST_AT = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_AT = datetime(2200, 1, 1, tzinfo=UTC)
"""Far from the ends of Python's calendar, so that windows and time zones never run over them."""

_EARLIEST_AT_S = int(EARLIEST_AT.timestamp())
_LATEST_AT_S = int(LATEST_AT.timestamp())
_NANOS = 1_000_000_000
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_EXPLAIN = tuple(Explain)
_SORTED = orjson.OPT_SORT_KEYS
_DAY_S = 86_400


def decide_call(
    data: bytes,
    *,
    simulated_time: bool = False,
    deadline: float | None = None,
    trace: TraceContext | None = None,
) -> DecideCall:
    """The call a serialized ``DecideRequest`` makes.

    ``deadline`` is on ``time.monotonic``'s clock. Of equal keys in ``context_json`` the last
    one counts. The fingerprint covers everything that is decided upon, so neither the request
    id nor how much is explained, and does not depend on the order of keys.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    try:
        request = pb.DecideRequest.FromString(data)
    except DecodeError:
        raise CallError(Code.MALFORMED, messages.MALFORMED_MESSAGE) from None
    if request.HasField("consent"):
        _malformed(messages.CONSENT_NOT_SUPPORTED)
    request_id, customer_id, channel = request.request_id, request.customer_id, request.channel
    location_id, ruleset = request.location_id, request.ruleset
    if not (
        request_id
        and customer_id
        and channel
        and _are_plain(request_id, customer_id, channel, location_id, ruleset)
    ):
        _check_text("request_id", request_id, REQUEST_ID_MOST_BYTES, required=True)
        _check_text("customer_id", customer_id, ID_MOST_BYTES, required=True)
        _check_text("channel", channel, ID_MOST_BYTES, required=True)
        _check_text("location_id", location_id, ID_MOST_BYTES)
        _check_text("ruleset", ruleset, ID_MOST_BYTES)
    context, at = _context(request), _at(request, simulated_time=simulated_time)
    max_actions, explain = _max_actions(request.max_actions), explain_of(request.explain)
    dry_run = request.dry_run
    content = (customer_id, channel, location_id, ruleset, max_actions, dry_run, at, context)
    fingerprint = blake2b(orjson.dumps(content, None, _SORTED), digest_size=FINGERPRINT_BYTES).digest()
    return DecideCall(
        request_id, customer_id, channel, location_id, context, fingerprint, max_actions, explain, dry_run,
        ruleset, at, deadline, trace,
    )  # fmt: skip


def get_decision_call(data: bytes) -> tuple[str, Explain]:
    """The decision id and explanation a serialized ``GetDecisionRequest`` asks for.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    try:
        request = pb.GetDecisionRequest.FromString(data)
    except DecodeError:
        raise CallError(Code.MALFORMED, messages.MALFORMED_MESSAGE) from None
    decision_id = request.decision_id
    _check_text("decision_id", decision_id, ID_MOST_BYTES, required=True)
    return decision_id, explain_of(request.explain)


def decide_response(answer: Answer) -> bytes:
    """A serialized ``DecideResponse``."""
    if answer.why or answer.refusals:
        return pb.DecideResponse(**_response_fields(answer)).SerializeToString()
    # Serialized messages set end to end are one message with the fields of all of them.
    head = pb.DecideResponse(**_head_fields(answer)).SerializeToString()
    return b"".join((head, *map(_PROPOSALS.of, answer.proposals)))


def get_decision_response(view: RecordView) -> bytes:
    """A serialized ``GetDecisionResponse``."""
    record = pb.DecisionRecord(
        request_id=view.request_id,
        customer_id=view.customer_id,
        channel=view.channel,
        location_id=view.location_id,
        max_actions=view.max_actions,
        facts_json=view.facts_json,
        situations=view.situations,
        ruleset_version=view.ruleset_version,
        ruleset_commit=view.ruleset_commit,
    )
    decision = pb.DecideResponse(**_response_fields(view.answer))
    return pb.GetDecisionResponse(decision=decision, record=record).SerializeToString()


def explain_of(number: int) -> Explain:
    """proto3 enums are open: any number can arrive."""
    if 0 <= number < len(_EXPLAIN):
        return _EXPLAIN[number]
    raise CallError(Code.MALFORMED, messages.unknown_explain(number))


def _malformed(message: str) -> NoReturn:
    raise CallError(Code.MALFORMED, message)


def _are_plain(*texts: str) -> bool:
    """Whether no text can have a fault, by one look at all of them; most requests pass."""
    together = "".join(texts)
    return len(together) <= REQUEST_ID_MOST_BYTES and together.isascii() and together.isprintable()


def _check_text(field: str, text: str, most_bytes: int, *, required: bool = False) -> None:
    if not text:
        if required:
            _malformed(messages.missing(field))
        return
    if len(text) > most_bytes or (not text.isascii() and len(text.encode()) > most_bytes):
        _malformed(messages.too_long(field, most_bytes))
    if not text.isprintable() and _CONTROL.search(text):
        _malformed(messages.control_characters(field))


def _max_actions(number: int) -> int:
    if number > MAX_ACTIONS_MOST:
        _malformed(messages.too_many_actions(MAX_ACTIONS_MOST, number))
    return number or 1


def _context(request: pb.DecideRequest) -> dict[str, Any]:
    text = request.context_json
    if text:
        return from_json(text)
    form = request.WhichOneof("context_form")
    if form is None:
        return {}
    return from_json(text) if form == "context_json" else from_struct(request.context)


def _at(request: pb.DecideRequest, *, simulated_time: bool) -> datetime | None:
    if not request.HasField("at"):
        return None
    if not simulated_time:
        _malformed(messages.AT_NOT_ALLOWED)
    at = request.at
    seconds, nanos = at.seconds, at.nanos
    if not (_EARLIEST_AT_S <= seconds < _LATEST_AT_S and 0 <= nanos < _NANOS):
        _malformed(messages.AT_OUT_OF_RANGE)
    return EARLIEST_AT + timedelta(seconds=seconds, microseconds=nanos // 1000)


def _timestamp(moment: datetime) -> dict[str, int]:
    """Fields of a ``Timestamp``; exact, where ``datetime.timestamp`` rounds."""
    since = moment - EARLIEST_AT
    return {"seconds": since.days * _DAY_S + since.seconds, "nanos": since.microseconds * 1000}


def _response_fields(answer: Answer) -> dict[str, Any]:
    fields = _head_fields(answer)
    fields["proposals"] = _proposals(answer.proposals, answer.why)
    fields["refusals"] = [_refusal(refusal) for refusal in answer.refusals]
    return fields


def _head_fields(answer: Answer) -> dict[str, Any]:
    return {
        "decision_id": answer.decision_id,
        "ruleset": answer.ruleset,
        "decided_at": _timestamp(answer.decided_at),
        "degraded": answer.degraded,
        "trace_id": answer.trace_id,
    }


def _proposals(proposals: Sequence[Proposal], why: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    fields = [_proposal(proposal) for proposal in proposals]
    for proposal, reasons in zip(fields, why, strict=False):
        proposal["why"] = reasons
    return fields


def _proposal(proposal: Proposal) -> dict[str, Any]:
    treatment = proposal.treatment
    return {
        "action": proposal.action,
        "rank": proposal.rank,
        "score": proposal.score,
        "type": int(proposal.type),
        "treatment": {"title": treatment.title, "say": treatment.say, "show": treatment.show},
    }


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {
        "action": refusal.action,
        "reason": int(refusal.reason),
        "rule": refusal.rule,
        "detail": refusal.detail,
    }


def _proposal_alone(proposal: Proposal) -> bytes:
    """A serialized ``DecideResponse`` that holds one proposal and nothing else."""
    return pb.DecideResponse(proposals=[_proposal(proposal)]).SerializeToString()


_PROPOSALS = Recurring(_proposal_alone)
