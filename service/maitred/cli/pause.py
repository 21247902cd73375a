"""``maitred pause``: stops an action everywhere."""

from typing import Annotated

import typer

from .form import DEFAULT_TARGET, ActionName, By, Json, Target, TlsCa, quiet_grpc, user_name

HELP = """Stop an action everywhere, within a second.

Nobody is offered it and nobody can claim it until it is resumed; claims that are granted can still be \
redeemed. Rule files stay as they are. A pause outlasts restarts and new rules.

Examples:

  maitred pause free-pizza --cause "oven 2 is down"

  maitred pause free-pizza --by night-shift

Exit codes: 0 it is paused (also when it was before), 1 there is no such action, 2 no server, or bad flags."""

Cause = Annotated[
    str, typer.Option(envvar="MAITRED_CAUSE", metavar="TEXT", help="Why, for who reads the record later.")
]


def run(
    *,
    action: ActionName,
    cause: Cause = "",
    by: By = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Pauses and says since when."""
    quiet_grpc()
    from . import stopping  # noqa: PLC0415 -- brings gRPC and rich, which --help does without

    by = user_name() if by is None else by
    return stopping.pause(action, by, cause, target, tls_ca, as_json=as_json)
