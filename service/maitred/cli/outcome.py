"""``maitred outcome``: says what became of a proposal."""

from typing import Annotated

import typer

from maitred.core.outcomes import REPORTED, Outcome, OutcomeKind

from . import messages
from .exits import Stop
from .form import (
    DEFAULT_TARGET,
    ActionName,
    At,
    Decision,
    Json,
    RequestId,
    Target,
    TlsCa,
    instant,
    new_id,
    quiet_grpc,
)

KINDS = ", ".join(kind.name.lower() for kind in sorted(REPORTED))

HELP = f"""Say what became of a proposal: {KINDS}.

Each outcome has an id of its own, so that a retry counts once. Claims are made with `maitred claim`.

Examples:

  maitred outcome 5f0c63f1e8a94c0c8f8c2c0f6a1f0b9d free-pizza presented

  maitred outcome 5f0c63f1e8a94c0c8f8c2c0f6a1f0b9d free-pizza rejected --request-id till-4-0018

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 recorded, 1 not recorded, or the server refused the request, 2 no server, or bad flags."""

Kind = Annotated[str, typer.Argument(metavar="KIND", show_default=False, help=KINDS)]


def run(
    *,
    decision_id: Decision,
    action: ActionName,
    kind: Kind,
    request_id: RequestId = None,
    at: At = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Reports one outcome."""
    quiet_grpc()
    found = OutcomeKind.__members__.get(kind.upper())
    if found not in REPORTED:
        raise Stop(messages.not_reported(kind, KINDS))
    from . import moving  # noqa: PLC0415 -- brings gRPC and rich, which --help does without

    told = Outcome(new_id(request_id), decision_id, action, found, instant(at) if at else None)
    return moving.outcome(told, target, tls_ca, as_json=as_json)
