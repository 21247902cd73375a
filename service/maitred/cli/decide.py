"""``maitred decide``: asks a server what to propose."""

from typing import Annotated

import typer

from .form import DEFAULT_TARGET, At, Json, Level, RequestId, Target, TlsCa, instant, new_id, quiet_grpc

HELP = """Ask a server what to propose to a customer.

Prints the proposals, best first, each with what the associate says and what the screen shows; with \
--explain also why, and why every other action was refused.

Examples:

  maitred decide --customer 900 --channel pos --location 330

  maitred decide --customer 900 --channel pos --context '{"customer": {"tier": "gold"}}' --explain reasons

  maitred decide --customer 900 --channel pos --context @basket.json --max-actions 3 --json

Exit codes: 0 answered (also when there is nothing to propose), 1 the server refused the request, \
2 no server, or bad flags."""

Customer = Annotated[str, typer.Option(envvar="MAITRED_CUSTOMER", metavar="ID", help="Who it is for.")]
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
Ruleset = Annotated[
    str, typer.Option(metavar="HASH", help="Decide by this ruleset instead of the one in force.")
]


def run(
    *,
    customer: Customer,
    channel: Channel,
    location: Location = "",
    context: Context = "{}",
    max_actions: MaxActions = 1,
    explain: How = Level.NONE,
    dry_run: DryRun = False,
    at: At = None,
    ruleset: Ruleset = "",
    request_id: RequestId = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Asks once and prints the answer."""
    quiet_grpc()
    from . import asking  # noqa: PLC0415 -- brings gRPC and rich, which --help does without
    from .context import read_context  # noqa: PLC0415 -- likewise

    question = asking.Ask(
        request_id=new_id(request_id),
        customer_id=customer,
        channel=channel,
        location_id=location,
        context=read_context(context),
        max_actions=max_actions,
        explain=explain.explain,
        dry_run=dry_run,
        ruleset=ruleset,
        at=instant(at) if at else None,
    )
    return asking.decide(question, target, tls_ca, as_json=as_json)
