"""``maitred claim``: takes a unit of what was proposed."""

from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.text import Text

from maitred.cli import messages
from maitred.cli.calling import called, print_json
from maitred.cli.exits import FINDINGS, FINE
from maitred.cli.flags import ActionName, Decision
from maitred.cli.shown.answers import BAD, FAINT, GOOD, STRONG, proposals_view, treatment_view
from maitred.cli.shown.as_json import claim_json, instant_text
from maitred.cli.shown.console import plain, show
from maitred.cli.shown.moments import span_words
from maitred.cli.steps import CallOptions, takes_step
from maitred.engine.calls import ClaimAnswer

HELP = """Take one unit of what a decision proposed.

Prints the claim, which `maitred redeem` spends and `maitred release` gives back, and how long it is held; \
or that there is no unit left, why, and what can be claimed instead. A denial stays a denial under its \
request id: the next attempt takes another one.

Examples:

  maitred claim 5f0c63f1e8a94c0c8f8c2c0f6a1f0b9d free-pizza

  maitred claim 5f0c63f1e8a94c0c8f8c2c0f6a1f0b9d free-pizza --request-id till-4-0017

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 granted, 1 denied, or the server refused the request, 2 no server, or bad flags."""


@takes_step
def run(step: CallOptions, /, *, decision_id: Decision, action: ActionName) -> int:
    """Claims once and prints the answer."""
    return _claim(decision_id, action, step)


def _claim(decision_id: str, action: str, step: CallOptions) -> int:
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


def claim_view(answer: ClaimAnswer, step: CallOptions, now: datetime) -> RenderableType:
    """Returns what ``claim`` prints."""
    request = Text(messages.as_request(plain(step.request_id)), FAINT)
    if answer.granted:
        granted = Text(f"granted: claim {plain(answer.claim_id)}", f"{STRONG} {GOOD}")
        words = [treatment_view(answer.treatment)] if answer.treatment else []
        return Group(granted, Text(_held(answer, step.at or now)), *words, request)
    reason = answer.reason.name if answer.reason else ""
    parts: list[RenderableType] = [Text(messages.denied(plain(answer.detail), reason), BAD), request]
    if answer.alternatives:
        parts += [Text(), Text("can be claimed instead", STRONG), *proposals_view(answer.alternatives, now)]
    return Group(*parts)


def _held(answer: ClaimAnswer, now: datetime) -> str:
    expires = answer.expires_at
    if not expires:
        return "does not expire"
    return f"held {messages.held_until(instant_text(expires), span_words(expires - now))}"
