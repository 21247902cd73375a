"""``maitred purge``: deletes what has been kept long enough."""

from typing import Annotated

import typer

from maitred.settings import DEFAULT_DATABASE

from . import privacy_messages as messages
from .exits import Stop
from .form import Json, TheDatabase, instant
from .keeping import KEEP_ALL, keep_option, read_keep

HELP = """Delete what has been kept longer than --keep says, now.

Classes that it does not name are left alone. A service deletes by itself while it runs, little by \
little; this is for a database that nobody serves on, and on PostgreSQL also for what cannot wait. A \
SQLite file must not be in use, but for --dry-run.

Rows go in small pieces: interrupted, what is gone is gone, and the rest goes the next time. The audit \
stays valid: chains begin where what is left begins.

Examples:

  maitred purge --keep decisions=400d --dry-run

  maitred purge --keep decisions=400d --keep consents=1100d --keep ledger=30d

  maitred purge --keep ledger=30d --at 2026-12-01T00:00:00Z    as if it were then

Where the service runs with --simulated-time the wall clock says nothing about its data: say so here as \
well, and --at must be given.

Exit codes: 0 fine, 2 cannot run. Variables: MAITRED_DATABASE, MAITRED_KEEP, MAITRED_SIMULATED_TIME."""

KeepFor = Annotated[list[str] | None, keep_option(None)]
PurgeAt = Annotated[
    str | None, typer.Option("--at", metavar="INSTANT", help="Count back from then; from now if not given.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say about how much would go.")]
SimulatedTime = Annotated[
    bool,
    typer.Option(
        "--simulated-time",
        envvar="MAITRED_SIMULATED_TIME",
        help="The data is of simulated time: --at must be given.",
    ),
]


def run(
    *,
    database: TheDatabase = DEFAULT_DATABASE,
    keep: KeepFor = None,
    at: PurgeAt = None,
    simulated_time: SimulatedTime = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Purges once."""
    terms, moment = read_keep(keep or (), KEEP_ALL), instant(at) if at else None
    if terms == KEEP_ALL:
        raise Stop(messages.NOTHING_TO_PURGE, messages.HOW_TO_KEEP)
    if simulated_time and moment is None:
        raise Stop(messages.AT_NEEDED, messages.GIVE_AT)
    from . import purging  # noqa: PLC0415 -- brings the store and rich, which --help does without

    if dry_run:
        return purging.rehearse(database, terms, moment, as_json=as_json)
    return purging.purge(database, terms, moment, as_json=as_json)
