"""``maitred pause``: stops an action everywhere."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from maitred.cli import messages
from maitred.cli.calling import called, print_json
from maitred.cli.exits import FINE
from maitred.cli.flags import DEFAULT_TARGET, ActionName, By, Json, Target, TlsCa, user_name
from maitred.cli.shown.as_json import instant_text
from maitred.cli.shown.console import plain, show
from maitred.cli.shown.moments import moment_words

HELP = """Stop an action everywhere, within a second.

Nobody is offered it and nobody can claim it until it is resumed; claims that are granted can still be \
redeemed. Rule files stay as they are. A pause outlasts restarts and new rules.

An experiment is named experiment/NAME: nobody is in an arm then. The steps of a rollout that its guard can \
hold are named rollout/ACTION: they raise nothing then.

Examples:

  maitred pause free-pizza --cause "oven 2 is down"

  maitred pause free-pizza --by night-shift

Exit codes: 0 it is paused (also when it was before), 1 there is no such action, 2 no server, or bad flags."""

Cause = Annotated[
    str, typer.Option(envvar="MAITRED_CAUSE", metavar="TEXT", help="Why, for who reads the record later.")
]


def run(
    *,
    action: ActionName,
    cause: Cause = "",
    by: By = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Pauses and says since when."""
    by = user_name() if by is None else by
    return _pause(action, by, cause, target, tls_ca, as_json=as_json)


CLOCKS_DIFFER = timedelta(seconds=5)
"""What was paused so long before it was asked for was paused already; clocks differ by less."""


def _pause(action: str, by: str, cause: str, target: str, tls_ca: Path | None, *, as_json: bool) -> int:
    """Pauses and prints since when. Raises ``Stop``."""
    asked = datetime.now(UTC)
    since = called(lambda client: client.pause(action, by=by, cause=cause), target, tls_ca)
    if as_json:
        print_json({"action": action, "paused_at": instant_text(since)})
        return FINE
    before = since < asked - CLOCKS_DIFFER
    show(Text(messages.paused(plain(action), moment_words(since, asked), before=before)))
    show(Text(f"it goes on with `maitred resume {plain(action)}`", "dim"))
    return FINE
