"""The figures of the runs side by side, and their charts."""

from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.table import Column, Table

from maitred.core.values.reasons import Reason

from .chart import chart
from .figures import CAPACITY, Figures
from .run import Variant

Row = tuple[str, Callable[[Figures], str]]


# The reasons that can come up, short enough for three columns.
WORDS = {Reason.CAPACITY_EXHAUSTED: "used up", Reason.PACED: "paced", Reason.NOT_LIVE: "closed"}


def by_reason(counts: Mapping[Reason, int]) -> str:
    in_order = sorted(counts, key=lambda reason: reason.precedence)
    named = (f"{counts[reason]:,} {WORDS.get(reason, reason.name)}" for reason in in_order)
    return "\n".join(named) or "0"


ROWS: Sequence[Row] = (
    ("customers who asked", lambda run: f"{run.asked:,}"),
    ("not proposed it", lambda run: by_reason(run.refused)),
    ("claims asked", lambda run: f"{run.claims:,}"),
    ("  granted", lambda run: f"{run.granted:,}"),
    ("  denied", lambda run: by_reason(run.denied)),
    ("got: a free pizza at once", lambda run: f"{run.pizzas:,}"),
    ("  instead: a pickup later", lambda run: f"{run.pickups:,}"),
    ("  instead: half price", lambda run: f"{run.half_price:,}"),
    ("left with nothing", lambda run: f"{run.empty_handed:,}"),
    ("orders", lambda run: f"{sum(run.orders):,}"),
    ("  most in 15 minutes", lambda run: f"{max(run.orders):,}"),
    ("    over what the ovens bake", lambda run: f"{run.peak:.1f} x"),
    ("    at the worst restaurant", lambda run: f"{run.worst:.1f} x"),
    ("wait, median", lambda run: f"{run.waits.median:.0f} min"),
    ("  95th percentile", lambda run: f"{run.waits.p95:.0f} min"),
    ("  longest", lambda run: f"{run.waits.longest:.0f} min"),
    ("given back: gave up waiting", lambda run: f"{run.gave_up:,}"),
    ("  never came", lambda run: f"{run.never_came:,}"),
    ("pizzas baked", lambda run: f"{run.baked:,}"),
)


def print_charts(console: Console, runs: Mapping[Variant, Figures]) -> None:
    for variant, run in runs.items():
        console.print(f"\norders per 15 minutes, {variant.title}:", markup=False)
        for line in chart(run.orders, CAPACITY):
            console.print(line)


def print_figures(console: Console, runs: Mapping[Variant, Figures]) -> None:
    table = Table(Column("", no_wrap=True), box=None, pad_edge=False)
    for variant in runs:
        table.add_column(variant.directory, justify="right", no_wrap=True)
    for label, shown in ROWS:
        table.add_row(label, *(shown(run) for run in runs.values()))
    console.print()
    console.print(table)
