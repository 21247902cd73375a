"""Proposals as bytes. Most are the same for many requests: their bytes are made once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from maitred.core.decisions import Proposal
from maitred.engine.recurring import MAX_REMEMBERED, Recurring
from maitred.v1 import decision_pb2 as pb

from .fields import timestamp

OF_DECISION = pb.DecideResponse.PROPOSALS_FIELD_NUMBER
OF_CLAIM = pb.ClaimResponse.ALTERNATIVES_FIELD_NUMBER

_VARINT, _LENGTH_DELIMITED = 0, 2
_LOW_BITS, _MORE = 0x7F, 0x80


def _tag(field: int, wire_type: int) -> bytes:
    return bytes([field << 3 | wire_type])


_TAG = {field: _tag(field, _LENGTH_DELIMITED) for field in (OF_DECISION, OF_CLAIM)}
_HOLD = _tag(pb.Proposal.HOLD_EXPIRES_AT_FIELD_NUMBER, _LENGTH_DELIMITED)
_SECONDS = _tag(Timestamp.SECONDS_FIELD_NUMBER, _VARINT)
_NANOS = _tag(Timestamp.NANOS_FIELD_NUMBER, _VARINT)


def proposals_fields(proposals: Sequence[Proposal], why: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Fields of each ``Proposal``, with the reasons for it where there are any."""
    fields = [_fields(proposal) for proposal in proposals]
    for proposal, reasons in zip(fields, why, strict=False):
        proposal["why"] = reasons
    return fields


def decided(proposal: Proposal) -> bytes:
    """A serialized ``DecideResponse`` that holds one proposal and nothing else."""
    if proposal.hold_expires_at is None:
        return _STANDING.of(proposal)
    return as_field(OF_DECISION, proposal)


def as_field(number: int, proposal: Proposal) -> bytes:
    """The proposal as one element of the repeated field of that number, tag and length included."""
    body = _body(proposal)
    if proposal.hold_expires_at is not None:
        # Serialized messages set end to end are one message with the fields of all of them.
        body += _hold(proposal.hold_expires_at)
    return _TAG[number] + _varint(len(body)) + body


def _fields(proposal: Proposal) -> dict[str, Any]:
    fields = _fields_without_hold(proposal)
    if proposal.hold_expires_at is not None:
        fields["hold_expires_at"] = timestamp(proposal.hold_expires_at)
    return fields


def _fields_without_hold(proposal: Proposal) -> dict[str, Any]:
    treatment = proposal.treatment
    return {
        "action": proposal.action,
        "rank": proposal.rank,
        "score": proposal.score,
        "type": int(proposal.type),
        "treatment": {"title": treatment.title, "say": treatment.say, "show": treatment.show},
        "substitute_for": proposal.substitute_for,
    }


def _hold(expires_at: datetime) -> bytes:
    """Only ``hold_expires_at``, by hand: a message for it would cost as much again as all the rest."""
    instant = timestamp(expires_at)
    body = _SECONDS + _varint(instant["seconds"]) + _NANOS + _varint(instant["nanos"])
    return _HOLD + _varint(len(body)) + body


def _body(proposal: Proposal) -> bytes:
    """The proposal without its hold.

    One that holds is another object at every decision, but what it shows is not: so its
    treatment is what it is remembered by. Rank and place may differ under one treatment.
    """
    key = id(proposal.treatment), proposal.rank, proposal.substitute_for
    known = _BODIES.get(key)
    if known is not None and _shows_the_same(known[0], proposal):
        return known[1]
    body = pb.Proposal(**_fields_without_hold(proposal)).SerializeToString()
    if len(_BODIES) >= MAX_REMEMBERED:
        _BODIES.clear()
    _BODIES[key] = proposal, body
    return body


def _shows_the_same(known: Proposal, proposal: Proposal) -> bool:
    # The kept reference keeps the identity from being given to another treatment.
    return (
        known.treatment is proposal.treatment
        and known.action == proposal.action
        and known.score == proposal.score
        and known.type is proposal.type
    )


def _varint(number: int) -> bytes:
    """Seven bits to an octet, the lowest first; all octets but the last have the top bit set."""
    octets = bytearray()
    while number > _LOW_BITS:
        octets.append(number & _LOW_BITS | _MORE)
        number >>= 7
    octets.append(number)
    return bytes(octets)


_BODIES: dict[tuple[int, int, str], tuple[Proposal, bytes]] = {}
_STANDING: Recurring[Proposal, bytes] = Recurring(lambda proposal: as_field(OF_DECISION, proposal))
