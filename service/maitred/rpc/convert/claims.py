"""``Claim``, ``Redeem``, ``Release`` and ``RecordOutcomes``."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from maitred.core.behaviour.outcomes import REPORTED, Outcome, OutcomeKind
from maitred.core.rules.treatments import Treatment
from maitred.engine.calls import (
    ClaimAnswer,
    ClaimCall,
    ClaimsCall,
    ClaimsPage,
    OutcomeAnswer,
    OutcomesCall,
    StepCall,
)
from maitred.engine.deciding.codec import Recurring
from maitred.rpc import messages
from maitred.v1 import decision_pb2 as pb

from .decisions import LENGTH_DELIMITED, OF_CLAIM, as_field, instant_field, open_claim_fields, varint
from .fields import (
    ID_MAX_BYTES,
    PLAIN,
    REQUEST_ID_MAX_BYTES,
    Arrival,
    are_plain,
    check_count,
    check_length,
    check_text,
    id_of,
    malformed,
    member,
    parsed,
    reported_moment,
    simulated,
    timestamp,
)

PAGE_USUAL, PAGE_MAX = 20, 100
"""Promised in the API: a screen, and what one transfers at once."""
OUTCOMES_MAX = 1000
"""Promised in the API: a till that was offline for an hour catches up in a few calls."""


def _granted(treatment: Treatment[str]) -> bytes:
    response = pb.ClaimResponse(status=pb.CLAIM_GRANTED, treatment=treatment.filled())
    return response.SerializeToString()


_GRANTED = Recurring(_granted)
_CLAIM_ID = bytes([pb.ClaimResponse.CLAIM_ID_FIELD_NUMBER << 3 | LENGTH_DELIMITED])
_EXPIRES_AT = pb.ClaimResponse.EXPIRES_AT_FIELD_NUMBER << 3 | LENGTH_DELIMITED


def claim_call(data: bytes, arrival: Arrival = PLAIN) -> ClaimCall:
    """Returns the call a serialized ``ClaimRequest`` makes.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    request = parsed(pb.ClaimRequest, data)
    request_id, decision_id, action = request.request_id, request.decision_id, request.action
    if not (request_id and decision_id and action and are_plain(request_id, decision_id, action)):
        request_id = id_of("request_id", request_id, REQUEST_ID_MAX_BYTES, required=True)
        decision_id = id_of("decision_id", decision_id, required=True)
        action = id_of("action", action, required=True)
    at = simulated(request, arrival)
    return ClaimCall(request_id, decision_id, action, at, arrival.deadline, arrival.trace)


def claim_response(answer: ClaimAnswer) -> bytes:
    """Returns a serialized ``ClaimResponse``; by hand what differs from one granted claim to the next."""
    if answer.granted and answer.treatment and answer.expires_at and not answer.existing:
        claim_id = answer.claim_id.encode()
        named = b"%b%b%b%b" % (_GRANTED.of(answer.treatment), _CLAIM_ID, varint(len(claim_id)), claim_id)
        return named + instant_field(_EXPIRES_AT, answer.expires_at)
    head = pb.ClaimResponse(**_claim_fields(answer)).SerializeToString()
    if not answer.alternatives:
        return head
    # Serialized messages set end to end are one message with the fields of all of them.
    return b"".join((head, *(as_field(OF_CLAIM, proposal) for proposal in answer.alternatives)))


def claims_call(data: bytes, arrival: Arrival = PLAIN) -> ClaimsCall:
    """Returns the call a serialized ``ListClaimsRequest`` makes.

    Raises:
        CallError: with ``Code.MALFORMED``: not exactly one of customer, session and location.
    """
    request = parsed(pb.ListClaimsRequest, data)
    customer_id = id_of("customer_id", request.customer_id)
    session_id = id_of("session_id", request.session_id)
    location_id = id_of("location_id", request.location_id)
    if sum(map(bool, (customer_id, session_id, location_id))) != 1:
        malformed(messages.ONE_OF_CUSTOMER_SESSION_LOCATION)
    if request.page_size > PAGE_MAX:
        malformed(messages.too_large("page_size", PAGE_MAX))
    check_length("page_token", request.page_token, ID_MAX_BYTES)
    return ClaimsCall(
        customer_id,
        session_id,
        location_id,
        request.page_size or PAGE_USUAL,
        request.page_token,
        simulated(request, arrival),
    )


def claims_response(page: ClaimsPage) -> bytes:
    """Returns a serialized ``ListClaimsResponse``."""
    claims = list(map(open_claim_fields, page.claims))
    return pb.ListClaimsResponse(claims=claims, next_page_token=page.next_page_token).SerializeToString()


def redeem_call(data: bytes, arrival: Arrival = PLAIN) -> StepCall:
    """Returns the call a serialized ``RedeemRequest`` makes.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    request = parsed(pb.RedeemRequest, data)
    location_id = request.location_id
    if not are_plain(location_id):
        location_id = id_of("location_id", location_id)
    return _step(request, "", arrival)._replace(location_id=location_id)


def redeem_response(_done: None = None) -> bytes:
    """Returns a serialized ``RedeemResponse``."""
    return _REDEEMED


def release_call(data: bytes, arrival: Arrival = PLAIN) -> StepCall:
    """Returns the call a serialized ``ReleaseRequest`` makes.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    request = parsed(pb.ReleaseRequest, data)
    return _step(request, request.cause, arrival)


def release_response(_done: None = None) -> bytes:
    """Returns a serialized ``ReleaseResponse``."""
    return _RELEASED


def outcomes_call(data: bytes, arrival: Arrival = PLAIN) -> OutcomesCall:
    """Returns the call a serialized ``RecordOutcomesRequest`` makes.

    Raises:
        CallError: with ``Code.MALFORMED``; of an outcome that is at fault it gives the place.
    """
    request = parsed(pb.RecordOutcomesRequest, data)
    check_count("outcomes", len(request.outcomes), OUTCOMES_MAX, required=True)
    outcomes = tuple(
        _outcome(f"outcomes[{number}]", outcome) for number, outcome in enumerate(request.outcomes)
    )
    _check_ids_differ(outcomes)
    return OutcomesCall(outcomes, arrival.deadline, simulated(request, arrival))


def outcomes_response(answers: Iterable[OutcomeAnswer]) -> bytes:
    """Returns a serialized ``RecordOutcomesResponse``."""
    results = [
        {"outcome_id": outcome_id, "recorded": recorded, "detail": detail}
        for outcome_id, recorded, detail in answers
    ]
    return pb.RecordOutcomesResponse(results=results).SerializeToString()


def _claim_fields(answer: ClaimAnswer) -> Mapping[str, Any]:
    return {
        "status": pb.CLAIM_GRANTED if answer.granted else pb.CLAIM_DENIED,
        "claim_id": answer.claim_id,
        "expires_at": None if answer.expires_at is None else timestamp(answer.expires_at),
        "reason": None if answer.reason is None else answer.reason.value,
        "detail": answer.detail,
        "treatment": answer.treatment.filled() if answer.treatment else None,
        "existing": answer.existing,
    }


def _step(request: pb.RedeemRequest | pb.ReleaseRequest, cause: str, arrival: Arrival) -> StepCall:
    request_id, claim_id = request.request_id, request.claim_id
    if not (request_id and claim_id and are_plain(request_id, claim_id, cause)):
        request_id = id_of("request_id", request_id, REQUEST_ID_MAX_BYTES, required=True)
        claim_id = id_of("claim_id", claim_id, required=True)
        check_text("cause", cause, ID_MAX_BYTES)
    at = simulated(request, arrival)
    return StepCall(request_id, claim_id, cause, at, arrival.deadline, arrival.trace)


def _outcome(place: str, outcome: pb.Outcome) -> Outcome:
    outcome_id, decision_id, action = outcome.outcome_id, outcome.decision_id, outcome.action
    if not (outcome_id and decision_id and action and are_plain(outcome_id, decision_id, action)):
        outcome_id = id_of(f"{place}.outcome_id", outcome_id, REQUEST_ID_MAX_BYTES, required=True)
        decision_id = id_of(f"{place}.decision_id", decision_id, required=True)
        action = id_of(f"{place}.action", action, required=True)
    at = reported_moment(f"{place}.at", outcome.at) if outcome.HasField("at") else None
    return Outcome(outcome_id, decision_id, action, _kind(place, outcome.kind), at)


def _kind(place: str, number: int) -> OutcomeKind:
    kind = member(OutcomeKind, f"{place}.kind", number)
    if kind not in REPORTED:
        malformed(messages.not_reported(f"{place}.kind", kind))
    return kind


def _check_ids_differ(outcomes: Sequence[Outcome]) -> None:
    first: dict[str, int] = {}
    for number, outcome in enumerate(outcomes):
        earlier = first.setdefault(outcome.outcome_id, number)
        if earlier != number:
            malformed(messages.outcome_id_twice(earlier, number))


_REDEEMED = pb.RedeemResponse().SerializeToString()
_RELEASED = pb.ReleaseResponse().SerializeToString()
