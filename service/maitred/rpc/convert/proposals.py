"""Proposals as bytes. Most are the same for many requests: their bytes are made once."""

from collections.abc import Sequence
from datetime import datetime
from struct import Struct
from typing import Any, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp

from maitred.core.deciding.decisions import Proposal
from maitred.engine.calls import OpenClaim
from maitred.engine.deciding.codec import MAX_REMEMBERED
from maitred.v1 import decision_pb2 as pb

from .fields import timestamp

OF_DECISION = pb.DecideResponse.PROPOSALS_FIELD_NUMBER
OF_CLAIM = pb.ClaimResponse.ALTERNATIVES_FIELD_NUMBER

_VARINT, _FIXED64, _LENGTH_DELIMITED = 0, 1, 2
_LOW_BITS, _MORE = 0x7F, 0x80
_TAG = {field: bytes([field << 3 | _LENGTH_DELIMITED]) for field in (OF_DECISION, OF_CLAIM)}
_HOLD = pb.Proposal.HOLD_EXPIRES_AT_FIELD_NUMBER << 3 | _LENGTH_DELIMITED
_SECONDS = Timestamp.SECONDS_FIELD_NUMBER << 3 | _VARINT
_NANOS = Timestamp.NANOS_FIELD_NUMBER << 3 | _VARINT
_SCORE, _DOUBLE = bytes([pb.Proposal.SCORE_FIELD_NUMBER << 3 | _FIXED64]), Struct("<d")
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
    """A serialized ``DecideResponse`` that holds one proposal and nothing else."""
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
    """The proposal as one element of the repeated field of that number, tag and length included."""
    shown, expires_at = _shown(proposal), proposal.hold_expires_at
    if expires_at is None:
        return _TAG[number] + shown.alone
    # Serialized messages set end to end are one message with the fields of all of them.
    return _TAG[number] + shown.before_hold + _hold(expires_at)


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


def _hold(expires_at: datetime) -> bytes:
    """``hold_expires_at``, by hand: it is all that has to be made anew for every proposal.

    Both numbers take five bytes, the upper ones with nothing in them, so that the length of the
    proposal is known before. Parsers must take up to ten.
    """
    instant = timestamp(expires_at)
    seconds, nanos = instant["seconds"], instant["nanos"]
    return bytes(
        (
            _HOLD,
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
    """The proposal without its hold.

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
    alone, tag = _varint(len(body)) + body, _TAG[OF_DECISION]
    before_score = tag + _varint(len(unscored) + _SCORE_BYTES) + unscored + _SCORE
    before_hold = _varint(len(body) + _HOLD_BYTES) + body
    return _Shown(proposal, unscored, alone, before_hold, tag + alone, before_score)


def _shows_the_same(known: Proposal, proposal: Proposal) -> bool:
    # The kept reference keeps the identity from being given to another treatment.
    return (
        known.treatment is proposal.treatment
        and known.action == proposal.action
        and known.type is proposal.type
    )


def _varint(number: int) -> bytes:
    """Seven bits to a byte, the lowest first; all bytes but the last have the top bit set."""
    data = bytearray()
    while number > _LOW_BITS:
        data.append(number & _LOW_BITS | _MORE)
        number >>= 7
    data.append(number)
    return bytes(data)


_SHOWN: dict[tuple[int, int, str], _Shown] = {}
