"""``Decide`` and ``GetDecision``: their messages, with the context and the consent signals of a request.

The context comes as JSON or as a ``Struct``, and leaves as plain values. Most proposals are the same for many
requests: their bytes are made once.
"""

import math
import struct
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from maitred.core.deciding.decisions import Explain, Proposal, Refusal
from maitred.engine.calls import Answer, ConsentSignals, DecideCall, OpenClaim, RecordView
from maitred.engine.deciding.codec import MAX_REMEMBERED
from maitred.rpc import messages
from maitred.v1 import decision_pb2 as pb

from .fields import (
    PLAIN,
    REQUEST_ID_MAX_BYTES,
    Arrival,
    are_plain,
    check_count,
    check_length,
    fingerprint_of,
    id_of,
    malformed,
    parsed,
    simulated,
    timestamp,
)

OF_DECISION = pb.DecideResponse.PROPOSALS_FIELD_NUMBER
OF_CLAIM = pb.ClaimResponse.ALTERNATIVES_FIELD_NUMBER

_VARINT, _FIXED64, LENGTH_DELIMITED = 0, 1, 2
_LOW_BITS, _MORE = 0x7F, 0x80
_BYTES = [bytes([number]) for number in range(_LOW_BITS + 1)]
_TAG = {field: bytes([field << 3 | LENGTH_DELIMITED]) for field in (OF_DECISION, OF_CLAIM)}
_DECISION_ID = bytes([pb.DecideResponse.DECISION_ID_FIELD_NUMBER << 3 | LENGTH_DELIMITED])
_RULESET = bytes([pb.DecideResponse.RULESET_FIELD_NUMBER << 3 | LENGTH_DELIMITED])
_DECIDED_AT = pb.DecideResponse.DECIDED_AT_FIELD_NUMBER << 3 | LENGTH_DELIMITED
_HOLD = pb.Proposal.HOLD_EXPIRES_AT_FIELD_NUMBER << 3 | LENGTH_DELIMITED
_SECONDS = Timestamp.SECONDS_FIELD_NUMBER << 3 | _VARINT
_NANOS = Timestamp.NANOS_FIELD_NUMBER << 3 | _VARINT
_SCORE, _DOUBLE = bytes([pb.Proposal.SCORE_FIELD_NUMBER << 3 | _FIXED64]), struct.Struct("<d")
_SCORE_BYTES = len(_SCORE) + _DOUBLE.size
_INSTANT_BYTES = 12
_HOLD_BYTES = 2 + _INSTANT_BYTES


class _Shown(NamedTuple):
    """What a proposal shows, with its length in front: as it is, and as one whose hold follows.

    ``unscored`` is the same without its score and without a length; ``decided`` is ``alone`` as an element of
    a decision, and ``before_score`` what stands before any score but zero in one.
    """

    proposal: Proposal
    unscored: bytes
    alone: bytes
    before_hold: bytes
    decided: bytes
    before_score: bytes


def proposals_fields(proposals: Sequence[Proposal], why: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Fields of each ``Proposal``, with the reasons for it where there are any."""
    fields = [_fields(proposal) for proposal in proposals]
    for proposal, reasons in zip(fields, why, strict=False):
        proposal["why"] = reasons
    return fields


def open_claim_fields(claim: OpenClaim) -> dict[str, Any]:
    """Fields of an ``OpenClaim``."""
    return {
        "claim_id": claim.claim_id,
        "action": claim.action,
        "treatment": claim.treatment.filled(),
        "expires_at": None if claim.expires_at is None else timestamp(claim.expires_at),
        "location_id": claim.location_id,
        "state": None if claim.state is None else claim.state.value,
    }


def decided(proposal: Proposal) -> bytes:
    """Returns a serialized ``DecideResponse`` that holds one proposal and nothing else."""
    if proposal.hold_expires_at is not None:
        return as_field(OF_DECISION, proposal)
    known = _SHOWN.get((id(proposal.treatment), proposal.rank, proposal.substitute_for))
    if known is not None and known.proposal is proposal:
        return known.decided
    if (
        known is None
        or proposal.claim_id
        or not proposal.score
        or not _shows_the_same(known.proposal, proposal)
    ):
        return _shown(proposal).decided
    return known.before_score + _DOUBLE.pack(proposal.score)


def as_field(number: int, proposal: Proposal) -> bytes:
    """Returns the proposal as one element of the repeated field of that number, tag and length included."""
    shown, expires_at = _shown(proposal), proposal.hold_expires_at
    if expires_at is None:
        return _TAG[number] + shown.alone
    # Serialized messages set end to end are one message with the fields of all of them.
    return _TAG[number] + shown.before_hold + instant_field(_HOLD, expires_at)


def _fields(proposal: Proposal) -> dict[str, Any]:
    fields = _fields_without_hold(proposal)
    if proposal.hold_expires_at is not None:
        fields["hold_expires_at"] = timestamp(proposal.hold_expires_at)
    return fields


def _fields_without_hold(proposal: Proposal) -> dict[str, Any]:
    return {
        "action": proposal.action,
        "rank": proposal.rank,
        "score": proposal.score,
        "type": int(proposal.type),
        "treatment": proposal.treatment.filled(),
        "substitute_for": proposal.substitute_for,
        "claim_id": proposal.claim_id,
    }


def instant_field(tag: int, at: datetime) -> bytes:
    """Returns a field that holds a ``Timestamp``, by hand: instants have to be made anew for every answer.

    Both numbers take five bytes, the upper ones with nothing in them, so that the length of a
    proposal with its hold is known before. Parsers must take up to ten.
    """
    instant = timestamp(at)
    seconds, nanos = instant["seconds"], instant["nanos"]
    return bytes(
        (
            tag,
            _INSTANT_BYTES,
            _SECONDS,
            seconds & 0x7F | 0x80,
            seconds >> 7 & 0x7F | 0x80,
            seconds >> 14 & 0x7F | 0x80,
            seconds >> 21 & 0x7F | 0x80,
            seconds >> 28,
            _NANOS,
            nanos & 0x7F | 0x80,
            nanos >> 7 & 0x7F | 0x80,
            nanos >> 14 & 0x7F | 0x80,
            nanos >> 21 & 0x7F | 0x80,
            nanos >> 28,
        )
    )


def _shown(proposal: Proposal) -> _Shown:
    """Returns the proposal without its hold.

    One that holds is another object at every decision, but what it shows is not: so its
    treatment is what it is remembered by. Rank and place may differ under one treatment.
    """
    key = id(proposal.treatment), proposal.rank, proposal.substitute_for
    # What carries a claim never comes again.
    known = None if proposal.claim_id else _SHOWN.get(key)
    if known is not None and _shows_the_same(known.proposal, proposal):
        if known.proposal.score == proposal.score:
            return known
        # A score that is worked out is another one every time.
        return _scored(proposal, known.unscored)
    fields = _fields_without_hold(proposal)
    shown = _scored(proposal, pb.Proposal(**{**fields, "score": 0.0}).SerializeToString())
    if proposal.claim_id:
        return shown
    if len(_SHOWN) >= MAX_REMEMBERED:
        _SHOWN.clear()
    _SHOWN[key] = shown
    return shown


def _scored(proposal: Proposal, unscored: bytes) -> _Shown:
    body = unscored + _SCORE + _DOUBLE.pack(proposal.score) if proposal.score else unscored
    alone, tag = varint(len(body)) + body, _TAG[OF_DECISION]
    before_score = tag + varint(len(unscored) + _SCORE_BYTES) + unscored + _SCORE
    before_hold = varint(len(body) + _HOLD_BYTES) + body
    return _Shown(proposal, unscored, alone, before_hold, tag + alone, before_score)


def _shows_the_same(known: Proposal, proposal: Proposal) -> bool:
    # The kept reference keeps the identity from being given to another treatment.
    return (
        known.treatment is proposal.treatment
        and known.action == proposal.action
        and known.type is proposal.type
    )


def varint(number: int) -> bytes:
    """Seven bits to a byte, the lowest first; all bytes but the last have the top bit set."""
    if number <= _LOW_BITS:
        return _BYTES[number]
    data = bytearray()
    while number > _LOW_BITS:
        data.append(number & _LOW_BITS | _MORE)
        number >>= 7
    data.append(number)
    return bytes(data)


_SHOWN: dict[tuple[int, int, str], _Shown] = {}


MAX_ACTIONS_ALLOWED = 100
"""Promised in the API: nobody presents more, and each costs an arbitration."""

CLAIMS_MAX = 20
"""Promised in the API: nobody redeems more in one sale."""
EXPLAIN_ACTIONS_MAX = 100
"""As many as can be proposed."""

CONTEXT_MAX_BYTES = 256 * 1024
"""Some 20,000 product numbers; a checkout has under 100. Larger ones would hold up their batch."""
CONTEXT_MAX_LEVELS = 32
"""As rule files; attributes are one or two levels deep, lists in them one more."""
PURPOSES_MAX = 64
"""Of each kind: a ``Privacy`` file has some ten purposes, the IAB's lists together under 64."""
SIGNAL_MAX_BYTES = 64 * 1024
"""A TCF string that lists all 65,535 vendors in each of its four lists takes 44 KiB; real ones some 2."""

_SAFE_INTEGER = 2**53
"""Beyond it a double no longer tells neighbouring integers apart."""
_NO_SIGNALS = ConsentSignals()
_EXPLAIN = tuple(Explain)


def decide_call(data: bytes, arrival: Arrival = PLAIN) -> DecideCall:
    """Returns the call a serialized ``DecideRequest`` makes.

    Of equal keys in ``context_json`` the last
    one counts. The fingerprint covers everything that is decided upon, so neither the request
    id nor how much is explained, and does not depend on the order of keys.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    request = parsed(pb.DecideRequest, data)
    request_id, customer_id, channel = request.request_id, request.customer_id, request.channel
    location_id, ruleset = request.location_id, request.ruleset
    if not (request_id and channel and are_plain(request_id, customer_id, channel, location_id, ruleset)):
        request_id = id_of("request_id", request_id, REQUEST_ID_MAX_BYTES, required=True)
        customer_id = id_of("customer_id", customer_id)
        channel = id_of("channel", channel, required=True)
        location_id = id_of("location_id", location_id)
        ruleset = id_of("ruleset", ruleset)
    context, at = _context(request), simulated(request, arrival)
    max_actions, explain = _max_actions(request.max_actions), explain_of(request.explain)
    dry_run = request.dry_run
    consent = consent_signals(request.consent) if request.HasField("consent") else None
    content: tuple[Any, ...] = (customer_id, channel, location_id, ruleset, max_actions, dry_run, at, context)
    claims = _claims(request)
    content = (*content, *claims) if claims else content
    fingerprint = fingerprint_of(content if consent is None else (*content, *_in_order(consent)))
    return DecideCall(
        request_id, customer_id, channel, location_id, context, fingerprint, max_actions, explain, dry_run,
        ruleset, at, arrival.deadline, arrival.trace, consent, _explain_actions(request), claims,
    )  # fmt: skip


def get_decision_call(data: bytes, _arrival: Arrival = PLAIN) -> tuple[str, Explain]:
    """Returns the decision id and explanation a serialized ``GetDecisionRequest`` asks for.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    request = parsed(pb.GetDecisionRequest, data)
    decision_id = id_of("decision_id", request.decision_id, required=True)
    return decision_id, explain_of(request.explain)


def decide_response(answer: Answer) -> bytes:
    """Returns a serialized ``DecideResponse``."""
    if answer.why or answer.refusals or answer.unused:
        return pb.DecideResponse(**_response_fields(answer)).SerializeToString()
    # Serialized messages set end to end are one message with the fields of all of them.
    return b"".join((_head(answer), *map(decided, answer.proposals)))


def get_decision_response(view: RecordView) -> bytes:
    """Returns a serialized ``GetDecisionResponse``."""
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
        purposes=view.purposes,
        data_used=[
            pb.DataUse(attribute=use.attribute, purpose=use.purpose, basis=use.basis.value)
            for use in view.uses
        ],
        exposures=view.exposures,
    )
    decision = pb.DecideResponse(**_response_fields(view.answer))
    return pb.GetDecisionResponse(decision=decision, record=record).SerializeToString()


def explain_of(number: int) -> Explain:
    """proto3 enums are open: any number can arrive."""
    if not 0 <= number < len(_EXPLAIN):
        malformed(messages.unknown_number("explain", tuple(Explain.__members__)))
    return _EXPLAIN[number]


def _in_order(consent: ConsentSignals) -> tuple[Any, ...]:
    return sorted(consent.granted), sorted(consent.denied), consent.gpc, consent.tcf, consent.gpp


def _claims(request: pb.DecideRequest) -> tuple[str, ...]:
    if not request.claims:
        return ()
    if len(request.claims) > CLAIMS_MAX:
        malformed(messages.too_large("claims", CLAIMS_MAX))
    return tuple(
        id_of(f"claims[{index}]", claim, required=True) for index, claim in enumerate(request.claims)
    )


def _explain_actions(request: pb.DecideRequest) -> tuple[str, ...]:
    if not request.explain_actions:
        return ()
    if len(request.explain_actions) > EXPLAIN_ACTIONS_MAX:
        malformed(messages.too_large("explain_actions", EXPLAIN_ACTIONS_MAX))
    named = enumerate(request.explain_actions)
    return tuple(id_of(f"explain_actions[{index}]", name, required=True) for index, name in named)


def _max_actions(number: int) -> int:
    if number > MAX_ACTIONS_ALLOWED:
        malformed(messages.too_large("max_actions", MAX_ACTIONS_ALLOWED))
    return number or 1


def _context(request: pb.DecideRequest) -> dict[str, Any]:
    text = request.context_json
    if text:
        return from_json(text)
    form = request.WhichOneof("context_form")
    if form is None:
        return {}
    return from_json(text) if form == "context_json" else from_struct(request.context)


def _response_fields(answer: Answer) -> dict[str, Any]:
    fields = _head_fields(answer)
    fields["proposals"] = proposals_fields(answer.proposals, answer.why)
    fields["unused"] = answer.unused
    fields["refusals"] = [_refusal(refusal) for refusal in answer.refusals]
    return fields


def _head(answer: Answer) -> bytes:
    """All but the proposals; by hand where it is no more than every answer has."""
    if answer.degraded or answer.trace_id or answer.open_claims or not answer.decision_id:
        return pb.DecideResponse(**_head_fields(answer)).SerializeToString()
    decision_id, ruleset = answer.decision_id.encode(), answer.ruleset.encode()
    head = b"%b%b%b%b%b%b" % (
        _DECISION_ID, varint(len(decision_id)), decision_id, _RULESET, varint(len(ruleset)), ruleset,
    )  # fmt: skip
    return head + instant_field(_DECIDED_AT, answer.decided_at)


def _head_fields(answer: Answer) -> dict[str, Any]:
    return {
        "decision_id": answer.decision_id,
        "ruleset": answer.ruleset,
        "decided_at": timestamp(answer.decided_at),
        "degraded": answer.degraded,
        "trace_id": answer.trace_id,
        "open_claims": list(map(open_claim_fields, answer.open_claims)),
    }


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {
        "action": refusal.action,
        "reason": refusal.reason.value,
        "rule": refusal.rule,
        "detail": refusal.detail,
    }


def from_json(text: bytes) -> dict[str, Any]:
    """Returns the object a JSON text holds; of equal keys the last one counts.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    if len(text) > CONTEXT_MAX_BYTES:
        malformed(messages.context_too_large(CONTEXT_MAX_BYTES))
    try:
        context = orjson.loads(text)
    except orjson.JSONDecodeError:
        malformed(messages.CONTEXT_NOT_JSON)
    if not isinstance(context, dict):
        malformed(messages.CONTEXT_NOT_OBJECT)
    # So few brackets cannot nest too deep, whatever they are; most contexts have fewer.
    if text.count(b"{") + text.count(b"[") > CONTEXT_MAX_LEVELS:
        _check_depth(context)
    return context


def from_struct(struct: Struct) -> dict[str, Any]:
    """Returns the object a ``Struct`` holds; doubles without a fraction become integers.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    if struct.ByteSize() > CONTEXT_MAX_BYTES:
        malformed(messages.context_too_large(CONTEXT_MAX_BYTES))
    return _struct_object(struct, CONTEXT_MAX_LEVELS)


def _check_depth(context: dict[str, Any]) -> None:
    """Level by level, without recursion."""
    level: list[Any] = [context]
    for _ in range(CONTEXT_MAX_LEVELS):
        level = [inner for outer in level for inner in _members(outer) if isinstance(inner, dict | list)]
        if not level:
            return
    malformed(messages.context_too_deep(CONTEXT_MAX_LEVELS))


def _members(container: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


def _struct_object(struct: Struct, levels_left: int) -> dict[str, Any]:
    if not levels_left:
        malformed(messages.context_too_deep(CONTEXT_MAX_LEVELS))
    return {name: _struct_value(value, levels_left - 1) for name, value in struct.fields.items()}


def _struct_value(value: Value, levels_left: int) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "number_value":
            return _struct_number(value.number_value)
        case "bool_value":
            return value.bool_value
        case "list_value":
            return _struct_list(value, levels_left)
        case "struct_value":
            return _struct_object(value.struct_value, levels_left)
        case "null_value":
            return None
        case _:
            return malformed(messages.CONTEXT_VALUE_EMPTY)


def _struct_list(value: Value, levels_left: int) -> list[Any]:
    if not levels_left:
        malformed(messages.context_too_deep(CONTEXT_MAX_LEVELS))
    return [_struct_value(member, levels_left - 1) for member in value.list_value.values]


def _struct_number(number: float) -> int | float:
    if not math.isfinite(number):
        malformed(messages.CONTEXT_NOT_FINITE)
    return int(number) if number.is_integer() and abs(number) <= _SAFE_INTEGER else number


def consent_signals(signals: pb.ConsentSignals) -> ConsentSignals | None:
    """Returns what the caller knows of the customer's consent; ``None`` where that is nothing.

    A string that cannot be decoded is no fault of the call: it grants nothing.

    Raises:
        CallError: with ``Code.MALFORMED``: too many or too long.
    """
    granted = _purposes("consent.granted", tuple(signals.granted))
    denied = _purposes("consent.denied", tuple(signals.denied))
    tcf, gpp = signals.tcf, signals.gpp
    check_length("consent.tcf", tcf, SIGNAL_MAX_BYTES)
    check_length("consent.gpp", gpp, SIGNAL_MAX_BYTES)
    result = ConsentSignals(frozenset(granted), frozenset(denied), signals.gpc, tcf, gpp)
    return None if result == _NO_SIGNALS else result


def _purposes(field: str, purposes: tuple[str, ...]) -> tuple[str, ...]:
    check_count(field, len(purposes), PURPOSES_MAX)
    if all(purposes) and are_plain(*purposes):
        return purposes
    return tuple(
        id_of(f"{field}[{number}]", purpose, required=True) for number, purpose in enumerate(purposes)
    )
