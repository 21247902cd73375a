"""Where things stand in a YAML text: read only when there is a fault to point at."""

import contextlib
import re
from dataclasses import dataclass

import yaml
from yaml._yaml import CParser

from .text import advance

PlacePath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A node: ``line`` and ``column`` from 1, and for a scalar what is needed to look inside."""

    line: int
    column: int
    start: int = 0
    end: int = 0
    value: str | None = None
    style: str = ""


Places = dict[tuple[int, PlacePath], tuple[Place | None, Place]]
"""By document (from 0) and path: the key where there is one, and the value."""


@dataclass(slots=True)
class _Level:
    """An open collection: ``step`` is the current key or index."""

    path: PlacePath
    is_mapping: bool
    key: Place | None = None
    step: str | int | None = None


def places(text: str) -> Places:
    """Every place up to the first syntax error, or to where a text nests too deeply."""
    found: Places = {}
    with contextlib.suppress(yaml.YAMLError):
        _walk(CParser(text), found)
    return found


# Beyond the limit on nesting; a text that deep is refused and stays unread from there.
_DEEPEST = 64


def _walk(parser: CParser, found: Places) -> None:
    document, levels = -1, list[_Level]()
    while not isinstance(event := parser.get_event(), yaml.StreamEndEvent):
        if isinstance(event, yaml.DocumentStartEvent):
            document, levels = document + 1, []
        elif isinstance(event, yaml.CollectionEndEvent):
            levels.pop()
        elif isinstance(event, yaml.NodeEvent):
            path = _take(found, document, levels, event)
            if isinstance(event, yaml.CollectionStartEvent):
                levels.append(_Level(path, isinstance(event, yaml.MappingStartEvent)))
                if len(levels) > _DEEPEST:
                    return


def _take(found: Places, document: int, levels: list[_Level], event: yaml.NodeEvent) -> PlacePath:
    place = _place(event)
    level = levels[-1] if levels else None
    if level is None:
        found[document, ()] = (None, place)
        return ()
    if level.is_mapping and level.key is None:
        level.key, level.step = place, place.value or ""
        return (*level.path, level.step)
    if not level.is_mapping:
        level.step = level.step + 1 if isinstance(level.step, int) else 0
    path = (*level.path, level.step if level.step is not None else "")
    found.setdefault((document, path), (level.key, place))
    level.key = None
    return path


def _place(event: yaml.NodeEvent) -> Place:
    mark, end = event.start_mark, event.end_mark
    assert mark is not None
    assert end is not None
    value = event.value if isinstance(event, yaml.ScalarEvent) else None
    style = (event.style or "") if isinstance(event, yaml.ScalarEvent) else ""
    return Place(mark.line + 1, mark.column + 1, mark.index, end.index, value, style)


# What stands for one character of the value, by style; a group of blanks is never counted.
_PLAIN = re.compile(r"[^ \t\r\n]")
_SINGLE = re.compile(r"''|[^ \t\r\n]")
_DOUBLE = re.compile(
    r"\\(?:x..|u.{4}|U.{8}|[^nt \t\r\n_NLPxuU])|(?P<blank>\\(?:[nt \t_NLP]|\r?\n[ \t]*))|[^ \t\r\n]"
)
_MARKS = {"": _PLAIN, "'": _SINGLE, '"': _DOUBLE, "|": _PLAIN, ">": _PLAIN}


def inside(text: str, place: Place, line: int, column: int) -> tuple[int, int]:
    """Line and column in the file of a line and column within a scalar, all from 1.

    Folding, indentation and line continuation change nothing but blanks, so the n-th
    character that is no blank stands for the n-th of the source. Falls back on the start.
    """
    if place.value is None or (line, column) == (1, 1):
        return place.line, place.column
    offset = _offset(place.value, line, column)
    count = len(_PLAIN.findall(place.value, 0, offset))
    on_blank = not _PLAIN.match(place.value, offset)
    marks = _visible(text, place)
    index = count - 1 if on_blank else count
    if not 0 <= index < len(marks):
        return place.line, place.column
    target = marks[index][1] if on_blank else marks[index][0]
    return advance(text, place.start, target, place.line, place.column)


def _offset(value: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = value.find("\n", start) + 1
        if not start:
            return len(value)
    return min(start + column - 1, len(value))


def _visible(text: str, place: Place) -> list[tuple[int, int]]:
    """Start and end in the text of every character of the scalar that is no blank."""
    start, end = place.start, place.end
    if place.style in ("'", '"'):
        start, end = start + 1, end - 1
    elif place.style in ("|", ">"):
        # The header line, with its indicators and perhaps a comment, is not content.
        start = text.find("\n", start, end) + 1 or end
    marks = _MARKS[place.style].finditer(text, start, end)
    return [found.span() for found in marks if found.lastgroup != "blank"]
