"""YAML text to plain values, by libyaml's events; refuses what makes YAML surprising.

Events and not PyYAML's loaders, because those keep the last of two equal keys, follow
aliases and merge keys (867 bytes cost 9.7 s) and recurse as deep as a text says.
Every refusal is reported where it stands and reading goes on, with a stand-in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml
from yaml._yaml import CParser

from . import limits, messages
from .scalars import MAY_RESOLVE, Plain, resolve
from .text import FORBIDDEN, advance, decode

Told = Callable[[int, int, str], None]
"""Takes line and column, from 1, and a message."""

# In the words of libyaml.
_QUOTED = "while scanning a quoted scalar"
_UNCLOSED = frozenset(("found unexpected end of stream", "found unexpected document indicator"))

Node = dict[str, "Node"] | list["Node"] | Plain


@dataclass(frozen=True, slots=True)
class Tree:
    """One document: its number in the file, from 0, empty ones counted."""

    number: int
    root: Node


def read(data: bytes, told: Told) -> list[Tree]:
    """The documents of a file that are not empty; after a syntax error there are no more."""
    text = _checked(data, told)
    if text is None:
        return []
    builder = _Builder(text, told)
    try:
        builder.read(CParser(text))
    except yaml.MarkedYAMLError as error:
        _tell_syntax(error, told)
    except _TooDeep:
        pass
    return builder.trees


def _tell_syntax(error: yaml.MarkedYAMLError, told: Told) -> None:
    """A text without its end is told where it begins: what follows it is not to blame."""
    unclosed = error.context == _QUOTED and error.problem in _UNCLOSED
    mark = (error.context_mark if unclosed else error.problem_mark) or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = error.problem or error.context or ""
    told(line, column, messages.unclosed_text() if unclosed else messages.yaml_syntax(problem))


def _checked(data: bytes, told: Told) -> str | None:
    if len(data) > limits.YAML_FILE_BYTES:
        told(0, 0, messages.file_too_large(limits.YAML_FILE_BYTES))
        return None
    try:
        text = decode(data)
    except UnicodeDecodeError as error:
        line, column = _place_of_byte(data, error.start)
        told(line, column, messages.not_utf8())
        return None
    if found := FORBIDDEN.search(text):
        told(*advance(text, 0, found.start(), 1, 1), messages.forbidden_character(found[0]))
        return None
    return text


def _place_of_byte(data: bytes, index: int) -> tuple[int, int]:
    before = data[:index].decode("utf-8", "replace")
    return advance(before, 0, len(before), 1, 1)


class _TooDeep(Exception):
    """Nothing below can be of use, and reading it costs."""


class _Absent:
    """No key yet, or a key whose value is thrown away."""


_NO_KEY, _DROPPED = _Absent(), _Absent()


class _Builder:
    """Builds the values of one file. A stack instead of recursion: depth costs nothing."""

    def __init__(self, text: str, told: Told) -> None:
        self._text, self._told = text, told
        self.trees: list[Tree] = []
        self._number = -1
        self._stack: list[tuple[dict[str, Node] | list[Node] | None, str | _Absent]] = []
        self._open: dict[str, Node] | list[Node] | None = None
        self._key: str | _Absent = _NO_KEY
        self._root: Node = None

    def read(self, parser: CParser) -> None:
        """Every event to its handler."""
        handlers: dict[Any, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._start_mapping,
            yaml.SequenceStartEvent: self._start_sequence,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._start_document,
            yaml.DocumentEndEvent: self._end_document,
            yaml.StreamStartEvent: lambda _: None,
        }
        next_event = parser.get_event
        while (kind := type(event := next_event())) is not yaml.StreamEndEvent:
            handlers[kind](event)

    def _tell(self, event: yaml.Event, message: str) -> None:
        mark = event.start_mark
        assert mark is not None
        self._told(mark.line + 1, mark.column + 1, message)

    def _start_document(self, event: yaml.DocumentStartEvent) -> None:
        self._number += 1
        self._root, self._open, self._key, self._stack = None, None, _NO_KEY, []
        if event.version or event.tags:
            self._tell(event, messages.directive())

    def _end_document(self, _event: yaml.DocumentEndEvent) -> None:
        if self._root is not None:
            self.trees.append(Tree(self._number, self._root))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event)
        target = self._open
        if self._key is _NO_KEY and type(target) is dict:
            self._take_key(event, target)
            return
        value: Plain = event.value
        if not event.style:
            if event.value[:1] in MAY_RESOLVE or not event.value:
                value = self._resolved(event)
        elif event.style == '"' and (found := FORBIDDEN.search(event.value)):
            self._tell(event, messages.forbidden_character(found[0]))
        self._put(value)

    def _take_key(self, event: yaml.ScalarEvent, mapping: dict[str, Node]) -> None:
        key = event.value
        if key == "<<" and not event.style:
            self._tell(event, messages.merge_key())
        elif event.style == '"' and FORBIDDEN.search(key):
            self._tell(event, messages.forbidden_character(key))
        elif key in mapping:
            self._tell(event, messages.duplicate_key(key))
        else:
            self._key = key
            return
        self._key = _DROPPED

    def _resolved(self, event: yaml.ScalarEvent) -> Plain:
        try:
            return resolve(event.value)
        except ValueError as error:
            self._tell(event, str(error))
            return 0

    def _put(self, value: Node) -> None:
        target = self._open
        if type(target) is list:
            target.append(value)
        elif type(target) is dict:
            if self._key is _NO_KEY:
                self._key = _DROPPED
                return
            if type(self._key) is str:
                target[self._key] = value
            self._key = _NO_KEY
        else:
            self._root = value

    def _start_mapping(self, event: yaml.MappingStartEvent) -> None:
        self._start(event, {})

    def _start_sequence(self, event: yaml.SequenceStartEvent) -> None:
        self._start(event, [])

    def _start(self, event: yaml.CollectionStartEvent, collection: dict[str, Node] | list[Node]) -> None:
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event)
        if len(self._stack) >= limits.NESTING_LEVELS:
            self._tell(event, messages.too_deep())
            raise _TooDeep
        if self._key is _NO_KEY and type(self._open) is dict:
            self._tell(event, messages.key_not_text())
        self._put(collection)
        # The level above goes on after its value, with whatever key it then has.
        self._stack.append((self._open, self._key))
        self._open, self._key = collection, _NO_KEY

    def _end(self, _event: yaml.Event) -> None:
        self._open, self._key = self._stack.pop()

    def _alias(self, event: yaml.AliasEvent) -> None:
        self._tell(event, messages.alias(event.anchor or ""))
        self._put(None)

    def _refuse_properties(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._tell(event, messages.anchor(event.anchor))
        if event.tag is not None:
            self._tell(event, messages.tag(event.tag))
