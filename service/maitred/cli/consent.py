"""``maitred consent``: what a customer has agreed to."""

from enum import StrEnum, unique
from typing import Annotated

import typer

from . import privacy_messages as messages
from .exits import Stop
from .form import DEFAULT_TARGET, Customer, Json, Target, TlsCa, instant, new_id, quiet_grpc

HELP = """Show what a customer has agreed to, or record what they state.

With CUSTOMER alone: what counts now for each purpose, and every statement there was, with where and when \
it was made and which text the customer saw. With PURPOSE as well: the same for it alone.

With PURPOSE and STATE it records a statement: granted, denied (a refusal, or consent taken back) or \
objected (to what needs no consent). Of two statements on a purpose the later one counts, of two at one \
instant the stricter. Decisions that begin afterwards know it; nothing that was recorded is changed.

Examples:

  maitred consent 4711

  maitred consent 4711 perks

  maitred consent 4711 perks granted --source app-settings --text-version 2026-03

  maitred consent 4711 perks denied --source letter --at 2026-11-02T09:00:00Z --request-id letter-0815

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 fine, 1 the server refused the request, 2 no server, or bad flags."""


@unique
class State(StrEnum):
    """What is stated, as one types it."""

    GRANTED = "granted"
    DENIED = "denied"
    OBJECTED = "objected"


Purpose = Annotated[
    str, typer.Argument(metavar="PURPOSE", show_default=False, help="Its name in the rule files.")
]
Stated = Annotated[
    State | None,
    typer.Argument(
        metavar="STATE",
        show_default=False,
        help="granted, denied or objected: record it.",
        case_sensitive=False,
    ),
]
Source = Annotated[
    str,
    typer.Option(metavar="WHERE", show_default=False, help="Where it was stated, e.g. app-settings, letter."),
]
TextVersion = Annotated[
    str, typer.Option(metavar="VERSION", show_default=False, help="Version of the text the customer saw.")
]
StatedAt = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="INSTANT", help="When it was stated, as in 2026-12-01T11:30:00Z; now if not given."
    ),
]
RequestId = Annotated[
    str | None,
    typer.Option(metavar="ID", help="A repeated id records nothing twice; a random one if not given."),
]


def run(
    *,
    customer: Customer,
    purpose: Purpose = "",
    state: Stated = None,
    source: Source = "",
    text_version: TextVersion = "",
    at: StatedAt = None,
    request_id: RequestId = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Shows consent, or records a statement."""
    quiet_grpc()
    from . import customers  # noqa: PLC0415 -- brings gRPC and rich, which --help does without

    if state is None:
        if source or text_version or at or request_id:
            raise Stop(messages.STATE_NEEDED)
        return customers.consent(customer, purpose, target, tls_ca, as_json=as_json)
    if not source:
        raise Stop(messages.SOURCE_NEEDED)
    stated = customers.Statement(
        new_id(request_id), purpose, state.name, source, text_version, instant(at) if at else None
    )
    return customers.record(customer, stated, target, tls_ca, as_json=as_json)
