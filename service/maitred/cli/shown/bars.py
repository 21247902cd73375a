"""Limits as a table of bars: pure, from the engine's types to what rich prints."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from maitred.cli import messages
from maitred.core.limits.limits import PACE_SUFFIX
from maitred.engine.calls import LimitView

from .console import plain
from .moments import moment_words, until_words

BAR_MIN_COLUMNS = 10
"""A shorter one tells nothing; the facts then stand below their bar."""
BAR_MAX_COLUMNS = 40
PIPED_BAR_COLUMNS = 20
"""Who reads a pipe reads the numbers."""
GAP_COLUMNS = 2
NAME_MAX_COLUMNS = 32
"""Of a limit or a subject beside its bar; a longer one is cut in the middle."""
HIGH_PERCENT = 75
"""From here on a bar is yellow: on a rush the rest goes within minutes."""

FAINT, STRONG = "dim", "bold"
_HEADERS = ("limit", "subject", "", "taken", "held", "window", "begins anew", "forecast")
_BAR = _HEADERS.index("")


@dataclass(frozen=True, slots=True)
class _Marks:
    """What a bar is drawn with."""

    used: str
    held: str
    free: str
    ends: tuple[str, str] = ("", "")


_BLOCKS = _Marks("█", "▒", "·")
_PLAIN = _Marks("#", "=", ".", ("[", "]"))


@dataclass(frozen=True, slots=True)
class Bars:
    """Limits as of ``now`` (aware): a table, or where that has no room two lines for each."""

    views: Sequence[LimitView]
    now: datetime

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        marks = _marks(console, options)
        rows = [_cells(view, self.now) for view in in_order(self.views)]
        columns = _bar_columns(rows, options.max_width) if console.is_terminal else PIPED_BAR_COLUMNS
        if columns >= BAR_MIN_COLUMNS:
            yield _table(rows, marks, columns)
        else:
            yield from _stacked(rows, marks, min(BAR_MAX_COLUMNS, max(1, options.max_width // 2)))
        yield Text()
        yield legend(marks)


@dataclass(frozen=True, slots=True)
class _Cells:
    """One row: what stands beside the bar, by column, and what the bar shows."""

    view: LimitView
    texts: tuple[Text, ...]


def in_order(views: Iterable[LimitView]) -> list[LimitView]:
    """Each limit in the order given, and below every row of it the pace for the same subject."""
    paces: dict[tuple[str, str], list[LimitView]] = {}
    limits: list[LimitView] = []
    for view in views:
        if view.name.endswith(PACE_SUFFIX):
            paces.setdefault((view.name.removesuffix(PACE_SUFFIX), view.subject), []).append(view)
        else:
            limits.append(view)
    paired = [row for view in limits for row in (view, *paces.pop((view.name, view.subject), ()))]
    orphans = (view for rest in paces.values() for view in rest)
    return sorted([*paired, *orphans], key=lambda view: view.name.removesuffix(PACE_SUFFIX))


def bar(view: LimitView, columns: int, marks: _Marks = _PLAIN) -> Text:
    """Used, held and free units. Full only where nothing is free, empty only where nothing is taken."""
    if view.maximum is None:
        return Text("depends on the request", FAINT)
    used, held = _parts(view, columns)
    style = _style(view)
    return Text.assemble(
        marks.ends[0],
        (marks.used * used, style),
        (marks.held * held, style),
        (marks.free * (columns - used - held), FAINT),
        marks.ends[1],
    )


def _parts(view: LimitView, columns: int) -> tuple[int, int]:
    """Returns how many columns are used, and how many held."""
    taken, maximum = view.used + view.held, view.maximum or 0
    partly = min(columns - 1, max(taken > 0, taken * columns // maximum)) if maximum > taken else 0
    filled = partly if maximum > taken else columns
    held = min(filled, -(-view.held * filled // taken)) if taken else 0
    if view.used and held == filled > 1:
        held -= 1
    return filled - held, held


def _style(view: LimitView) -> str:
    taken, maximum = view.used + view.held, view.maximum or 0
    if taken >= maximum:
        return "red"
    return "yellow" if taken * 100 >= maximum * HIGH_PERCENT else "green"


def legend(marks: _Marks) -> Text:
    """Returns what the marks of a bar mean."""
    return Text(f"{marks.used} used  {marks.held} held  {marks.free} free", FAINT)


def _marks(console: Console, options: ConsoleOptions) -> _Marks:
    coloured = console.is_terminal and console.color_system is not None and not console.no_color
    return _BLOCKS if coloured and not options.ascii_only else _PLAIN


def _cells(view: LimitView, now: datetime) -> _Cells:
    taken = view.used + view.held
    of = messages.of_units(taken, view.maximum)
    is_pace = view.name.endswith(PACE_SUFFIX)
    texts = (
        Text("  pace", FAINT) if is_pace else Text(_cut(view.name), STRONG),
        Text("" if is_pace else _cut(view.subject)),
        Text(),
        Text(of),
        Text(messages.held_units(view.held)),
        Text(plain(" ".join([" + ".join([view.counts, *view.also]), view.window])), FAINT),
        Text(moment_words(view.resets_at, now) if view.resets_at else "", FAINT),
        _forecast(view, now),
    )
    return _Cells(view, texts)


def _forecast(view: LimitView, now: datetime) -> Text:
    if view.maximum is not None and view.used + view.held >= view.maximum:
        return Text("none left", "bold red")
    if view.exhausted_at is None:
        return Text()
    return Text(
        f"gone {moment_words(view.exhausted_at, now)}, {until_words(view.exhausted_at, now)}", "yellow"
    )


def _cut(text: str) -> str:
    """The text in so many columns at most: what is cut out is in the middle, for ends tell names apart."""
    text = plain(text)
    if cell_len(text) <= NAME_MAX_COLUMNS:
        return text
    half = NAME_MAX_COLUMNS // 2 - 1
    front, back = text, text
    while cell_len(front) > half:
        front = front[:-1]
    while cell_len(back) > half:
        back = back[1:]
    return f"{front}…{back}"


def _bar_columns(rows: Sequence[_Cells], width: int) -> int:
    """Returns what is left for the bars beside everything else."""
    beside = sum(
        max((cell_len(text) for text in (header, *(row.texts[number].plain for row in rows))), default=0)
        for number, header in enumerate(_HEADERS)
        if number != _BAR
    )
    left = width - beside - GAP_COLUMNS * len(_HEADERS) - sum(map(len, _PLAIN.ends))
    return min(BAR_MAX_COLUMNS, left)


def _table(rows: Sequence[_Cells], marks: _Marks, columns: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, GAP_COLUMNS, 0, 0), header_style=FAINT)
    for header in _HEADERS:
        table.add_column(header, no_wrap=True)
    for row in rows:
        cells = list(row.texts)
        cells[_BAR] = bar(row.view, columns, marks)
        table.add_row(*cells)
    return table


def _stacked(rows: Sequence[_Cells], marks: _Marks, columns: int) -> Iterator[RenderableType]:
    """For narrow terminals: who, then the bar, then the facts."""
    for row in rows:
        who = Text("  ").join(text for text in row.texts[:_BAR] if text)
        facts = Text(", ").join(text for text in row.texts[_BAR + 1 :] if text)
        yield who
        yield Padding.indent(bar(row.view, columns, marks), GAP_COLUMNS)
        yield Padding.indent(facts, GAP_COLUMNS)
