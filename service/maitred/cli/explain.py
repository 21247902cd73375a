"""``maitred explain``: shows what was decided, upon what, and why."""

from typing import Annotated

import typer

from .form import DEFAULT_TARGET, Decision, Json, Level, Target, TlsCa, quiet_grpc

HELP = """Show a decision and explain it.

Prints the record: who and where, the attributes the decision saw, the situations that held and the chain \
that led to each, what was proposed and why, and why each action that was live on the channel was refused. \
Everything is worked out again from the record and the ruleset of that time.

Examples:

  maitred explain 5f0c63f1e8a94c0c8f8c2c0f6a1f0b9d

  maitred explain 5f0c63f1e8a94c0c8f8c2c0f6a1f0b9d --full --json

Exit codes: 0 fine, 1 there is no such decision, 2 no server, or bad flags."""

Full = Annotated[bool, typer.Option("--full", help="Also the actions that were not live on the channel.")]


def run(
    *,
    decision_id: Decision,
    full: Full = False,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Reads one record and prints it."""
    quiet_grpc()
    from . import asking  # noqa: PLC0415 -- brings gRPC and rich, which --help does without

    level = Level.FULL if full else Level.REASONS
    return asking.explain(decision_id, level.explain, target, tls_ca, as_json=as_json)
