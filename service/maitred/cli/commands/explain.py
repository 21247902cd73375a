"""``maitred explain``: shows what was decided, upon what, and why."""

from pathlib import Path
from typing import Annotated

import typer

from maitred.cli.calling import called, print_json
from maitred.cli.exits import FINE
from maitred.cli.flags import DEFAULT_TARGET, Decision, Json, Level, Target, TlsCa
from maitred.cli.shown.answers import record_view
from maitred.cli.shown.as_json import record_json
from maitred.cli.shown.console import show
from maitred.core.deciding.decisions import Explain

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
    level = Level.FULL if full else Level.REASONS
    return _explain(decision_id, level.explain, target, tls_ca, as_json=as_json)


def _explain(decision_id: str, level: Explain, target: str, tls_ca: Path | None, *, as_json: bool) -> int:
    """Reads a record and prints it. Raises ``Stop``."""
    view = called(lambda client: client.get_decision(decision_id, level), target, tls_ca)
    if as_json:
        print_json(record_json(view))
    else:
        show(record_view(view))
    return FINE
