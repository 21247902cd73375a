"""cel-cpp's error reports, in the words of a rule author."""

import re
from bisect import bisect_left

from maitred.core.rules.expressions import ExpressionError

from . import messages
from .declarations import PACKAGE
from .habits import KnownNames, bracket_fault, habit_of
from .source import Token, place_of, tokens_of

FUNCTIONS = (
    *("age", "all", "bool", "charAt", "contains", "date", "double", "duration", "dyn", "endsWith", "exists"),
    *("exists_one", "filter", "format", "inNetwork", "indexOf", "join", "lastIndexOf", "lowerAscii"),
    *("replace", "reverse", "split", "substring", "trim", "upperAscii", "hasValue", "orValue", "value"),
    *("cel.bind", "math.abs", "math.ceil", "math.floor", "math.greatest", "math.isFinite", "math.isInf"),
    *("math.isNaN", "math.least", "math.round", "math.sign", "math.sqrt", "math.trunc"),
    *("optional.none", "optional.of", "strings.quote"),
    *(
        "getDate",
        "getDayOfMonth",
        "getDayOfWeek",
        "getDayOfYear",
        "getFullYear",
        "getHours",
        "getMilliseconds",
    ),
    *("getMinutes", "getMonth", "getSeconds", "has", "int", "map", "matches", "size", "startsWith", "string"),
    *("timestamp", "type", "uint"),
)
"""The functions and macros that conditions may use."""

_REPORT = re.compile(
    r"^(?:INVALID_ARGUMENT: )?ERROR: <input>:(-?\d+):(-?\d+): (.*?)(?: \[[A-Z_]+\])?$", re.MULTILINE
)
_UNDECLARED = re.compile(r"undeclared reference to '(.*)' \(in container '.*'\)")
_OVERLOAD = re.compile(r"found no matching overload for '(.*?)' applied to '\((.*)\)'")
_SELECT = re.compile(r"expression of type '(.*)' cannot be the operand of a select operation")
_ON_A_TYPE = re.compile(r"expression of type 'type\(")
_FIELD = re.compile(r"undefined field '(.*)' not found in struct '(.*)'")
_RANGE = re.compile(r"expression of type '(.*)' cannot be the range of a comprehension")
_UNEXPECTED = re.compile(r"Syntax error: (?:mismatched|extraneous) input '(.*?)' expecting")
_MISSING = re.compile(r"Syntax error: missing '(.*?)' at")
_UNREADABLE = re.compile(
    r"Syntax error: (?:token recognition error at:|no viable alternative at input) '(.*?)'?$"
)
_RESERVED = re.compile(r"reserved identifier: (\w+)")
_OBJECT = re.compile(rf"{PACKAGE}\.items\.\w+")
_QUOTES = ('"', "'", "`")
_BETWEEN = frozenset(("&&", "||", "==", "!=", "<", "<=", ">", ">=", "+", "*", "/", "%", "in"))
_OTHERS = (
    ("int literal", messages.NUMBER_TOO_LARGE),
    ("must be a simple identifier", messages.ITEM_NEEDS_A_NAME),
)
"""By a part of what cel-cpp says."""


def complaint(report: str, text: str, known: KnownNames) -> ExpressionError:
    """Returns the error to show for a report on a text.

    What is habit in another language is told as such; CEL's parser points at its consequences.
    """
    if "recursion" in report:
        return ExpressionError(messages.TOO_DEEP)
    items = [_Item(text, *match.groups()) for match in _REPORT.finditer(report)]
    if not items:
        return ExpressionError(messages.failure(report))
    mistake = habit_of(text, known) or (bracket_fault(text) if items[0].is_syntax else None)
    if mistake is None:
        item = next((item for item in items if item.is_unknown_function), items[0])
        mistake = (item.start, item.message(known))
    at, message = mistake
    return ExpressionError(message, *place_of(text, at))


class _Item:
    """One error of a report."""

    def __init__(self, text: str, line: str, column: str, words: str) -> None:
        self._words, self._text = words, text
        self.start = _offset_of(text, int(line), int(column))
        self._undeclared: str | None = None
        self.is_unknown_function = False
        match = _UNDECLARED.fullmatch(words)
        # `list.NAME` of no such list: `list` alone is the name of a type.
        if match or _ON_A_TYPE.match(words):
            self._find_name(tokens_of(text), match[1] if match else None)

    def _find_name(self, tokens: list[Token], name: str | None) -> None:
        """CEL points at the last dot of a name and at the bracket of a call; people look at its start.

        An unknown function also leaves the variables of a macro undeclared: it is told first.
        """
        index = bisect_left(tokens, self.start, key=lambda token: token.at)
        self.is_unknown_function = index < len(tokens) and tokens[index].value == "("
        first = index - 1 if self.is_unknown_function else _start_of_name(tokens, index)
        if 0 <= first < len(tokens):
            self.start = tokens[first].at
        self._undeclared = name or "".join(token.value for token in tokens[first : index + 2])

    @property
    def is_syntax(self) -> bool:
        """Whether the text was not even parsed."""
        return self._words.startswith("Syntax error")

    def message(self, known: KnownNames) -> str:
        names = known.names
        if self.is_unknown_function and self._undeclared in FUNCTIONS:
            return messages.wrong_count(self._undeclared)
        if self._undeclared is not None:
            if self.is_unknown_function:
                return messages.no_such_function(self._undeclared, FUNCTIONS)
            return messages.undeclared(self._undeclared, names)
        if match := _OVERLOAD.fullmatch(self._words):
            return messages.wrong_operands(match[1], _types(match[2]))
        if match := _SELECT.fullmatch(self._words):
            return messages.cannot_select(*_types(match[1]))
        if (match := _FIELD.fullmatch(self._words)) and not _OBJECT.fullmatch(match[2]):
            return messages.cannot_select(*_types(match[2]))
        if match := _FIELD.fullmatch(self._words):
            fields = {field.name for attribute in known.lists_of_objects() for field in attribute.type.fields}
            return messages.no_such_field(match[1], sorted(fields))
        if match := _RANGE.match(self._words):
            return messages.not_a_list(*_types(match[1]))
        return self._syntax()

    def _syntax(self) -> str:
        if match := _MISSING.match(self._words):
            return messages.missing_token(match[1])
        if match := _UNEXPECTED.match(self._words):
            return self._ends_early() if match[1] == "<EOF>" else self._unexpected(match[1])
        if match := _UNREADABLE.match(self._words):
            quoted = match[1].lstrip("bBrR").startswith(_QUOTES)
            return messages.unclosed_text() if quoted else messages.unexpected(match[1])
        words = self._words.removeprefix("Syntax error: ")
        if match := _RESERVED.match(words):
            return messages.reserved_word(match[1])
        return next((message for part, message in _OTHERS if part in words), messages.CANNOT_BE_READ)

    def _ends_early(self) -> str:
        tokens = tokens_of(self._text)
        return messages.ends_with(_sign_at_end(tokens)) if tokens else messages.ENDS_EARLY

    def _unexpected(self, token: str) -> str:
        first = self._text[: self.start].strip() == ""
        return messages.begins_with(token) if first and token in _BETWEEN else messages.unexpected(token)


def _sign_at_end(tokens: list[Token]) -> str:
    last = "".join(token.value for token in tokens[-2:] if token.kind == "sign")
    return last if last in _BETWEEN else tokens[-1].value


def _start_of_name(tokens: list[Token], index: int) -> int:
    """Returns the first token of the dotted name that has its last dot at an index."""
    while 0 < index < len(tokens) and tokens[index].value == ".":
        index -= 1
        if index and tokens[index - 1].value == ".":
            index -= 1
    return index


def _offset_of(text: str, line: int, column: int) -> int:
    """Returns the offset of a line and column from 1; the start of the text where they are none."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    if not 1 <= line <= len(starts) or column < 1:
        return 0
    return min(starts[line - 1] + column - 1, len(text))


def _types(listed: str) -> list[str]:
    """CEL's spelling of types, in that of ``Context``."""
    plain = listed.replace("google.protobuf.Timestamp", "timestamp").replace(
        "google.protobuf.Duration", "duration"
    )
    plain = _OBJECT.sub("object", plain).replace(f"{PACKAGE}.", "")
    plain = re.sub(r"list\(([^()]*)\)", r"list<\1>", plain)
    return re.split(r", (?![^(]*\))", plain) if plain else []
