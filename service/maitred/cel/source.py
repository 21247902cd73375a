"""The text of an expression: its tokens, ``has()``, and which part of it says what."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from maitred.core.rules.expressions import ExpressionError

from . import messages
from .tree import Call, Node

PRESENCE = "has_"
"""``has(customer.age)`` is read as the variable ``has_.customer.age``: left alone, CEL's
checker takes the name of a variable inside ``has()`` for the variable itself."""

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|//[^\n]*)
    | (?P<text>[bB]?[rR](?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*')
          |[bB]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}
                |"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<quoted>`[^`\n]*`)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
CONSENT_ROOT = "consent"
CONSENT_FUNCTIONS = ("allowed", "asked")
"""``consent.allowed("news")`` is read as a variable as well: whether a fact is there, never unknown."""
LEARNED_FUNCTION, LEARNED_ROOT = "learned", "learned_"
"""``learned("uptake")`` is read as a variable too: each action has a value of its own for it."""
_PLAIN_TEXT = re.compile(r""""[^"\\]*"|'[^'\\]*'""")
PAIRS = {")": "(", "]": "[", "}": "{"}
"""Closing brackets and what they close."""
IsName = Callable[[str], bool]


class Token(NamedTuple):
    """One token; ``kind`` is ``text``, ``name``, ``quoted`` or ``sign``."""

    kind: str
    value: str
    at: int


def tokens_of(text: str) -> list[Token]:
    """Returns the tokens of a text without blanks and comments. Total: any text has tokens."""
    matches = _TOKEN.finditer(text)
    return [Token(m.lastgroup or "", m[0], m.start()) for m in matches if m.lastgroup != "space"]


def place_of(text: str, at: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset in characters."""
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


def error_at(text: str, at: int, message: str) -> ExpressionError:
    """Returns the error that points at an offset of the text."""
    return ExpressionError(message, *place_of(text, at))


def mark_consent(text: str, variable: Callable[[str, str], str]) -> str:
    """Returns the text, equally long, with every ``consent.allowed("...")`` as the variable for it.

    ``variable`` gives the one for a function of ``consent`` and a purpose. Raises ``ExpressionError``
    where what stands there is no purpose in quotes, and what ``variable`` raises at its place.
    """
    if CONSENT_ROOT not in text:
        return text
    tokens = tokens_of(text)
    for index, token in enumerate(tokens):
        free = token.kind == "name" and (not index or tokens[index - 1].value != ".")
        if free and token.value == CONSENT_ROOT and _value(tokens, index + 1) == ".":
            text = _mark_purpose(text, tokens, index, variable)
    return text


def _mark_purpose(text: str, tokens: list[Token], index: int, variable: Callable[[str, str], str]) -> str:
    start, function = tokens[index].at, _value(tokens, index + 2)
    if _value(tokens, index + 3) != "(" or function not in CONSENT_FUNCTIONS:
        raise error_at(text, start, messages.consent_of_what(CONSENT_FUNCTIONS))
    argument = tokens[index + 4] if index + 4 < len(tokens) else None
    plain = argument and argument.kind == "text" and _PLAIN_TEXT.fullmatch(argument.value)
    if not argument or not plain or _value(tokens, index + 5) != ")":
        raise error_at(text, start, messages.purpose_in_quotes(function))
    try:
        name = variable(function, argument.value[1:-1])
    except ExpressionError as error:
        raise error_at(text, argument.at, error.message) from None
    stop = tokens[index + 5].at + 1
    return text[:start] + name.ljust(stop - start) + text[stop:]


def mark_learned(text: str, variable: Callable[[str], str]) -> str:
    """Returns the text, equally long, with every ``learned("...")`` as the variable for it.

    Raises ``ExpressionError`` where no name in quotes stands there, and what ``variable`` raises.
    """
    if LEARNED_FUNCTION not in text:
        return text
    tokens = tokens_of(text)
    for index, token in enumerate(tokens):
        free = token.kind == "name" and (not index or tokens[index - 1].value != ".")
        if free and token.value == LEARNED_ROOT:
            raise error_at(text, token.at, messages.undeclared(LEARNED_ROOT, ()))
        if free and token.value == LEARNED_FUNCTION and _value(tokens, index + 1) == "(":
            text = _mark_learner(text, tokens, index, variable)
    return text


def _mark_learner(text: str, tokens: list[Token], index: int, variable: Callable[[str], str]) -> str:
    start, argument = tokens[index].at, tokens[index + 2] if index + 2 < len(tokens) else None
    plain = argument and argument.kind == "text" and _PLAIN_TEXT.fullmatch(argument.value)
    if not argument or not plain or _value(tokens, index + 3) != ")":
        raise error_at(text, start, messages.learner_in_quotes())
    try:
        name = variable(argument.value[1:-1])
    except ExpressionError as error:
        raise error_at(text, argument.at, error.message) from None
    stop = tokens[index + 3].at + 1
    return text[:start] + name.ljust(stop - start) + text[stop:]


def _any_name(name: str) -> bool:
    del name
    return True


def mark_presence(text: str, is_attribute: IsName, is_root: IsName = _any_name) -> str:
    """Returns the text, equally long, with every ``has(ATTRIBUTE)`` as the variable for it.

    ``is_root`` tells the first parts of declared names: what begins otherwise is left to CEL.
    Raises ``ExpressionError`` where ``has()`` is put on anything but an attribute.
    """
    if "has" not in text:
        return text
    tokens = tokens_of(text)
    for index, token in enumerate(tokens):
        free = token.kind == "name" and (not index or tokens[index - 1].value != ".")
        if free and token.value == PRESENCE:
            raise error_at(text, token.at, messages.undeclared(PRESENCE, ()))
        if free and token.value == "has" and _value(tokens, index + 1) == "(":
            text = _mark_one(text, tokens, index, is_attribute, is_root)
    return text


def _mark_one(text: str, tokens: list[Token], index: int, is_attribute: IsName, is_root: IsName) -> str:
    start = tokens[index].at
    end = index + 2
    while end < len(tokens) and tokens[end].value not in {"(", ")"}:
        end += 1
    inside = tokens[index + 2 : end]
    name = "".join(token.value for token in inside)
    plain = all(token.kind == "name" or token.value == "." for token in inside)
    if inside and plain and _value(tokens, end) == ")" and not is_root(name.partition(".")[0]):
        return text  # a field of what a macro runs over, or nothing: CEL knows
    if _value(tokens, end) != ")" or not plain or not is_attribute(name):
        raise error_at(text, start, messages.presence_of_what(name))
    stop = tokens[end].at + 1
    return text[:start] + f"{PRESENCE}.{name}".ljust(stop - start) + text[stop:]


def _value(tokens: list[Token], index: int) -> str:
    return tokens[index].value if index < len(tokens) else ""


@dataclass(slots=True)
class Spans:
    """Says which part of a text a boolean part of its tree is.

    For people: conditions are told from one another by their trees, never by this text.
    """

    text: str
    positions: Mapping[int, int]
    """Offsets of nodes by id; of operators, that of their sign."""
    _tokens: list[Token] = field(init=False)
    _offsets: list[int] = field(init=False)
    _partner: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = tokens_of(self.text)
        self._offsets = [token.at for token in self._tokens]
        self._partner = _partners(self._tokens)

    def leaves(self, root: Node) -> dict[int, str]:
        """Returns the text of every node that is reached from the root through logic alone, by id."""
        texts: dict[int, str] = {}
        pending = [(root, 0, len(self.text))]
        while pending:
            node, start, end = pending.pop()
            start, end = self._trim(start, end)
            texts[node.id] = self.text[start:end]
            if isinstance(node, Call):
                pending += self._operands(node, start, end)
        return texts

    def _operands(self, node: Call, start: int, end: int) -> list[tuple[Node, int, int]]:
        at, args = self.positions.get(node.id, start), node.args
        match node.function:
            case "_&&_" | "_||_":
                return [(args[0], start, at), (args[1], at + 2, end)]
            case "!_":
                return [(args[0], at + 1, end)]
            case "_?_:_":
                colon = self._colon(at, end)
                return [(args[0], start, at), (args[1], at + 1, colon), (args[2], colon + 1, end)]
            case _:
                return []

    def _colon(self, question: int, end: int) -> int:
        open_questions = 0
        index = bisect_right(self._offsets, question)
        while index < len(self._tokens):
            token = self._tokens[index]
            if token.value == "?":
                open_questions += 1
            elif token.value == ":":
                if not open_questions:
                    return token.at
                open_questions -= 1
            index = bisect_left(self._offsets, self._partner.get(token.at, token.at)) + 1
        return end

    def _trim(self, start: int, end: int) -> tuple[int, int]:
        """Without blanks, comments and brackets around the whole."""
        first = bisect_left(self._offsets, start)
        last = bisect_left(self._offsets, end) - 1
        while first < last and self._encloses(first, last):
            first, last = first + 1, last - 1
        if first > last:
            return start, end
        return self._offsets[first], self._offsets[last] + len(self._tokens[last].value)

    def _encloses(self, first: int, last: int) -> bool:
        opening = self._tokens[first]
        return opening.value == "(" and self._partner.get(opening.at) == self._offsets[last]


def _partners(tokens: list[Token]) -> dict[int, int]:
    """Where the bracket that opens at an offset closes."""
    partner: dict[int, int] = {}
    opened: list[Token] = []
    for token in tokens:
        if token.value in {"(", "[", "{"}:
            opened.append(token)
        elif token.value in PAIRS and opened and opened[-1].value == PAIRS[token.value]:
            partner[opened.pop().at] = token.at
    return partner
