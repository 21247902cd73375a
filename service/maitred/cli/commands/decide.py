"""``maitred decide``: asks a server what to propose."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from maitred.bootstrap.clients import Client
from maitred.cli.calling import called, print_json
from maitred.cli.exits import FINE, Stop
from maitred.cli.flags import (
    DEFAULT_TARGET,
    At,
    Json,
    Level,
    RequestId,
    Target,
    TlsCa,
    instant,
    new_id,
    read_context,
)
from maitred.cli.shown.answers import answer_view
from maitred.cli.shown.as_json import answer_json
from maitred.cli.shown.console import show
from maitred.core.deciding.decisions import Explain
from maitred.engine.calls import NO_SIGNALS, ConsentSignals

HELP = """Ask a server what to propose to a customer.

Prints the proposals, best first, each with what the associate says and what the screen shows; with \
--explain also why, and why every other action was refused.

Examples:

  maitred decide --customer 900 --channel pos --location 330

  maitred decide --customer 900 --channel pos --context '{"customer": {"tier": "gold"}}' --explain reasons

  maitred decide --customer 900 --channel pos --action free-pizza

  maitred decide --customer 900 --channel mobile --session visit-7 --granted perks --denied ads

  maitred decide --channel pos    a basket without a card

  maitred decide --customer 900 --channel pos --context @basket.json --max-actions 3 --json

Exit codes: 0 answered (also when there is nothing to propose), 1 the server refused the request, \
2 no server, or bad flags."""

Customer = Annotated[
    str,
    typer.Option(
        envvar="MAITRED_CUSTOMER", metavar="ID", help="Who it is for; nobody in particular if not given."
    ),
]
Session = Annotated[
    str, typer.Option(envvar="MAITRED_SESSION", metavar="ID", help="The visit: `session.id` of the context.")
]
Claims = Annotated[
    list[str] | None,
    typer.Option("--claim", metavar="ID", help="A claim of this checkout; may be repeated."),
]
Granted = Annotated[
    list[str] | None,
    typer.Option("--granted", metavar="PURPOSE", help="What the customer agrees to; may be repeated."),
]
Denied = Annotated[
    list[str] | None,
    typer.Option("--denied", metavar="PURPOSE", help="What the customer refuses; may be repeated."),
]
Gpc = Annotated[bool, typer.Option("--gpc", help="Global Privacy Control is on.")]
Tcf = Annotated[str, typer.Option(metavar="STRING", help="An IAB TCF v2 string.")]
Gpp = Annotated[str, typer.Option(metavar="STRING", help="An IAB GPP string.")]
Channel = Annotated[
    str, typer.Option(envvar="MAITRED_CHANNEL", metavar="NAME", help="Where it is shown: pos, mobile ...")
]
Location = Annotated[
    str, typer.Option(envvar="MAITRED_LOCATION", metavar="ID", help="The store or site; none if not given.")
]
Context = Annotated[
    str,
    typer.Option(
        envvar="MAITRED_CONTEXT",
        metavar="JSON|@FILE|-",
        help="What is known: a JSON object, a file that holds one, or - for stdin.",
    ),
]
MaxActions = Annotated[
    int, typer.Option(envvar="MAITRED_MAX_ACTIONS", min=1, max=100, metavar="N", help="Proposals wanted.")
]
How = Annotated[
    Level,
    typer.Option(
        envvar="MAITRED_EXPLAIN",
        help="none; reasons: of the actions live on the channel; full: of all actions.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Decide without writing anything down.")]
Action = Annotated[
    list[str] | None,
    typer.Option("--action", metavar="NAME", help="Explain this action only; may be repeated."),
]
Ruleset = Annotated[
    str, typer.Option(metavar="HASH", help="Decide by this ruleset instead of the one in force.")
]


def run(
    *,
    channel: Channel,
    customer: Customer = "",
    location: Location = "",
    context: Context = "{}",
    session: Session = "",
    claims: Claims = None,
    granted: Granted = None,
    denied: Denied = None,
    gpc: Gpc = False,
    tcf: Tcf = "",
    gpp: Gpp = "",
    max_actions: MaxActions = 1,
    explain: How = Level.NONE,
    action: Action = None,
    dry_run: DryRun = False,
    at: At = None,
    ruleset: Ruleset = "",
    request_id: RequestId = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Asks once and prints the answer."""
    question = Ask(
        request_id=new_id(request_id),
        customer_id=customer,
        channel=channel,
        location_id=location,
        context=_in_session(read_context(context), session),
        claims=tuple(claims or ()),
        consent=ConsentSignals(frozenset(granted or ()), frozenset(denied or ()), gpc, tcf, gpp),
        max_actions=max_actions,
        explain=explain.explain,
        dry_run=dry_run,
        ruleset=ruleset,
        actions=tuple(action or ()),
        at=instant(at) if at else None,
    )
    return _ask(question, target, tls_ca, as_json=as_json)


def _in_session(context: Mapping[str, Any], session: str) -> Mapping[str, Any]:
    """Returns the context with the session's id.

    Raises ``Stop`` where it has another one, or no room for it.
    """
    if not session:
        return context
    holder = context.get("session", {})
    if not isinstance(holder, Mapping) or holder.get("id", session) != session:
        raise Stop("--session and `session.id` in --context differ: give one of them")
    return {**context, "session": {**holder, "id": session}}


@dataclass(frozen=True, slots=True)
class Ask:
    """One Decide, as ``Client.decide`` takes it."""

    request_id: str
    customer_id: str
    channel: str
    location_id: str
    context: Mapping[str, Any]
    claims: tuple[str, ...]
    consent: ConsentSignals
    max_actions: int
    explain: Explain
    dry_run: bool
    ruleset: str
    actions: tuple[str, ...]
    at: datetime | None


def _ask(ask: Ask, target: str, tls_ca: Path | None, *, as_json: bool) -> int:
    """Asks and prints. Raises ``Stop``."""

    def call(client: Client) -> Any:
        return client.decide(
            request_id=ask.request_id,
            customer_id=ask.customer_id,
            channel=ask.channel,
            location_id=ask.location_id,
            context=ask.context,
            claims=ask.claims,
            consent=None if ask.consent == NO_SIGNALS else ask.consent,
            max_actions=ask.max_actions,
            explain=ask.explain,
            dry_run=ask.dry_run,
            ruleset=ask.ruleset,
            explain_actions=ask.actions,
            at=ask.at,
        )

    answer = called(call, target, tls_ca)
    if as_json:
        print_json(answer_json(answer))
    else:
        show(answer_view(answer, explained=ask.explain is not Explain.EXPLAIN_NONE or bool(ask.actions)))
    return FINE
