"""``maitred redeem``: spends what a claim holds."""

from typing import Annotated

import typer

from maitred.cli.calling import called
from maitred.cli.flags import Claim
from maitred.cli.steps import CallOptions, step_done, takes_step

HELP = """Spend the unit that a claim holds.

After its expiry that works only where there is still a unit left. Repeating it changes nothing.

Examples:

  maitred redeem 0b1c63f1e8a94c0c8f8c2c0f6a1f0b9d

  maitred redeem 0b1c63f1e8a94c0c8f8c2c0f6a1f0b9d --location nyc-hudson

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA, MAITRED_LOCATION.

Exit codes: 0 redeemed, 1 it cannot be (expired, released, unknown), 2 no server, or bad flags."""


At = Annotated[
    str,
    typer.Option(
        "--location",
        envvar="MAITRED_LOCATION",
        metavar="ID",
        help="Where; needed for actions with `redeem_at: claimed`.",
    ),
]


@takes_step
def run(step: CallOptions, /, *, claim_id: Claim, location: At = "") -> int:
    """Spends what a claim holds."""
    return _redeem(claim_id, location, step)


def _redeem(claim_id: str, location_id: str, step: CallOptions) -> int:
    """Redeems. Raises ``Stop``."""
    called(
        lambda client: client.redeem(
            request_id=step.request_id, claim_id=claim_id, location_id=location_id, at=step.at
        ),
        step.target,
        step.tls_ca,
    )
    return step_done("redeemed: the unit is spent", "redeemed", step)
