"""``maitred rollouts``: how far rollouts are, and what their guards have seen."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from maitred.bootstrap.rollouts import GuardView, RolloutView, rollouts
from maitred.cli import messages
from maitred.cli.calling import print_json
from maitred.cli.exits import FINE, Stop
from maitred.cli.flags import At, Json, TheDatabase, instant
from maitred.cli.shown.answers import FAINT
from maitred.cli.shown.console import answers, plain, show, shown
from maitred.core.rules.experiments import ROLLED_OUT
from maitred.core.rules.faults import RulesetInvalid
from maitred.core.rules.ruleset import Guard
from maitred.engine.operating.guards import Counted
from maitred.engine.operating.results import PERSONS_MIN
from maitred.engine.ports.store import Pause, StoreDown
from maitred.settings import DEFAULT_DATABASE

HELP = """Show how far rollouts are, and what guards have seen, of experiments too.

It reads the rules and the database itself, beside a running service, and writes nothing. An action that its \
guard has paused goes on with `maitred resume ACTION`, steps that it holds with `maitred resume \
rollout/ACTION`, an experiment with `maitred resume experiment/NAME`; what came before is then not looked at \
again.

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
        for line in _silent(views):
            answers().print(shown(line))
    else:
        answers().print("no action has a rollout")
    return FINE


def _table(views: Sequence[RolloutView]) -> Table:
    table = Table(box=None, pad_edge=False, header_style=FAINT)
    for column in ("action", "percent", "guard", "seen", "state"):
        table.add_column(column, justify="right" if column == "percent" else "left")
    for view in views:
        percent = "" if view.percent is None else f"{float(view.percent):g} %"
        limit = _limit(view.guard.guard) if view.guard else ""
        seen = _seen(view.guard.seen) if view.guard else ""
        table.add_row(plain(view.name), percent, limit, seen, _state(view))
    return table


def _silent(views: Sequence[RolloutView]) -> Iterator[str]:
    """Yields the guards that have seen nothing but persons: perhaps nobody reports what they wait for."""
    for view in views:
        seen = view.guard.seen.values() if view.guard else ()
        persons = sum(counted.persons for counted in seen)
        if view.guard and persons >= PERSONS_MIN and not any(counted.reached for counted in seen):
            yield messages.nothing_reported(view.name, view.guard.guard.outcome, persons)


def _limit(guard: Guard) -> str:
    return f"{guard.outcome} {guard.direction.value} {float(guard.threshold):g} %"


def _seen(seen: Mapping[str, Counted]) -> str:
    """Of a rollout the one arm there is, of an experiment each by its name."""
    counts = {arm: f"{counted.reached:,} of {counted.persons:,}" for arm, counted in sorted(seen.items())}
    words = [count if arm == ROLLED_OUT else f"{plain(arm)} {count}" for arm, count in counts.items()]
    return f"{', '.join(words) or '0 of 0'} persons"


def _state(view: RolloutView) -> str:
    if view.pause:
        return plain(messages.paused_words(view.pause.by, view.pause.cause))
    if view.held:
        return plain(messages.held_words(view.held.by, view.held.cause))
    return "goes on"


def _json(view: RolloutView) -> dict[str, Any]:
    return {
        "action": view.name,
        "percent": None if view.percent is None else float(view.percent),
        "guard": view.guard and _guard_json(view.guard),
        "paused": _pause_json(view.pause),
        "held": _pause_json(view.held),
    }


def _guard_json(view: GuardView) -> dict[str, Any]:
    guard = view.guard
    total = [sum(counts) for counts in zip(*view.seen.values(), strict=True)] or [0, 0]
    return {
        "outcome": guard.outcome,
        "direction": guard.direction.value,
        "threshold": float(guard.threshold),
        "then": guard.then.value,
        "reached": total[0],
        "persons": total[1],
        "arms": {arm: counted._asdict() for arm, counted in view.seen.items()},
    }


def _pause_json(pause: Pause | None) -> dict[str, Any] | None:
    return pause and {"at": pause.paused_at.isoformat(), "by": pause.by, "cause": pause.cause}
