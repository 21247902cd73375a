"""``maitred release``: gives back what a claim holds or has spent."""

from typing import Annotated

import typer

from .form import DEFAULT_TARGET, At, Claim, Json, RequestId, Target, TlsCa, instant, new_id, quiet_grpc

HELP = """Give back the unit that a claim holds or has spent.

For what was cancelled, voided or returned; the unit is there for the next customer at once.

Example:

  maitred release 0b1c63f1e8a94c0c8f8c2c0f6a1f0b9d --cause voided

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 released, 1 it cannot be (released before, unknown), 2 no server, or bad flags."""

Cause = Annotated[str, typer.Option(metavar="TEXT", help="Why: voided, returned ...")]


def run(
    *,
    claim_id: Claim,
    cause: Cause = "",
    request_id: RequestId = None,
    at: At = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Gives back what a claim holds or has spent."""
    quiet_grpc()
    from . import moving  # noqa: PLC0415 -- brings gRPC and rich, which --help does without

    step = moving.Step(new_id(request_id), instant(at) if at else None, as_json=as_json)
    return moving.release(claim_id, cause, step, target, tls_ca)
