"""``maitred claim``: takes a unit of what was proposed."""

from .form import ActionName, Decision
from .steps import Step, takes_step

HELP = """Take one unit of what a decision proposed.

Prints the claim, which `maitred redeem` spends and `maitred release` gives back, and how long it is held; \
or that there is no unit left, why, and what can be claimed instead. A denial stays a denial under its \
request id: the next attempt takes another one.

Examples:

  maitred claim 5f0c63f1e8a94c0c8f8c2c0f6a1f0b9d free-pizza

  maitred claim 5f0c63f1e8a94c0c8f8c2c0f6a1f0b9d free-pizza --request-id till-4-0017

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 granted, 1 denied, or the server refused the request, 2 no server, or bad flags."""


@takes_step
def run(step: Step, /, *, decision_id: Decision, action: ActionName) -> int:
    """Claims once and prints the answer."""
    from . import moving  # noqa: PLC0415 -- brings gRPC and rich, which --help does without

    return moving.claim(decision_id, action, step)
