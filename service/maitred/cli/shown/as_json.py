"""Answers as JSON, in the names of ``maitred.v1``."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from maitred.core.deciding.decisions import Proposal, Refusal
from maitred.core.rules.treatments import Treatment
from maitred.engine.calls import Answer, ClaimAnswer, LimitView, OpenClaim, OutcomeAnswer, RecordView


def answer_json(answer: Answer) -> dict[str, Any]:
    """Returns what ``decide --json`` prints."""
    why = answer.why or ((),) * len(answer.proposals)
    return {
        "decision_id": answer.decision_id,
        "ruleset": answer.ruleset,
        "decided_at": instant_text(answer.decided_at),
        "degraded": answer.degraded,
        "trace_id": answer.trace_id,
        "proposals": [
            _proposal(proposal, lines) for proposal, lines in zip(answer.proposals, why, strict=True)
        ],
        "refusals": [_refusal(refusal) for refusal in answer.refusals],
        "unused": list(answer.unused),
    }


def record_json(view: RecordView) -> dict[str, Any]:
    """Returns what ``explain --json`` prints."""
    return {
        "decision": answer_json(view.answer),
        "record": {
            "request_id": view.request_id,
            "customer_id": view.customer_id,
            "channel": view.channel,
            "location_id": view.location_id,
            "max_actions": view.max_actions,
            "facts": json.loads(view.facts_json or b"{}"),
            "situations": list(view.situations),
            "ruleset_version": view.ruleset_version,
            "ruleset_commit": view.ruleset_commit,
            "purposes": list(view.purposes),
            "data_used": [
                {"attribute": use.attribute, "purpose": use.purpose, "basis": use.basis.value}
                for use in view.uses
            ],
            "exposures": dict(view.exposures),
        },
    }


def claim_json(answer: ClaimAnswer) -> dict[str, Any]:
    """Returns what ``claim --json`` prints, but for the request's id."""
    return {
        "status": "CLAIM_GRANTED" if answer.granted else "CLAIM_DENIED",
        "claim_id": answer.claim_id,
        "expires_at": _instant_or_none(answer.expires_at),
        "reason": answer.reason.name if answer.reason else None,
        "detail": answer.detail,
        "alternatives": [_proposal(proposal, ()) for proposal in answer.alternatives],
        "treatment": _treatment(answer.treatment) if answer.treatment else None,
    }


def open_claim_json(claim: OpenClaim) -> dict[str, Any]:
    """Returns a claim as its customer has it."""
    return {
        "claim_id": claim.claim_id,
        "action": claim.action,
        "state": claim.state.name if claim.state else None,
        "expires_at": _instant_or_none(claim.expires_at),
        "location_id": claim.location_id,
        "treatment": _treatment(claim.treatment),
    }


def outcome_json(answer: OutcomeAnswer) -> dict[str, Any]:
    """Returns what ``outcome --json`` prints."""
    return {"outcome_id": answer.outcome_id, "recorded": answer.recorded, "detail": answer.detail}


def limits_json(views: Iterable[LimitView], at: datetime) -> dict[str, Any]:
    """Returns what ``limits --json`` prints; ``at`` is when they stood so."""
    return {"at": instant_text(at), "limits": [_limit(view) for view in views]}


def _limit(view: LimitView) -> dict[str, Any]:
    return {
        "name": view.name,
        "kind": view.kind.name,
        "subject": view.subject,
        "window": view.window,
        "counts": view.counts,
        "used": view.used,
        "held": view.held,
        "maximum": view.maximum,
        "resets_at": _instant_or_none(view.resets_at),
        "exhausted_at": _instant_or_none(view.exhausted_at),
        "actions": list(view.actions),
        "also": list(view.also),
    }


def _instant_or_none(at: datetime | None) -> str | None:
    return instant_text(at) if at else None


def instant_text(at: datetime) -> str:
    """RFC 3339, UTC."""
    return at.isoformat().replace("+00:00", "Z")


def _treatment(treatment: Treatment[str]) -> dict[str, Any]:
    return {
        name: list(text) if isinstance(text, tuple) else text for name, text in treatment.filled().items()
    }


def _proposal(proposal: Proposal, why: tuple[str, ...]) -> dict[str, Any]:
    return {
        "action": proposal.action,
        "rank": proposal.rank,
        "score": proposal.score,
        "type": proposal.type.name,
        "treatment": _treatment(proposal.treatment),
        "why": list(why),
        "substitute_for": proposal.substitute_for,
        "hold_expires_at": _instant_or_none(proposal.hold_expires_at),
        "claim_id": proposal.claim_id,
    }


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {
        "action": refusal.action,
        "reason": refusal.reason.name,
        "rule": refusal.rule,
        "detail": refusal.detail,
    }
