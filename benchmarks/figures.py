"""What a run has measured, and how it is shown."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

START = "<!-- figures: written by `make bench ARGS=--write` -->"
END = "<!-- end of figures -->"


@dataclass(frozen=True, slots=True)
class Row:
    """One budget: what was measured, what was wanted, and whether it was met (``None``: no budget)."""

    what: str
    measured: str
    budget: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        """In a word."""
        return "" if self.met is None else ("met" if self.met else "fell short")


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that were measured together."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """Values of several rounds: the median, and between what the middle half of them lies."""

    median: float
    low: float
    high: float


def spread(values: Iterable[float]) -> Spread:
    """Of at least two values."""
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def shown(value: float | Spread, show: Callable[[float], str]) -> str:
    """The value, and its spread if it has one."""
    if isinstance(value, Spread):
        return f"{show(value.median)} ({show(value.low)} to {show(value.high)})"
    return show(value)


def at_most(
    what: str,
    value: float | Spread,
    maximum: float,
    show: Callable[[float], str],
    *,
    goal: float | None = None,
) -> Row:
    """A row whose value, or its median, must not exceed a budget."""
    budget = f"at most {show(maximum)}{_goal(goal, show)}"
    return Row(what, shown(value, show), budget, _number(value) <= maximum)


def at_least(
    what: str, value: float | Spread, least: float, show: Callable[[float], str], *, goal: float | None = None
) -> Row:
    """A row whose value, or its median, must reach a budget."""
    budget = f"at least {show(least)}{_goal(goal, show)}"
    return Row(what, shown(value, show), budget, _number(value) >= least)


def _goal(goal: float | None, show: Callable[[float], str]) -> str:
    return "" if goal is None else f", goal {show(goal)}"


def _number(value: float | Spread) -> float:
    return value.median if isinstance(value, Spread) else value


def ratio(value: float) -> str:
    """A ratio, with as many digits as mean something."""
    return f"{value:,.0f}x" if value >= 20 else f"{value:.2f}x"


def percent(value: float) -> str:
    """A share."""
    return f"{value:.1%}"


def print_section(console: Console, section: Section) -> None:
    """One section as a table."""
    table = Table("what", "measured", "budget", "", title=section.title, title_justify="left", expand=False)
    for row in section.rows:
        colour = {True: "green", False: "red", None: ""}[row.met]
        table.add_row(row.what, row.measured, row.budget, f"[{colour}]{row.verdict}[/]" if colour else "")
    console.print(table)


def write(path: Path, machine: str, sections: Sequence[Section]) -> None:
    """Puts the figures between the marks of a document."""
    text = path.read_text()
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{START}\n\n{machine}\n\n{''.join(map(_markdown, sections))}{END}{after}")


def _markdown(section: Section) -> str:
    lines = [f"### {section.title}", "", "| what | measured | budget | |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.what} | {row.measured} | {row.budget} | {row.verdict} |" for row in section.rows]
    return "\n".join(lines) + "\n\n"
