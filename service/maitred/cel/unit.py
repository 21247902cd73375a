"""One expression, compiled once: its text, its tree, and programs for parts of it."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from maitred.core.expressions import ExpressionError

from . import messages
from .checked_pb2 import Expr
from .environment import NUL, ROW, Checked, Environment
from .limits import MAX_EXPRESSION_CHARACTERS
from .source import Spans, error_at, mark_presence
from .tree import Name, Node, decode, walk


class Unit:
    """A checked expression. Raises ``ExpressionError`` where the text does not compile."""

    def __init__(self, environment: Environment, text: str) -> None:
        _refuse_unreadable(text)
        self.text = text
        self._environment = environment
        self._checked: Checked = environment.check(mark_presence(text, environment.can_be_absent))
        self.root: Node = decode(self._checked.tree)
        self._programs: dict[int, Any] = {self.root.id: self._checked.program}
        self._names: dict[int, tuple[str, ...]] = {}

    @property
    def type(self) -> str:
        """CEL's name of the type, in lower case."""
        return self._checked.type.lower()

    def error(self, node: Node, message: str) -> ExpressionError:
        """An error that points at a node."""
        return error_at(self.text, node.at, message)

    def names(self, node: Node) -> tuple[str, ...]:
        """Every name in a part of the tree, in the order of the text."""
        if node.id not in self._names:
            found = (part.name for part in walk(node) if isinstance(part, Name))
            self._names[node.id] = tuple(dict.fromkeys(found))
        return self._names[node.id]

    @cached_property
    def columns(self) -> tuple[Name, ...]:
        """The columns of a row that are read, each where it is read first."""
        found = (node for node in walk(self.root) if isinstance(node, Name) and node.name.startswith(ROW))
        return tuple({node.name: node for node in reversed(list(found))}.values())

    def program(self, node: Node) -> Any:
        """What evaluates a part of the tree.

        The part itself goes back to CEL, not a text made from it: what is evaluated is then
        what was checked, and nothing hangs on printing and parsing a tree without a flaw.
        """
        if node.id not in self._programs:
            self._programs[node.id] = self._environment.part(self._checked.tree, self._exprs[node.id])
        return self._programs[node.id]

    def words(self, node: Node) -> str:
        """The author's text for a part that stands under logic alone, else for the whole."""
        return self._words.get(node.id, self.text)

    @cached_property
    def _words(self) -> dict[int, str]:
        return Spans(self.text).leaves(self.root)

    @cached_property
    def _exprs(self) -> dict[int, Expr]:
        return {expr.id: expr for expr in _exprs_of(self._checked.tree.expr)}


def _refuse_unreadable(text: str) -> None:
    if not text.strip():
        raise ExpressionError(messages.EMPTY)
    if len(text) > MAX_EXPRESSION_CHARACTERS:
        raise ExpressionError(messages.too_long(len(text), MAX_EXPRESSION_CHARACTERS))
    if NUL in text:
        raise error_at(text, text.index(NUL), messages.NUL_IN_TEXT)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise error_at(text, error.start, messages.SURROGATE_IN_TEXT) from None


def _exprs_of(expr: Expr) -> Iterator[Expr]:
    """The expression and all below it. Every message but ``Expr`` is looked through."""
    pending: list[Any] = [expr]
    while pending:
        message = pending.pop()
        if isinstance(message, Expr):
            yield message
        for field, value in message.ListFields():
            if field.message_type is not None:
                pending.extend(value if field.is_repeated else (value,))
