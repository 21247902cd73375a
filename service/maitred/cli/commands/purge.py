"""``maitred purge``: deletes what has been kept long enough."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from maitred.bootstrap import maintenance
from maitred.cli import privacy_messages as messages
from maitred.cli.calling import print_json
from maitred.cli.exits import FINE, Stop
from maitred.cli.flags import Json, TheDatabase, instant
from maitred.cli.keep import KEEP_ALL, keep_option, keep_text, read_keep, span_text
from maitred.cli.shown.answers import FAINT
from maitred.cli.shown.console import progress, show
from maitred.engine.ports.store import StoreConflict
from maitred.settings import DEFAULT_DATABASE, Keep

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
        raise Stop("nothing would go: --keep names no class of data that has a term", messages.HOW_TO_KEEP)
    if simulated_time and moment is None:
        raise Stop(
            "under simulated time the instant must be given: the wall clock says nothing about the data",
            "name it with --at 2026-12-01T00:00:00Z",
        )

    if dry_run:
        return rehearse(database, terms, moment, as_json=as_json)
    return purge(database, terms, moment, as_json=as_json)


def rehearse(database: str, keep: Keep, at: datetime | None, *, as_json: bool) -> int:
    """Prints how much would go. Raises ``Stop``."""
    try:
        gone = maintenance.overdue(database, keep, at)
    except (maintenance.StoreDown, StoreConflict) as failure:
        raise Stop(str(failure)) from None
    _print(gone, keep, as_json=as_json, dry_run=True)
    return FINE


def purge(database: str, keep: Keep, at: datetime | None, *, as_json: bool) -> int:
    """Deletes and prints. Raises ``Stop``."""
    gone: Counter[str] = Counter()
    try:
        with progress(messages.purging(0), messages.purging) as so_far:
            for piece in maintenance.purge(database, keep, at):
                gone[piece.data] += piece.rows
                so_far(gone.total())
    except maintenance.StoreInUse as busy:
        raise Stop(
            str(busy), "a service that runs there forgets by itself: give it the same --keep"
        ) from None
    except (maintenance.StoreDown, StoreConflict) as failure:
        if gone:
            _print(gone, keep, as_json=as_json, dry_run=False)
        raise Stop(str(failure)) from None
    _print(gone, keep, as_json=as_json, dry_run=False)
    return FINE


def _print(gone: Mapping[str, int], keep: Keep, *, as_json: bool, dry_run: bool) -> None:
    spans = asdict(keep)
    if as_json:
        rows = {data: gone.get(data, 0) for data in spans}
        print_json({"dry_run": dry_run, "keep": keep_text(keep), "rows": rows})
        return
    table = Table(box=None, pad_edge=False, header_style=FAINT)
    for column in ("data", "kept for", "would go" if dry_run else "deleted"):
        table.add_column(column, justify="left" if column == "data" else "right")
    for data, span in spans.items():
        table.add_row(data, span_text(span), f"{gone.get(data, 0):,}")
    total = sum(gone.values())
    show(
        Group(
            table,
            Text(
                messages.forgotten(total, dry_run=dry_run)
                if total
                else "nothing has been kept longer than that"
            ),
        )
    )
    if dry_run:
        show(Text("dry run: nothing was deleted", FAINT))
