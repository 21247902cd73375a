"""Deletes what is over for ``purge``, and prints what went."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from rich.console import Group
from rich.table import Table
from rich.text import Text

from maitred.bootstrap import office
from maitred.engine.ports.store import StoreConflict
from maitred.settings import Keep

from . import privacy_messages as messages
from .answers import FAINT
from .asking import print_json
from .console import show
from .exits import FINE, Stop
from .keeping import keep_text, span_text
from .working import progress


def rehearse(database: str, keep: Keep, at: datetime | None, *, as_json: bool) -> int:
    """Prints how much would go. Raises ``Stop``."""
    try:
        gone = office.overdue(database, keep, at)
    except (office.StoreDown, StoreConflict) as failure:
        raise Stop(str(failure)) from None
    _print(gone, keep, as_json=as_json, dry_run=True)
    return FINE


def purge(database: str, keep: Keep, at: datetime | None, *, as_json: bool) -> int:
    """Deletes and prints. Raises ``Stop``."""
    gone: Counter[str] = Counter()
    try:
        with progress(messages.purging(0), messages.purging) as so_far:
            for piece in office.purge(database, keep, at):
                gone[piece.data] += piece.rows
                so_far(gone.total())
    except office.InUse as busy:
        raise Stop(str(busy), messages.SERVICE_DOES_IT) from None
    except (office.StoreDown, StoreConflict) as failure:
        if gone:
            _print(gone, keep, as_json=as_json, dry_run=False)
        raise Stop(str(failure)) from None
    _print(gone, keep, as_json=as_json, dry_run=False)
    return FINE


def _print(gone: Mapping[str, int], keep: Keep, *, as_json: bool, dry_run: bool) -> None:
    spans = {"decisions": keep.decisions, "consents": keep.consents, "ledger": keep.ledger}
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
    show(Group(table, Text(messages.forgotten(total, dry_run=dry_run) if total else messages.NOTHING_TO_GO)))
    if dry_run:
        show(Text(messages.DRY_RUN, FAINT))
