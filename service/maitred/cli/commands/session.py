"""``maitred session``: shows where a session is, or a customer."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from maitred.cli import messages
from maitred.cli.calling import called, print_json
from maitred.cli.exits import FINE
from maitred.cli.flags import DEFAULT_TARGET, At, Json, Target, TlsCa, instant
from maitred.cli.shown.answers import FAINT
from maitred.cli.shown.as_json import instant_text
from maitred.cli.shown.console import plain, show
from maitred.engine.calls import CustomerView, EventCall, OpenClaim, SessionStep, SessionView

HELP = """Show where a session is: its decisions, and what became of them.

What was rejected is told, which is not proposed again in it, and the claims that are open.

With --customer it is a customer's last decisions and events, as far as the purposes they agreed to allow.

Examples:

  maitred session s-1

  maitred session anna-7 --customer --json

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 fine, 1 the server refused the request, 2 no server, or bad flags."""

Whose = Annotated[
    str, typer.Argument(metavar="ID", show_default=False, help="A `session.id`, or a customer.")
]
OfCustomer = Annotated[bool, typer.Option("--customer", help="ID is a customer's.")]


def run(
    *,
    whose: Whose,
    customer: OfCustomer = False,
    at: At = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Prints the view. Raises ``Stop``."""
    when = instant(at) if at else None
    view: SessionView | CustomerView
    if customer:
        view = called(lambda client: client.customer(whose, when), target, tls_ca)
    else:
        view = called(lambda client: client.session(whose, when), target, tls_ca)
    if as_json:
        print_json(_json(view))
    else:
        show(Group(*_shown(view)))
    return FINE


def _shown(view: SessionView | CustomerView) -> Iterator[RenderableType]:
    steps = view.steps if isinstance(view, SessionView) else view.last_decisions
    if not steps:
        yield Text("nothing was decided", FAINT)
    yield _steps(steps)
    rejected = (
        view.rejected
        if isinstance(view, SessionView)
        else [rejection.action for rejection in view.rejections]
    )
    if rejected:
        yield Text(messages.rejected_words(dict.fromkeys(map(plain, rejected))))
    for claim in view.open_claims:
        yield Text(f"open claim: {plain(claim.action)} {claim.claim_id}")
    for event in view.events if isinstance(view, CustomerView) else ():
        yield Text(f"{_at(event)}  {plain(event.kind)}  {plain(event.fields_json.decode())}")


def _steps(steps: Iterable[SessionStep]) -> Table:
    table = Table(box=None, pad_edge=False, header_style=FAINT)
    for column in ("decided", "channel", "location", "proposed", "what became of it"):
        table.add_column(column)
    for step in steps:
        proposed = ", ".join(plain(proposal.action) for proposal in step.proposals) or "nothing"
        outcomes = ", ".join(
            f"{plain(outcome.action)} {outcome.kind.name.lower()}" for outcome in step.outcomes
        )
        table.add_row(
            instant_text(step.decided_at), plain(step.channel), plain(step.location_id), proposed, outcomes
        )
    return table


def _at(event: EventCall) -> str:
    return instant_text(event.at) if event.at else ""


def _json(view: SessionView | CustomerView) -> dict[str, Any]:
    claims = [_claim_json(claim) for claim in view.open_claims]
    if isinstance(view, SessionView):
        steps = [_step_json(step) for step in view.steps]
        return {
            "session_id": view.session_id,
            "steps": steps,
            "rejected": view.rejected,
            "open_claims": claims,
        }
    return {
        "customer_id": view.customer_id,
        "open_claims": claims,
        "last_decisions": [_step_json(step) for step in view.last_decisions],
        "rejections": [
            {"action": rejection.action, "at": instant_text(rejection.at)} for rejection in view.rejections
        ],
        "events": [
            {
                "event_id": event.event_id,
                "kind": event.kind,
                "at": _at(event),
                "fields": event.fields_json.decode(),
            }
            for event in view.events
        ],
    }


def _claim_json(claim: OpenClaim) -> dict[str, Any]:
    expires = instant_text(claim.expires_at) if claim.expires_at else None
    return {"claim_id": claim.claim_id, "action": claim.action, "expires_at": expires}


def _step_json(step: SessionStep) -> dict[str, Any]:
    return {
        "decision_id": step.decision_id,
        "decided_at": instant_text(step.decided_at),
        "channel": step.channel,
        "location_id": step.location_id,
        "proposals": [proposal.action for proposal in step.proposals],
        "outcomes": [
            {"action": outcome.action, "kind": outcome.kind.name, "at": instant_text(outcome.at)}
            for outcome in step.outcomes
        ],
    }
