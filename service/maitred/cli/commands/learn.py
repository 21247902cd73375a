"""``maitred learn``: from the outcomes in the decision log to what scores draw by."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from maitred.bootstrap import learning
from maitred.bootstrap.learning import Lesson
from maitred.cli import messages
from maitred.cli.calling import print_json
from maitred.cli.exits import FINE, Stop
from maitred.cli.flags import At, Json, TheDatabase, instant
from maitred.cli.shown.answers import BAD, FAINT, STRONG
from maitred.cli.shown.console import err, plain, progress, show
from maitred.core.learning.learners import Learner
from maitred.core.rules.faults import RulesetInvalid
from maitred.core.values.kinds import duration_of
from maitred.core.values.nearest import did_you_mean
from maitred.engine.operating.teaching import Seen
from maitred.engine.ports.store import StoreConflict, StoreDown
from maitred.settings import DEFAULT_DATABASE

HELP = """Learn from outcomes what people take up, for scores that read `learned(...)`.

For each `Learner` of the rules that is enabled, and for each action that is scored by it, it counts how \
often the action was shown and how often people took it up. The services on the database draw by that within \
a second, without a restart; a decision under way goes on with what it began with.

It reads the decision log itself, beside a running service, with no keys and no personal data. Everything is \
counted anew each time: who was erased, or has refused the purpose of a learner, is in it no more. Proposals \
whose `within` is not over yet wait for the next time.

Run it every few minutes by --watch, or by cron. One at a time is enough, however many services there are. A \
service that has a SQLite file takes what is learned from a file beside it.

Examples:

  maitred learn rules/starter

  maitred learn rules/starter --watch 10m --database postgresql://localhost/maitred

  maitred learn rules/starter --out parameters.json

Exit codes: 0 fine, 2 cannot run."""

Directory = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", envvar="MAITRED_RULES", show_default=False, help="The directory of the ruleset."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write what was learned to a file and keep nothing: for replays, rule tests and "
        "`maitred serve --learned`.",
    ),
]
Watch = Annotated[
    str | None,
    typer.Option(metavar="SPAN", help="Learn again and again, so long apart (10m, 1h), until stopped."),
]


def run(
    *,
    directory: Directory,
    database: TheDatabase = DEFAULT_DATABASE,
    out: Out = None,
    watch: Watch = None,
    at: At = None,
    as_json: Json = False,
) -> int:
    """Learns once, or again and again."""
    if not directory.is_dir():
        raise Stop(messages.not_a_directory(str(directory)))
    pause_seconds = _seconds(watch) if watch else 0.0
    moment = instant(at) if at else None
    while True:
        try:
            _once(directory, database, out, moment or datetime.now(UTC), as_json=as_json)
        except Stop as stop:
            if not pause_seconds:
                raise
            # A database that is away for a while, and rules with faults, are looked at again.
            err().print(plain(stop.message))
        if not pause_seconds:
            return FINE
        time.sleep(pause_seconds)


def _seconds(text: str) -> float:
    span = duration_of(text)
    if span is None or span.total_seconds() < 1:
        raise Stop(messages.not_a_span(text))
    return span.total_seconds()


def _once(directory: Path, database: str, out: Path | None, now: datetime, *, as_json: bool) -> None:
    try:
        with progress(messages.LEARNING, messages.learning_from) as so_far:
            lesson = learning.learn(directory, database, now, so_far)
        kept = _kept(lesson, database, out)
    except RulesetInvalid:
        raise Stop(messages.rules_at_fault(str(directory))) from None
    except (StoreDown, StoreConflict) as failure:
        raise Stop(str(failure)) from None
    except OSError as failure:
        raise Stop(messages.cannot_write(str(out), failure.strerror or "unwritable")) from None
    if as_json:
        print_json(_json(lesson))
    else:
        show(Group(*_view(lesson)))
    err().print(f"parameters {lesson.taught.parameters.version}: {kept}", style=FAINT)


def _kept(lesson: Lesson, database: str, out: Path | None) -> str:
    """Where what was learned went, in words."""
    parameters = lesson.taught.parameters
    if out:
        learning.write_parameters(out, parameters)
        return f"written to {out}"
    if not any(learner.enabled for learner in lesson.learners):
        return "no learner is enabled, nothing was kept"
    if lesson.is_known:
        return "nothing new, services draw by it already"
    return (
        "kept in the database, services draw by it within a second"
        if learning.keep(database, parameters)
        else "left beside the database, the service that has it draws by it within a second"
    )


def _view(lesson: Lesson) -> Iterator[RenderableType]:
    enabled = [learner for learner in lesson.learners if learner.enabled]
    for learner in enabled:
        yield Text(plain(f"{learner.name}: {learner.outcome} of what was {learner.over}"), STRONG)
        yield _table(lesson, learner)
        yield Text()
    for learner in lesson.learners:
        if not learner.enabled:
            yield Text(f"{learner.name} is not enabled: set `enabled: true` in its document", FAINT)
    taught = lesson.taught
    for name in taught.unknown:
        near = did_you_mean(name, [learner.name for learner in lesson.learners])
        yield Text(messages.learner_unknown(plain(name), near), BAD)
    yield Text(messages.learned_from(taught.decisions, taught.early, taught.refused))


def _table(lesson: Lesson, learner: Learner) -> Table:
    table = Table(box=None, pad_edge=False, header_style=FAINT)
    for column in ("action", learner.over, learner.outcome, "learned"):
        table.add_column(column, justify="left" if column == "action" else "right")
    seen = lesson.taught.seen[learner.name]
    ranked = sorted(seen, key=lambda action: -lesson.taught.parameters.belief(learner, action).mean)
    for action in ranked:
        trials, successes = seen[action]
        belief = lesson.taught.parameters.belief(learner, action)
        share = messages.share_words(learner.clamped(belief.mean), belief.deviation)
        table.add_row(plain(action), f"{trials:,}", f"{successes:,}", share)
    return table


def _json(lesson: Lesson) -> dict[str, Any]:
    taught = lesson.taught
    return {
        "version": taught.parameters.version,
        "decisions": taught.decisions,
        "early": taught.early,
        "refused": taught.refused,
        "unknown": list(taught.unknown),
        "learners": {
            learner.name: {
                "enabled": learner.enabled,
                "actions": {
                    action: _action(lesson, learner, action, seen)
                    for action, seen in taught.seen.get(learner.name, {}).items()
                },
            }
            for learner in lesson.learners
        },
    }


def _action(lesson: Lesson, learner: Learner, action: str, seen: Seen) -> dict[str, Any]:
    belief = lesson.taught.parameters.belief(learner, action)
    return {
        learner.over: seen.trials,
        learner.outcome: seen.successes,
        "successes": belief.successes,
        "failures": belief.failures,
        "mean": belief.mean,
    }
