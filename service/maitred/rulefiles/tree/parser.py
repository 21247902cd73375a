"""YAML text to trees, by libyaml's events; refuses what makes YAML surprising.

Events and not PyYAML's constructors, because those keep the last of two equal keys, follow
aliases and merge keys (867 bytes cost 9.7 s) and recurse as deep as a text says.
Every refusal is told where it stands and reading goes on, with a stand-in.

Plain scalars mean what the core schema of YAML 1.2 says: ``no`` is a string, ``010`` is 10, ``1e3`` a
float (https://yaml.org/spec/1.2.2/#103-core-schema). Values that no rule can use (NaN, infinities,
integers beyond 64 bits) are faults.
"""

import math
import re
from collections.abc import Callable
from typing import Any

import yaml

from maitred.core.values.pauses import Pause, no_pause
from maitred.core.values.texts import composed
from maitred.rulefiles import bounds
from maitred.rulefiles.messages import file_messages
from maitred.selftest import relying_on

from .mistakes import Mistake, explained, quoted_value, text_in_flow
from .nodes import Mapping, Mark, Node, PlainScalar, Scalar, Sequence, Tree
from .text import BOM, FORBIDDEN, advance

MAY_RESOLVE = frozenset("-+.0123456789~nNtTfF")
"""First characters of everything that is not a string."""

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
# Longer digits than int64 has, whatever their value; int() itself refuses 4,300.
_INT_CHARACTERS = 64
_CURLY, _CURLY_ENDS = frozenset("“„«‘"), frozenset("”“»’")  # noqa: RUF001 -- of word processors
_LOOKED_AT = MAY_RESOLVE | _CURLY

Tell = Callable[[int, int, str], None]
"""Takes line and column, from 1, and a message."""

_CONFLICT = re.compile(r"^(?:<{7}(?: .*)?|={7}|>{7}(?: .*)?)$", re.MULTILINE)
_QUOTES = ("'", '"')
_DOCUMENT_MARKS = ("---", "...")


def read(data: bytes, tell: Tell, warn: Tell | None = None, pause: Pause = no_pause) -> list[Tree]:
    """Returns the documents of a file that are not empty; after a syntax error there are no more.

    Pauses before each.
    """
    text = _checked(data, tell)
    if text is None:
        return []
    builder = _Builder(text, tell, warn or tell)
    try:
        builder.read(yaml.CBaseLoader(text), pause)
    except yaml.MarkedYAMLError as error:
        builder.tell_syntax(error)
    except _TooDeep:
        pass
    return builder.trees()


def _checked(data: bytes, tell: Tell) -> str | None:
    if len(data) > bounds.YAML_FILE_BYTES:
        tell(0, 0, file_messages.file_too_large(bounds.YAML_FILE_BYTES))
        return None
    try:
        text = data.decode("utf-8").removeprefix(BOM)
    except UnicodeDecodeError as error:
        line, column = _place_of_byte(data, error.start)
        tell(line, column, file_messages.not_utf8())
        return None
    if match := FORBIDDEN.search(text):
        tell(*advance(text, 0, match.start(), 1, 1), file_messages.forbidden_character(match[0]))
        return None
    if fault := _conflict(text):
        tell(*fault)
        return None
    return text


def _conflict(text: str) -> Mistake | None:
    """Returns the first mark of a merge that was not finished; no rule file has such a line otherwise."""
    match = _CONFLICT.search(text)
    return (
        Mistake(text.count("\n", 0, match.start()) + 1, 1, file_messages.merge_conflict()) if match else None
    )


def _place_of_byte(data: bytes, index: int) -> tuple[int, int]:
    before = data[:index].decode("utf-8", "replace")
    return advance(before, 0, len(before), 1, 1)


class _TooDeep(Exception):
    """Nothing below can be of use, and reading it costs."""


class _Builder:
    """Builds the trees of one file. A stack instead of recursion: depth costs nothing.

    ``_key`` is the key whose value comes next; ``_dropped`` where that value is thrown away.
    """

    def __init__(self, text: str, tell: Tell, warn: Tell) -> None:
        self._text, self._tell_at, self._warn_at = text, tell, warn
        self._documents: list[tuple[int, int, Node]] = []
        self._number = -1
        self._start = 0
        self._root: Node | None = None
        self._open: Mapping | Sequence | None = None
        self._key: Scalar | None = None
        self._dropped = False
        self._stack: list[tuple[Mapping | Sequence | None, Scalar | None, bool]] = []
        self._last: Any = None

    def trees(self) -> list[Tree]:
        """Returns the documents read so far."""
        starts = [0, *(start for _, start, _ in self._documents[1:]), len(self._text)]
        return [
            Tree(number, root, self._text, start, end)
            for (number, _, root), start, end in zip(self._documents, starts, starts[1:], strict=False)
        ]

    def read(self, loader: Any, pause: Pause) -> None:
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
        next_event = loader.get_event
        while (kind := type(event := next_event())) is not yaml.StreamEndEvent:
            handlers[kind](event)
            self._last = event
            if kind is yaml.DocumentEndEvent:
                pause()

    def tell_syntax(self, error: yaml.MarkedYAMLError) -> None:
        """Reports what ``read`` raised, judged by its place: libyaml's words differ by version."""
        start, mark = error.context_mark, error.problem_mark or error.context_mark
        if start is not None and self._is_unclosed(start.index, mark.index if mark else 0):
            self._tell(start, file_messages.unclosed_text())
        elif too_deep := self._depth_exceeded(error):
            self._tell_at(*too_deep, file_messages.too_deep())
        else:
            places = [(place.line + 1, place.column + 1) for place in (mark, start) if place]
            self._tell_at(*explained(self._text, *(places or [(1, 1)])))

    def _is_unclosed(self, start: int, end: int) -> bool:
        """Returns whether a quoted text runs to the end of its document: what follows it is not to blame."""
        ended = end >= len(self._text) or self._text.startswith(_DOCUMENT_MARKS, end)
        return ended and self._text.startswith(_QUOTES, start)

    def _depth_exceeded(self, error: yaml.MarkedYAMLError) -> tuple[int, int] | None:
        """Where brackets that libyaml has looked ahead over nest too deeply.

        Its scanner bounds them by its own limit, version by version, before it gives any event.
        """
        mark = error.problem_mark
        depth = len(self._stack)
        end = self._last.end_mark.index if self._last else 0
        for index in range(end, mark.index if mark else end):
            depth += (self._text[index] in "[{") - (self._text[index] in "]}")
            if depth > bounds.NESTING_LEVELS:
                return advance(self._text, 0, index, 1, 1)
        return None

    def _tell(self, mark: Mark, message: str) -> None:
        self._tell_at(mark.line + 1, mark.column + 1, message)

    def _start_document(self, event: yaml.DocumentStartEvent) -> None:
        mark: Any = event.start_mark
        self._number += 1
        self._start = mark.index
        self._root, self._open, self._key, self._dropped, self._stack = None, None, None, False, []
        if event.version or event.tags:
            self._tell(mark, file_messages.directive())

    def _end_document(self, _event: yaml.DocumentEndEvent) -> None:
        if self._root is not None and self._root.value is not None:
            self._documents.append((self._number, self._start, self._root))

    def _scalar(self, event: Any) -> None:
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event)
        text, style, mark = composed(event.value), event.style or "", event.start_mark
        node = Scalar(mark, event.end_mark, style, text, text)
        target = self._open
        if type(target) is Mapping and self._key is None and not self._dropped:
            self._take_key(node, target)
            return
        if not style:
            if not text or text[0] in _LOOKED_AT:
                self._look_at(node)
        elif style == '"' and (match := FORBIDDEN.search(text)):
            self._tell(mark, file_messages.forbidden_character(match[0]))
        self._put(node)

    def _take_key(self, node: Scalar, mapping: Mapping) -> None:
        key = node.text
        if key == "<<" and not node.style:
            self._tell(node.start, file_messages.merge_key())
        elif node.style == '"' and FORBIDDEN.search(key):
            self._tell(node.start, file_messages.forbidden_character(key))
        elif key in mapping.entries:
            self._tell(node.start, file_messages.duplicate_key(key))
        else:
            self._key = node
            return
        self._dropped = True

    def _look_at(self, node: Scalar) -> None:
        if not node.text or node.text[0] not in _CURLY:
            node.value = self._resolved(node)
        elif node.text[-1] in _CURLY_ENDS:
            self._warn_at(node.line, node.column, file_messages.curly_quotes())

    def _resolved(self, node: Scalar) -> PlainScalar:
        try:
            return resolve(node.text)
        except ValueError as error:
            self._tell(node.start, str(error))
            return 0

    def _put(self, node: Node) -> None:
        target = self._open
        if type(target) is Mapping:
            key = self._key
            if key is not None:
                target.value[key.text] = node.value
                target.entries[key.text] = (key, node)
                self._key = None
            else:
                # A key that is no text is dropped with its value.
                self._dropped = not self._dropped
        elif type(target) is Sequence:
            target.value.append(node.value)
            target.items.append(node)
        else:
            self._root = node

    def _start_mapping(self, event: Any) -> None:
        style = "flow" if event.flow_style else ""
        self._start_collection(event, Mapping(event.start_mark, event.end_mark, style))

    def _start_sequence(self, event: Any) -> None:
        style = "flow" if event.flow_style else ""
        self._start_collection(event, Sequence(event.start_mark, event.end_mark, style))

    def _start_collection(self, event: Any, node: Mapping | Sequence) -> None:
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event)
        if len(self._stack) >= bounds.NESTING_LEVELS:
            self._tell(node.start, file_messages.too_deep())
            raise _TooDeep
        if type(self._open) is Mapping and self._key is None and not self._dropped:
            self._tell(node.start, file_messages.key_not_text())
        self._put(node)
        # The level above goes on after its value, with whatever key it then has.
        self._stack.append((self._open, self._key, self._dropped))
        self._open, self._key, self._dropped = node, None, False

    def _end(self, event: Any) -> None:
        assert self._open is not None
        self._open.end = event.end_mark
        self._open, self._key, self._dropped = self._stack.pop()

    def _alias(self, event: Any) -> None:
        self._tell(event.start_mark, file_messages.alias(event.anchor or ""))
        self._put(Scalar(event.start_mark, event.end_mark, "", "", None))

    def _refuse_properties(self, event: Any) -> None:
        if event.anchor is not None:
            self._tell(event.start_mark, file_messages.anchor(event.anchor))
        if event.tag is not None:
            self._refuse_tag(event.start_mark, event.tag)

    def _refuse_tag(self, mark: Mark, tag: str) -> None:
        """`!customer.sick` is a condition and no tag: to remove it would turn the rule into its opposite."""
        end = self._text.find("\n", mark.index)
        start = self._text.rfind("\n", 0, mark.index) + 1
        before, written = self._text[start : mark.index], self._text[mark.index : end if end >= 0 else None]
        in_flow = sum(map(before.count, "{[")) > sum(map(before.count, "]}"))
        written = text_in_flow(written, 0) if in_flow else written.rstrip()
        if written.startswith("!!") or not written.startswith("!"):
            self._tell(mark, file_messages.tag(tag))
        else:
            self._tell(mark, file_messages.begins_with_exclamation(quoted_value(written)))


def self_test() -> None:
    """Reads the events of a small text. Raises ``Unfit``."""
    with relying_on("PyYAML", "the events of libyaml with their places"):
        loader: Any = yaml.CBaseLoader("a: [1]\n")
        events = []
        while not isinstance(event := loader.get_event(), yaml.StreamEndEvent):
            events.append((type(event).__name__, event.start_mark.column, event.end_mark.index))
        if events[3:6] != [("ScalarEvent", 0, 1), ("SequenceStartEvent", 3, 4), ("ScalarEvent", 4, 5)]:
            raise ValueError(f"the events are {events}")


def resolve(text: str) -> PlainScalar:
    """Returns the value of a plain scalar. Raises ``ValueError`` with the message for the author."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return _integer(text, 10)
    if _PREFIXED.fullmatch(text):
        return _integer(text, 0)
    if _FLOAT.fullmatch(text):
        return _finite(text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(file_messages.not_finite(text))
    return text


def _integer(text: str, base: int) -> int:
    if len(text) <= _INT_CHARACTERS:
        value = int(text, base)
        if bounds.INT64_MIN <= value <= bounds.INT64_MAX:
            return value
    raise ValueError(file_messages.integer_too_large(text))


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(file_messages.not_finite(text))
    return value
