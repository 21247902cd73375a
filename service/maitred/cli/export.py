"""``maitred export``: everything held about a customer."""

from pathlib import Path
from typing import Annotated

import typer

from .form import DEFAULT_TARGET, Customer, Target, TlsCa, quiet_grpc

HELP = """Write everything that is held about a customer, as JSON.

What they have stated on each purpose; and every decision: what was read of them, what was proposed and \
why, what was refused and why, what was held for them and what came of it. Reasons are worked out again \
from the rules of that day, so that a long history takes a while.

A file is written for this user alone (mode 0600), whole or not at all. Of somebody nothing is held \
about, the lists are empty.

Examples:

  maitred export 4711

  maitred export 4711 -o 4711.json

  maitred export 4711 | jq '.decisions[].proposals'

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 fine, 1 the server refused the request, 2 no server, bad flags, or a file that cannot be \
written."""

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write it; standard output otherwise."),
]


def run(
    *,
    customer: Customer,
    output: Output = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
) -> int:
    """Exports one customer."""
    quiet_grpc()
    from . import customers  # noqa: PLC0415 -- brings gRPC and rich, which --help does without

    return customers.export(customer, output, target, tls_ca)
