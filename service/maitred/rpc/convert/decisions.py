"""``Decide`` and ``GetDecision``."""

from typing import Any

from maitred.core.deciding.decisions import Explain, Refusal
from maitred.engine.calls import Answer, ConsentSignals, DecideCall, RecordView
from maitred.rpc import messages
from maitred.rpc.context import from_json, from_struct
from maitred.v1 import decision_pb2 as pb

from .fields import (
    PLAIN,
    REQUEST_ID_MAX_BYTES,
    Arrival,
    are_plain,
    fingerprint_of,
    id_of,
    malformed,
    parsed,
    simulated,
    timestamp,
)
from .proposals import decided, open_claim_fields, proposals_fields
from .signals import consent_signals

MAX_ACTIONS_ALLOWED = 100
"""Promised in the API: nobody presents more, and each costs an arbitration."""

CLAIMS_MAX = 20
"""Promised in the API: nobody redeems more in one sale."""
EXPLAIN_ACTIONS_MAX = 100
"""As many as can be proposed."""

_EXPLAIN = tuple(Explain)


def decide_call(data: bytes, arrival: Arrival = PLAIN) -> DecideCall:
    """The call a serialized ``DecideRequest`` makes.

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
    """The decision id and explanation a serialized ``GetDecisionRequest`` asks for.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    request = parsed(pb.GetDecisionRequest, data)
    decision_id = id_of("decision_id", request.decision_id, required=True)
    return decision_id, explain_of(request.explain)


def decide_response(answer: Answer) -> bytes:
    """A serialized ``DecideResponse``."""
    if answer.why or answer.refusals or answer.unused:
        return pb.DecideResponse(**_response_fields(answer)).SerializeToString()
    # Serialized messages set end to end are one message with the fields of all of them.
    head = pb.DecideResponse(**_head_fields(answer)).SerializeToString()
    return b"".join((head, *map(decided, answer.proposals)))


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
    if len(request.claims) > CLAIMS_MAX:
        malformed(messages.too_large("claims", CLAIMS_MAX))
    return tuple(
        id_of(f"claims[{index}]", claim, required=True) for index, claim in enumerate(request.claims)
    )


def _explain_actions(request: pb.DecideRequest) -> tuple[str, ...]:
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
