"""Bytes of a rule file to text, and what no rule file may contain."""

import re

from maitred.rulefiles import bounds

# Control characters; line breaks that YAML 1.1 and 1.2 disagree about; byte order marks inside
# a text; non-characters; and the bidirectional controls that make a line read otherwise than it
# is (https://www.unicode.org/reports/tr36/, CVE-2021-42574).
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufeff\ufffe\uffff]"
)
_BREAK = re.compile(r"\r\n|\r|\n")
_BYTE_BREAK = re.compile(rb"\r\n|\r|\n")
BOM = "\ufeff"
"""A byte order mark, which editors put before a text."""
# The most that UTF-8 spends on one character.
_CHARACTER_BYTES = 4


def advance(text: str, start: int, index: int, line: int, column: int) -> tuple[int, int]:
    """Line and column of ``index``, where those of ``start`` are ``line`` and ``column``."""
    last = None
    for last in _BREAK.finditer(text, start, index):  # noqa: B007 - the last one is used below
        line += 1
    return (line, column + index - start) if last is None else (line, index - last.end() + 1)


class Lines:
    """The lines of a file, for quoting."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._breaks = [match.span() for match in _BYTE_BREAK.finditer(data)]

    def text(self, line: int) -> str:
        """Returns a line, counted from 1: cut where it is very long, empty where there is none."""
        if not 1 <= line <= len(self._breaks) + 1:
            return ""
        start = self._breaks[line - 2][1] if line > 1 else 0
        end = self._breaks[line - 1][0] if line <= len(self._breaks) else len(self._data)
        end = min(end, start + _CHARACTER_BYTES * bounds.EXCERPT_CHARACTERS)
        text = self._data[start:end].decode("utf-8", "replace").removeprefix(BOM)
        return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text[: bounds.EXCERPT_CHARACTERS])
