"""Calls a server for ``claim``, ``redeem``, ``release`` and ``outcome``, and prints what it says."""

from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.text import Text

from maitred.core.deciding.decisions import Outcome, OutcomeKind
from maitred.engine.calls import ClaimAnswer

from . import messages
from .answers import BAD, FAINT, GOOD, STRONG, proposals_view
from .asking import called, print_json
from .console import plain, show
from .exits import FINDINGS, FINE
from .moments import span_words
from .plainly import claim_json, instant_text, outcome_json
from .steps import Step


def claim(decision_id: str, action: str, step: Step) -> int:
    """Claims and prints the answer. Raises ``Stop``."""
    answer = called(
        lambda client: client.claim(
            request_id=step.request_id, decision_id=decision_id, action=action, at=step.at
        ),
        step.target,
        step.tls_ca,
    )
    if step.as_json:
        print_json({"request_id": step.request_id, **claim_json(answer)})
    else:
        show(claim_view(answer, step, datetime.now(UTC)))
    return FINE if answer.granted else FINDINGS


def claim_view(answer: ClaimAnswer, step: Step, now: datetime) -> RenderableType:
    """What ``claim`` prints."""
    request = Text(messages.as_request(plain(step.request_id)), FAINT)
    if answer.granted:
        granted = Text(messages.granted(plain(answer.claim_id)), f"{STRONG} {GOOD}")
        return Group(granted, Text(_held(answer, step.at or now)), request)
    reason = answer.reason.name if answer.reason else ""
    parts: list[RenderableType] = [Text(messages.denied(plain(answer.detail), reason), BAD), request]
    if answer.alternatives:
        parts += [Text(), Text(messages.CLAIM_INSTEAD, STRONG), *proposals_view(answer.alternatives, now)]
    return Group(*parts)


def _held(answer: ClaimAnswer, now: datetime) -> str:
    expires = answer.expires_at
    if not expires:
        return messages.NO_EXPIRY
    return f"held {messages.held_until(instant_text(expires), span_words(expires - now))}"


def redeem(claim_id: str, location_id: str, step: Step) -> int:
    """Redeems. Raises ``Stop``."""
    called(
        lambda client: client.redeem(
            request_id=step.request_id, claim_id=claim_id, location_id=location_id, at=step.at
        ),
        step.target,
        step.tls_ca,
    )
    return _done(messages.REDEEMED, "redeemed", step)


def release(claim_id: str, cause: str, step: Step) -> int:
    """Releases. Raises ``Stop``."""
    called(
        lambda client: client.release(request_id=step.request_id, claim_id=claim_id, cause=cause, at=step.at),
        step.target,
        step.tls_ca,
    )
    return _done(messages.RELEASED, "released", step)


def outcome(decision_id: str, action: str, kind: OutcomeKind, step: Step) -> int:
    """Reports an outcome and prints whether it was recorded. Raises ``Stop``."""
    told = Outcome(step.request_id, decision_id, action, kind, step.at)
    (answer,) = called(lambda client: client.record_outcomes([told]), step.target, step.tls_ca)
    if step.as_json:
        print_json(outcome_json(answer))
    elif answer.recorded:
        show(_said(messages.RECORDED, step))
    else:
        show(Text(messages.not_recorded(plain(answer.detail)), BAD))
    return FINE if answer.recorded else FINDINGS


def _done(message: str, status: str, step: Step) -> int:
    if step.as_json:
        print_json({"request_id": step.request_id, "status": status})
    else:
        show(_said(message, step))
    return FINE


def _said(message: str, step: Step) -> RenderableType:
    return Group(Text(message, GOOD), Text(messages.as_request(plain(step.request_id)), FAINT))
