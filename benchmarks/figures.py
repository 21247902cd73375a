"""What a run has measured, and how it is shown."""

from collections.abc import Callable, Sequence
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


def at_most(what: str, value: float, most: float, show: Callable[[float], str]) -> Row:
    """A row whose value must not exceed a budget."""
    return Row(what, show(value), f"at most {show(most)}", value <= most)


def at_least(what: str, value: float, least: float, show: Callable[[float], str]) -> Row:
    """A row whose value must reach a budget."""
    return Row(what, show(value), f"at least {show(least)}", value >= least)


def ratio(value: float) -> str:
    """A ratio, with as many digits as mean something."""
    return f"{value:,.0f}x" if value >= 20 else f"{value:.2f}x"


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
