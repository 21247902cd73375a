"""``maitred release``: gives back what a claim holds or has spent."""

from typing import Annotated

import typer

from maitred.cli.calling import called
from maitred.cli.flags import Claim
from maitred.cli.steps import CallOptions, step_done, takes_step

HELP = """Give back the unit that a claim holds or has spent.

For what was cancelled, voided or returned; the unit is there for the next customer at once.

Example:

  maitred release 0b1c63f1e8a94c0c8f8c2c0f6a1f0b9d --cause voided

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 released, 1 it cannot be (released before, unknown), 2 no server, or bad flags."""

Cause = Annotated[str, typer.Option(metavar="TEXT", help="Why: voided, returned ...")]


@takes_step
def run(step: CallOptions, /, *, claim_id: Claim, cause: Cause = "") -> int:
    """Gives back what a claim holds or has spent."""
    return _release(claim_id, cause, step)


def _release(claim_id: str, cause: str, step: CallOptions) -> int:
    """Releases. Raises ``Stop``."""
    called(
        lambda client: client.release(request_id=step.request_id, claim_id=claim_id, cause=cause, at=step.at),
        step.target,
        step.tls_ca,
    )
    return step_done("released: the unit goes back", "released", step)
