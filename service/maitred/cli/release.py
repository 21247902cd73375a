"""``maitred release``: gives back what a claim holds or has spent."""

from typing import Annotated

import typer

from .form import Claim
from .steps import Step, takes_step

HELP = """Give back the unit that a claim holds or has spent.

For what was cancelled, voided or returned; the unit is there for the next customer at once.

Example:

  maitred release 0b1c63f1e8a94c0c8f8c2c0f6a1f0b9d --cause voided

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 released, 1 it cannot be (released before, unknown), 2 no server, or bad flags."""

Cause = Annotated[str, typer.Option(metavar="TEXT", help="Why: voided, returned ...")]


@takes_step
def run(step: Step, /, *, claim_id: Claim, cause: Cause = "") -> int:
    """Gives back what a claim holds or has spent."""
    from . import moving  # noqa: PLC0415 -- brings gRPC and rich, which --help does without

    return moving.release(claim_id, cause, step)
