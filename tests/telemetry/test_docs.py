"""docs/telemetry.md names every metric, every attribute, and exactly the lines of the process log."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "telemetry.md").read_text()
SOURCES = {path: path.read_text() for path in (ROOT / "service" / "maitred").rglob("*.py")}
LEVELS = {"debug", "info", "warning", "error"}


def lines_of(text: str) -> Iterator[str]:
    """The events that a source writes to a ``Log``, or as a line of JSON that it spells out."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Attribute(attr=level), args=[ast.Constant(value=str(event))]) if (
                level in LEVELS
            ):
                yield event
    yield from re.findall(r'"event": "([a-z_]+)"', text)


def test_the_page_lists_exactly_the_lines_that_are_written():
    table = PAGE.partition("## The process log")[2].partition("\n## ")[0]
    first_cells = [row.split("|")[1] for row in table.split("\n") if row.startswith("| `")]
    listed = {name for cell in first_cells for name in re.findall(r"`([a-z_]+)`", cell)}
    assert listed == {event for text in SOURCES.values() for event in lines_of(text)}


def test_the_page_names_every_metric_and_every_attribute():
    telemetry = "".join(text for path, text in SOURCES.items() if "telemetry" in path.parts)
    names = set(re.findall(r'"((?:maitred|rpc|error|feature_flag)\.[a-z_.]+[a-z])"', telemetry))
    assert len(names) > 40
    assert {name for name in names if name not in PAGE} == set()
