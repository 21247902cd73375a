"""What is wrong with a text that is not YAML, in the words of who wrote it.

libyaml says what its grammar wants, differently from version to version, and often one line late. So
the lines around its place are looked at for what people do: the first that explains the fault is told.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from maitred.rulefiles.messages import file_messages

_FIELD = re.compile(
    r"(?P<indent>[ \t]*)(?P<dashes>(?:- +)*)"
    r"(?:(?P<key>[\w.-]+|\"[^\"]*\"|'[^']*')[ \t]*:(?: +|$))?(?P<value>.*)"
)
_IN_FLOW = re.compile(r"(?P<indent>)(?P<dashes>)(?P<key>[\w.-]+) *: +(?P<value>(?:\$\{[^{}]*\}|[^,{}\[\]])*)")
# What YAML takes for a sign of its own where a text begins.
_SIGNS = frozenset("!&*%@`|>")
_INDICATORS = frozenset("\"'[{")
_TEXT_OR_BRACKET = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|(?:^|\s)#.*|[\[\]{}]")
_TEXT_IN_FLOW = re.compile(
    r"(?:[{,]\s*[\w.-]+:\s+|[\[,]\s*)(?P<value>[A-Za-z_!(][^,\[\]{}\"'#]*[^\s:,\[\]{}\"'#$])\s*\["
)
_TEXT_BRACKET_OR_COMMA = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|[()\[\]{},]")
_LOOKED_AT_CHARACTERS = 2_000
"""Of a line: what people write is shorter, and the expressions above are quadratic at worst."""
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")


class Mistake(NamedTuple):
    """Line and column, from 1, and the message."""

    line: int
    column: int
    message: str


def explained(text: str, *places: tuple[int, int]) -> Mistake:
    """Why libyaml stopped at one of the places, from 1, the likeliest first."""
    lines = [line for line, _ in places]
    split = [line[:_LOOKED_AT_CHARACTERS] for line in text.splitlines()]
    candidates = [line for line in dict.fromkeys((*lines, lines[0] - 1)) if 1 <= line <= len(split)]
    for line in candidates:
        for look in _LOOKS:
            fault = look(split, line - 1)
            if fault is not None:
                return Mistake(line, fault[0] + 1, fault[1])
    return unclosed_bracket(text) or Mistake(*places[0], file_messages.not_yaml())


def unclosed_bracket(text: str) -> Mistake | None:
    """The bracket that is open where the text, or its last field, ends."""
    opened: list[tuple[int, int, str]] = []
    pairs = {"]": "[", "}": "{"}
    for number, line in enumerate(text.splitlines(), 1):
        for match in _TEXT_OR_BRACKET.finditer(line, 0, _LOOKED_AT_CHARACTERS):
            sign = match[0]
            if sign in "[{":
                opened.append((number, match.start() + 1, sign))
            elif sign in pairs and opened:
                if opened[-1][2] != pairs[sign]:
                    return Mistake(*opened[-1][:2], file_messages.bracket_open(opened[-1][2]))
                opened.pop()
    if not opened:
        return None
    number, column, bracket = opened[0]
    return Mistake(number, column, file_messages.bracket_open(bracket))


def quoted_value(value: str) -> str:
    """A text as it can stand in one line, whatever it holds."""
    return f'"{value}"' if '"' not in value and "\\" not in value else "'" + value.replace("'", "''") + "'"


Found = tuple[int, str] | None
"""The column, from 0, and the message."""


def _tab(lines: list[str], index: int) -> Found:
    indent = lines[index][: len(lines[index]) - len(lines[index].lstrip())]
    return (indent.index("\t"), file_messages.tabs()) if "\t" in indent else None


def _values(line: str) -> Iterator[re.Match[str]]:
    match = _FIELD.match(line)
    if match:
        yield match
    yield from _IN_FLOW.finditer(line, match.start("value") if match else 0)


def _value(lines: list[str], index: int) -> Found:
    """A text that must stand in quotes."""
    for match in _values(lines[index]):
        value, at = match["value"].rstrip(), match.start("value")
        if match["indent"] == "" and re.match(r"[\w-]+\s*;\s*[\w.-]+:", value):
            return at, file_messages.comma_for_semicolon()
        if (match["key"] or match["dashes"]) and value and _must_be_quoted(value):
            bare = _without_comment(value)
            inner = bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] == "'" else bare
            return at, file_messages.needs_quotes(bare, quoted_value(inner))
    return None


def _flow_text(lines: list[str], index: int) -> Found:
    """A text with brackets of its own that stands in braces or brackets."""
    line = lines[index]
    for match in _TEXT_IN_FLOW.finditer(line):
        text = text_in_flow(line, match.start("value"))
        return match.start("value"), file_messages.needs_quotes(text, quoted_value(text))
    return None


def text_in_flow(line: str, start: int) -> str:
    """A text in braces or brackets, up to what ends it: commas and brackets within brackets belong to it."""
    depth = 0
    for match in _TEXT_BRACKET_OR_COMMA.finditer(line, start):
        if match[0] in "([{":
            depth += 1
        elif depth and match[0] in ")]}":
            depth -= 1
        elif match[0] in ",]}" and not depth:
            return line[start : match.start()].rstrip()
    return line[start:].rstrip()


def _without_comment(value: str) -> str:
    return value if value[:1] in _INDICATORS else _COMMENT.sub("", value).rstrip()


def _must_be_quoted(value: str) -> bool:
    if value[0] in _SIGNS:
        return not re.fullmatch(r"[|>][-+\d]*(?: +#.*)?", value)
    if value[0] in "\"'":
        closing = re.match(r"\"(?:\\.|[^\"\\])*\"|'(?:''|[^'])*'", value)
        return bool(closing and _COMMENT.sub("", value[closing.end() :]).strip(" ,]}"))
    if value[0] in "[{":
        return bool(re.search(r"[\]}]\s*[^\s,\]}#]", value)) and not value.startswith("{{")
    return value.startswith("- ") or ": " in value or value.endswith(":") or "${" in value


def _field(lines: list[str], index: int) -> Found:
    """A line that is no field: without a colon, or without the blank behind it."""
    line = lines[index]
    body = line.strip()
    at = len(line) - len(line.lstrip())
    if not body or body.startswith(("#", "-")) or re.match(r"[\w.-]+\s*:(?:\s|$)", body):
        return None
    if match := re.fullmatch(r"([A-Za-z_][\w-]*):(\S.*)", body):
        return at, file_messages.blank_after_colon(f"{match[1]}: {match[2]}")
    if match := re.fullmatch(r"[\"']([A-Za-z_][\w-]*): (.*)[\"']", body):
        return at, file_messages.quotes_around_field(f"{match[1]}: {match[2]}")
    if match := re.fullmatch(r"([A-Za-z_][\w-]*)\s*=\s*(\S.*)", body):
        return at, file_messages.colon_for_equals(f"{match[1]}: {match[2]}")
    if match := re.fullmatch(r"([A-Za-z_][\w-]*)\s+([^:{}\[\]]+)", body):
        return at, file_messages.colon_missing(f"{match[1]}: {match[2]}")
    return None


def _dash(lines: list[str], index: int) -> Found:
    match = re.match(r"(\s*)-(?=[A-Za-z_][\w-]*:)", lines[index])
    return (len(match[1]), file_messages.blank_after_dash()) if match else None


_NO_ESCAPE = re.compile(r"\\(?:[^0abtnvfre \"/\\N_LPxuU\t]|u[dD][89a-fA-F]..)")


def _escape(lines: list[str], index: int) -> Found:
    """A backslash in double quotes that YAML has no meaning for."""
    for match in re.finditer(r"\"(?:\\.|[^\"\\])*\"", lines[index]):
        if bad := _NO_ESCAPE.search(match[0]):
            return match.start() + bad.start(), file_messages.no_escape(bad[0])
    return None


def _indent(lines: list[str], index: int) -> Found:
    """A field that stands further right or left than the one before it."""
    line = lines[index]
    indent = len(line) - len(line.lstrip(" "))
    before = next(
        (other for other in reversed(lines[:index]) if other.strip() and not other.lstrip().startswith("#")),
        "",
    )
    other = len(before) - len(before.lstrip(" "))
    is_field = re.match(r"\s*(?:- )?[\w.-]+:(?:\s|$)|\s*- ", line)
    if not is_field or not before or indent == other or (before.rstrip().endswith(":") and indent > other):
        return None
    return indent, file_messages.wrong_column()


_LOOKS: tuple[Callable[[list[str], int], Found], ...] = (
    *(_tab, _escape, _value, _flow_text, _field, _dash, _indent),
)
