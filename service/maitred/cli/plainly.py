"""Answers as JSON, in the names of ``maitred.v1``."""

import json
from datetime import datetime
from typing import Any

from maitred.core.decisions import Proposal, Refusal
from maitred.engine.calls import Answer, RecordView


def answer_json(answer: Answer) -> dict[str, Any]:
    """What ``decide --json`` prints."""
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
    }


def record_json(view: RecordView) -> dict[str, Any]:
    """What ``explain --json`` prints."""
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
        },
    }


def instant_text(at: datetime) -> str:
    """RFC 3339, UTC."""
    return at.isoformat().replace("+00:00", "Z")


def _proposal(proposal: Proposal, why: tuple[str, ...]) -> dict[str, Any]:
    treatment = proposal.treatment
    return {
        "action": proposal.action,
        "rank": proposal.rank,
        "score": proposal.score,
        "type": proposal.type.name,
        "treatment": {"title": treatment.title, "say": list(treatment.say), "show": treatment.show},
        "why": list(why),
    }


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {
        "action": refusal.action,
        "reason": refusal.reason.name,
        "rule": refusal.rule,
        "detail": refusal.detail,
    }
