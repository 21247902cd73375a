"""``maitred rollouts``: how far rollouts are, and what their guards have seen."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from maitred.bootstrap.rollouts import RolloutView, rollouts
from maitred.cli import messages
from maitred.cli.calling import print_json
from maitred.cli.exits import FINE, Stop
from maitred.cli.flags import At, Json, TheDatabase, instant
from maitred.cli.shown.answers import FAINT
from maitred.cli.shown.console import answers, plain, show
from maitred.core.rules.faults import RulesetInvalid
from maitred.engine.ports.store import StoreDown
from maitred.settings import DEFAULT_DATABASE

HELP = """Show how far rollouts are, and what their guards have seen.

It reads the rules and the database itself, beside a running service, and writes nothing. An action that its \
guard has paused goes on with `maitred resume ACTION`; what came before is then not looked at again.

Examples:

  maitred rollouts rules/starter

  maitred rollouts rules/starter --database postgresql://localhost/maitred --json

Exit codes: 0 fine, 2 cannot run."""

Directory = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", envvar="MAITRED_RULES", show_default=False, help="The directory of the ruleset."
    ),
]


def run(
    *, directory: Directory, database: TheDatabase = DEFAULT_DATABASE, at: At = None, as_json: Json = False
) -> int:
    """Looks once and prints."""
    if not directory.is_dir():
        raise Stop(messages.not_a_directory(str(directory)))
    try:
        views = rollouts(directory, database, instant(at) if at else datetime.now(UTC))
    except RulesetInvalid:
        raise Stop(messages.rules_at_fault(str(directory))) from None
    except StoreDown as failure:
        raise Stop(str(failure)) from None
    if as_json:
        print_json({"rollouts": [_json(view) for view in views]})
    elif views:
        show(_table(views))
    else:
        answers().print(messages.NO_ROLLOUTS)
    return FINE


def _table(views: Sequence[RolloutView]) -> Table:
    table = Table(box=None, pad_edge=False, header_style=FAINT)
    for column in ("action", "percent", "guard", "seen", "state"):
        table.add_column(column, justify="right" if column == "percent" else "left")
    for view in views:
        guard = view.guard
        limit = f"{guard.outcome} {guard.direction.value} {float(guard.threshold):g} %" if guard else ""
        seen = f"{view.reached:,} of {view.persons:,} persons" if guard else ""
        table.add_row(plain(view.action), f"{float(view.percent):g} %", limit, seen, _state(view))
    return table


def _state(view: RolloutView) -> str:
    pause = view.pause
    if pause is None:
        return messages.GOES_ON
    return plain(messages.paused_words(pause.by, pause.cause))


def _json(view: RolloutView) -> dict[str, Any]:
    guard, pause = view.guard, view.pause
    return {
        "action": view.action,
        "percent": float(view.percent),
        "guard": guard
        and {
            "outcome": guard.outcome,
            "direction": guard.direction.value,
            "threshold": float(guard.threshold),
            "reached": view.reached,
            "persons": view.persons,
        },
        "paused": pause and {"at": pause.paused_at.isoformat(), "by": pause.by, "cause": pause.cause},
    }
