"""``maitred erase``: forgets a customer."""

from typing import Annotated

import typer

from .form import DEFAULT_TARGET, Customer, Json, Target, TlsCa, quiet_grpc

HELP = """Erase a customer: delete their key, and every row that is theirs alone.

What was decided for them stays in the decision log, sealed with a key that nobody has any more: so the \
log can still be audited, and the decisions of others are as they were. What they took of limits that \
others share stays counted. It cannot be undone.

Asks before it does so; where nobody is at a terminal it needs --yes. Repeating it erases nothing more. \
Afterwards the same id is somebody new.

Examples:

  maitred erase 4711

  maitred erase 4711 --yes --json

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 erased, or nothing was held; 1 not erased: the answer was no, or the server refused; 2 no \
server, bad flags, or nobody to ask."""

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def run(
    *,
    customer: Customer,
    yes: Yes = False,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Erases one customer."""
    quiet_grpc()
    from . import customers  # noqa: PLC0415 -- brings gRPC and rich, which --help does without

    return customers.erase(customer, target, tls_ca, yes=yes, as_json=as_json)
