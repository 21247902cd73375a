"""``maitred outcome``: says what became of a proposal."""

from typing import Annotated

import typer

from maitred.core.deciding.decisions import REPORTED, OutcomeKind

from . import messages
from .exits import Stop
from .form import ActionName, Decision
from .steps import Step, takes_step

KINDS = ", ".join(kind.name.lower() for kind in sorted(REPORTED))

HELP = f"""Say what became of a proposal: {KINDS}.

Each outcome has an id of its own, so that a retry counts once. Claims are made with `maitred claim`.

Examples:

  maitred outcome 5f0c63f1e8a94c0c8f8c2c0f6a1f0b9d free-pizza presented

  maitred outcome 5f0c63f1e8a94c0c8f8c2c0f6a1f0b9d free-pizza rejected --request-id till-4-0018

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 recorded, 1 not recorded, or the server refused the request, 2 no server, or bad flags."""

Kind = Annotated[str, typer.Argument(metavar="KIND", show_default=False, help=KINDS)]


@takes_step
def run(step: Step, /, *, decision_id: Decision, action: ActionName, kind: Kind) -> int:
    """Reports one outcome."""
    found = OutcomeKind.__members__.get(kind.upper())
    if found not in REPORTED:
        raise Stop(messages.not_reported(kind, KINDS))
    from . import moving  # noqa: PLC0415 -- brings gRPC and rich, which --help does without

    return moving.outcome(decision_id, action, found, step)
