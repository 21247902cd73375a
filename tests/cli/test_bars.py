"""How limits look: pure functions from the engine's types to text."""

import io
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from maitred.cli.commands.limits import AskLimits, limits_view
from maitred.cli.shown.as_json import limits_json
from maitred.cli.shown.bars import bar, in_order
from maitred.cli.shown.moments import moment_words, until_words
from maitred.core.limits.limits import LimitKind
from maitred.engine.calls import LimitView

NOW = datetime(2026, 12, 1, 11, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALL = AskLimits("", "", "", 20)


def limit(name: str = "ovens", subject: str = "location s-1", **more: Any) -> LimitView:
    kind = LimitKind.PACE if name.endswith("/pace") else LimitKind.CAPACITY
    usual: dict[str, Any] = {"window": "this day", "counts": "claimed", "used": 12, "held": 3, "maximum": 40}
    return LimitView(name, kind, subject, **{**usual, "actions": ("pizza",), **more})


OVENS = limit(resets_at=NOW + timedelta(hours=12, minutes=30), exhausted_at=NOW + 25 * MINUTE)
PACE = limit("ovens/pace", used=9, held=3, maximum=12)


@pytest.fixture
def show(monkeypatch) -> Iterator[Callable[..., list[str]]]:
    monkeypatch.setenv("TZ", "Europe/Oslo")
    time.tzset()

    def show(*views: LimitView, columns: int = 140, terminal: bool = True, colour: bool = True) -> list[str]:
        system: Literal["truecolor"] | None = "truecolor" if colour else None
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        console = Console(
            file=output, width=columns, force_terminal=terminal, color_system=system, legacy_windows=False
        )
        with console.capture() as captured:
            console.print(limits_view(ALL, views, NOW))
        return [line.rstrip() for line in captured.get().splitlines()]

    yield show
    monkeypatch.undo()
    time.tzset()


def test_a_table_of_bars_with_local_times_and_the_pace_below(show):
    lines = show(PACE, OVENS, colour=False)
    assert lines[0].split() == ["limit", "subject", "taken", "held", "window", "begins", "anew", "forecast"]
    head, _, bar = lines[1].partition("[")
    bar_text, _, rest = bar.partition("]")
    assert head.split() == ["ovens", "location", "s-1"]
    assert set(bar_text) == {"#", "=", "."}
    assert rest.split("  ")[0].strip() == ""
    assert " ".join(rest.split()) == "15 of 40 3 claimed this day Wed 01:00 gone 12:55, in 25 min"
    assert lines[2].split()[0] == "pace"
    assert lines[2].endswith("none left")
    assert lines[-1] == "# used  = held  . free"
    assert max(map(cell_len, lines)) <= 140


def test_colours_and_blocks_are_for_terminals_that_have_them(show, monkeypatch):
    coloured = "\n".join(show(OVENS))
    assert "\x1b[" in coloured
    assert "█" in coloured
    assert "#" not in coloured
    for lines in (show(OVENS, colour=False), show(OVENS, terminal=False, colour=False)):
        assert "█" not in "\n".join(lines)
        assert "\x1b" not in "\n".join(lines)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = "\n".join(show(OVENS))
    assert "█" not in plain
    assert "###" in plain


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 100, 120, 300])
def test_nothing_is_lost_on_any_width(show, columns):
    lines = show(OVENS, PACE, columns=columns, colour=False)
    assert max(map(cell_len, lines)) <= columns
    text = "".join(lines).replace(" ", "")
    assert "location s-1".replace(" ", "") in text
    for words in ("15of40", "gone12:55,in25min", "noneleft"):
        assert words in text


def test_an_unknown_maximum_has_no_bar_and_says_why(show):
    lines = show(limit(maximum=None), colour=False)
    assert "depends on the request" in lines[1]
    assert " 15 " in lines[1]


def test_nothing_to_show_says_what_to_do(show):
    assert show()[0].startswith("no action has a limit: write a FrequencyCap or a Capacity")
    console = Console(file=(file := io.StringIO()), width=200)
    console.print(limits_view(AskLimits("", "", "s-1", 20), (), NOW))
    assert file.getvalue() == "no limit applies there: see all with `maitred limits`\n"


def test_a_full_page_says_that_there_may_be_more(show):
    views = [limit(subject=f"location s-{number}") for number in range(20)]
    assert show(*views, colour=False)[-1].startswith("at most 20 subjects of each limit")
    assert not show(*views[:19], colour=False)[-1].startswith("at most")


def test_hostile_names_are_spelt_out_and_cut(show):
    hostile = "\x1b[2J[bold]\u202e\n" + "x" * 500
    lines = show(limit(hostile, hostile, counts=hostile), columns=800, colour=False)
    assert all(line.isprintable() for line in lines)
    assert "\\x1b[2J[bold]" in "\n".join(lines)
    assert "…" in lines[1]


def test_a_pace_stands_below_the_limit_of_its_subject():
    other, orphan = limit(subject="location s-2"), limit("zz/pace")
    between = limit("ovens-b")
    views = [OVENS, other, PACE, between, orphan]
    assert in_order(views) == [OVENS, PACE, other, between, orphan]


COUNTS = st.integers(0, 2**40)


@given(COUNTS, COUNTS, COUNTS, st.integers(1, 60))
def test_a_bar_is_full_only_where_nothing_is_free_and_empty_only_where_nothing_is_taken(
    used, held, maximum, columns
):
    text = bar(limit(used=used, held=held, maximum=maximum), columns).plain
    assert len(text) == columns + 2
    taken = used + held
    assert ("." not in text) == (taken >= maximum)
    if columns > 2 and taken > 0:
        assert "#" in text or "=" in text
        assert ("=" in text) == (held > 0)
        assert ("#" in text) == (used > 0) or text.count("=") == 1
    if not taken < maximum:
        return
    assert text.count("#") + text.count("=") <= max(1, columns * taken // maximum)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(seconds=-5), "now"),
        (timedelta(), "now"),
        (timedelta(seconds=1), "in 1 s"),
        (timedelta(seconds=90), "in 90 s"),
        (25 * MINUTE, "in 25 min"),
        (timedelta(hours=47), "in 47 h"),
        (timedelta(days=3), "in 3 days"),
    ],
)
def test_how_long_until_then(ahead, words):
    assert until_words(NOW + ahead, NOW) == words


def test_moments_are_by_the_clock_of_who_reads_them(monkeypatch):
    monkeypatch.setenv("TZ", "America/Chicago")
    time.tzset()
    try:
        assert moment_words(NOW, NOW) == "05:30"
        assert moment_words(NOW + timedelta(hours=20), NOW) == "Wed 01:30"
        assert moment_words(NOW + timedelta(days=9), NOW) == "2026-12-10 05:30"
        assert moment_words(NOW - timedelta(days=1), NOW) == "2026-11-30 05:30"
        assert moment_words(datetime.max.replace(tzinfo=UTC), NOW)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_json_names_everything_as_the_api_does():
    content = json.loads(json.dumps(limits_json([OVENS], NOW)))
    assert content == {
        "at": "2026-12-01T11:30:00Z",
        "limits": [
            {
                "name": "ovens",
                "kind": "CAPACITY",
                "subject": "location s-1",
                "window": "this day",
                "counts": "claimed",
                "used": 12,
                "held": 3,
                "maximum": 40,
                "resets_at": "2026-12-02T00:00:00Z",
                "exhausted_at": "2026-12-01T11:55:00Z",
                "actions": ["pizza"],
                "also": [],
            }
        ],
    }
