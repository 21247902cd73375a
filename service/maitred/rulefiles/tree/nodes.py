"""The nodes of a YAML text: plain values, and where they stand.

A node's ``value`` is what rules are read from: ``dict``, ``list`` or a scalar, the same objects at
every level. Its span and style, and the nodes below it, are what messages, ``fmt`` and mending need.
Nodes are filled while they are read and not changed afterwards.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from .text import advance

PlainScalar = str | int | float | bool | None
Plain: TypeAlias = "dict[str, Plain] | list[Plain] | PlainScalar"
Path = tuple[str | int, ...]
"""Keys and indexes from the root of a document."""


class Mark(Protocol):
    """A place as libyaml counts it, all from 0; ``index`` in characters from the beginning."""

    @property
    def index(self) -> int:
        """Characters before it."""

    @property
    def line(self) -> int:
        """Lines before it."""

    @property
    def column(self) -> int:
        """Characters before it in its line."""


@dataclass(slots=True, eq=False)
class _Span:
    start: Mark
    end: Mark
    style: str
    """Of a scalar its quote, ``|`` or ``>``, else nothing; of a collection ``flow`` or nothing."""

    @property
    def line(self) -> int:
        """The line it begins in, from 1."""
        return self.start.line + 1

    @property
    def column(self) -> int:
        """The column it begins in, from 1."""
        return self.start.column + 1


@dataclass(slots=True, eq=False)
class Scalar(_Span):
    """``text`` is what stands there without quotes, escapes and folding; ``value`` what it means."""

    text: str
    value: PlainScalar


@dataclass(slots=True, eq=False)
class Mapping(_Span):
    """``entries`` are keys and values in the order of the file, by key."""

    value: dict[str, Any] = field(default_factory=dict)
    entries: "dict[str, tuple[Scalar, Node]]" = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Sequence(_Span):
    """``items`` stand as in the file."""

    value: list[Any] = field(default_factory=list)
    items: "list[Node]" = field(default_factory=list)


Node = Scalar | Mapping | Sequence


@dataclass(frozen=True, slots=True)
class Tree:
    """One document: its number in the file, from 0, empty ones counted.

    ``start`` and ``end`` bound what belongs to it in ``text``, which is that of the whole file:
    comments around it and empty documents beside it included.
    """

    number: int
    root: Node
    text: str
    start: int
    end: int

    def find(self, path: Path) -> tuple[Scalar | None, Node]:
        """Returns the deepest node on a path and its key, if any.

        Steps that are not there are passed over.
        """
        key, node = None, self.root
        for step in path:
            if isinstance(node, Mapping) and step in node.entries:
                key, node = node.entries[str(step)]
            elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
                key, node = None, node.items[step]
        return key, node

    def walk(self) -> Iterator[tuple[Path, Scalar | None, Node]]:
        """Yields every node with its path and key, in the order of the text."""
        pending: list[tuple[Path, Scalar | None, Node]] = [((), None, self.root)]
        while pending:
            path, key, node = pending.pop()
            yield path, key, node
            if isinstance(node, Mapping):
                below = [((*path, name), *entry) for name, entry in node.entries.items()]
                pending += below[::-1]
            elif isinstance(node, Sequence):
                numbered = enumerate(node.items)
                pending += [((*path, index), None, item) for index, item in numbered][::-1]


# What stands for one character of the value, by style; a group of blanks is never counted.
_PLAIN = re.compile(r"[^ \t\r\n]")
_SINGLE = re.compile(r"''|[^ \t\r\n]")
_DOUBLE = re.compile(
    r"\\(?:x..|u.{4}|U.{8}|[^nt \t\r\n_NLPxuU])|(?P<blank>\\(?:[nt \t_NLP]|\r?\n[ \t]*))|[^ \t\r\n]"
)
_MARKS = {"": _PLAIN, "'": _SINGLE, '"': _DOUBLE, "|": _PLAIN, ">": _PLAIN}


def inside(text: str, node: Node, line: int, column: int) -> tuple[int, int]:
    """Line and column in the file of a line and column within a scalar, all from 1.

    Folding, indentation and line continuation change nothing but blanks, so the n-th
    character that is no blank stands for the n-th of the source. Falls back on the start.
    """
    if not isinstance(node, Scalar) or (line, column) == (1, 1):
        return node.line, node.column
    offset = _offset(node.text, line, column)
    count = len(_PLAIN.findall(node.text, 0, offset))
    on_blank = not _PLAIN.match(node.text, offset)
    marks = _visible(text, node)
    index = count - 1 if on_blank else count
    if not 0 <= index < len(marks):
        return node.line, node.column
    target = marks[index][1] if on_blank else marks[index][0]
    return advance(text, node.start.index, target, node.line, node.column)


def _offset(value: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = value.find("\n", start) + 1
        if not start:
            return len(value)
    return min(start + column - 1, len(value))


def _visible(text: str, node: Scalar) -> list[tuple[int, int]]:
    """Start and end in the text of every character of the scalar that is no blank."""
    start, end = node.start.index, node.end.index
    if node.style in ("'", '"'):
        start, end = start + 1, end - 1
    elif node.style in ("|", ">"):
        # The header line, with its indicators and perhaps a comment, is not content.
        start = text.find("\n", start, end) + 1 or end
    marks = _MARKS[node.style].finditer(text, start, end)
    return [match.span() for match in marks if match.lastgroup != "blank"]
