"""One expression, compiled once: its text, its tree, and programs for parts of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

from maitred.core.rules.expressions import ExpressionError
from maitred.core.values.types import ROW

from . import messages
from .bounds import MAX_EXPRESSION_CHARACTERS
from .checked_pb2 import CheckedExpr, Expr, Type
from .environment import NUL, Environment
from .source import Spans, error_at, mark_consent, mark_learned, mark_presence
from .tree import Const, Name, Node, below, decode, walk
from .typing import MAX_SCALE, Rewriting, Typing, Variant, needs_typing, scale_of


class NeedsText(Exception):
    """The text must be compiled by itself: more is asked of it than its tree."""


@dataclass(frozen=True, slots=True)
class _Checked:
    """What checking a text gives; ``packed`` and ``program`` are ``None`` where one like it was checked."""

    type: str
    root: Node
    is_own: bool
    types: dict[int, str] | None = None
    packed: bytes | None = None
    program: Any = None


class CompiledExpression:
    """A checked expression, made by ``of`` or ``alike``.

    A ruleset has thousands: what only errors and residuals need is decoded when they do.
    """

    def __init__(self, environment: Environment, text: str, checked: _Checked) -> None:
        self._environment, self.text = environment, text
        self.attributes, self.known = environment.attributes, environment.known
        self.type, self._packed = checked.type, checked.packed
        self.root, self.is_own = checked.root, checked.is_own
        self._types = checked.types
        self._constants: dict[int, Const | Name] = {}
        self.variants: dict[str, Variant] = {}
        self._programs: dict[int, Any] = {}
        self.parts: dict[int, Any] = {}
        self._words: dict[int, str] | None = None
        if self.is_own:
            self._read_constants()
        elif checked.program:
            self._programs[self.root.id] = checked.program

    @classmethod
    def of(cls, environment: Environment, text: str) -> "CompiledExpression":
        """Returns the expression of a text. Raises ``ExpressionError`` where that does not compile."""
        refuse_unreadable(text)
        marked = mark_presence(text, environment.can_be_absent, environment.is_root)
        marked = mark_learned(mark_consent(marked, environment.consent), environment.learned)
        checked = environment.check(marked)
        root = decode(checked.tree.expr)
        is_own = any(needs_typing(node, environment.own) for node in walk(root))
        return cls(
            environment, text, _Checked(checked.type, root, is_own, None, checked.packed, checked.program)
        )

    def alike(self, text: str, root: Node) -> "CompiledExpression":
        """The expression of a text that differs in constants only; ``root`` is its tree, with the same ids.

        Raises ``NeedsText``, and so does what it makes, for what only the checked text can tell.
        """
        checked = _Checked(self.type, root, self.is_own, self._type_names())
        return CompiledExpression(self._environment, text, checked)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes of the tree, in the order of the text."""
        return tuple(walk(self.root))

    @cached_property
    def columns(self) -> tuple[Name, ...]:
        """The columns of a row that are read, each where it is read first."""
        first: dict[str, Name] = {}
        for node in walk(self.root):
            if isinstance(node, Name) and node.name.startswith(ROW):
                first.setdefault(node.name, node)
        return tuple(first.values())

    def checked_tree(self) -> Node:
        """Returns the tree as it was checked, with the constants as they are written."""
        return decode(self._checked.expr) if self.is_own else self.root

    def offsets(self) -> Mapping[int, int]:
        """Where the nodes stand in the text, by id."""
        return self._checked.source_info.positions

    def error(self, node: Node, message: str) -> ExpressionError:
        """Returns an error that points at a node."""
        return error_at(self.text, self._checked.source_info.positions.get(node.id, 0), message)

    def _read_constants(self) -> None:
        typing = Typing(self)
        self.root = typing.read(self.root, {})
        self._constants, self.variants = typing.constants, typing.variants

    def type_of(self, node: Node) -> str:
        """Returns the checker's name of a node's type, ``list<...>`` of a list."""
        return self._type_names().get(node.id, "")

    def _type_names(self) -> dict[int, str]:
        if self._types is None:
            self._types = {id_: _type_name(type_) for id_, type_ in self._checked.type_map.items()}
        return self._types

    def scale_of(self, node: Node) -> int:
        """Digits after the point of every amount in a part, when it runs."""
        scale = scale_of(node, self.attributes) if self.is_own else 0
        if scale > MAX_SCALE:
            raise self.error(node, messages.too_many_digits(scale, MAX_SCALE))
        return scale

    def is_bool(self, node: Node) -> bool:
        """Returns whether the checker knows a part to be true or false."""
        return self.type_of(node) == "bool"

    def program(self, node: Node) -> Any:
        """Returns what evaluates a part of the tree.

        The part itself goes back to CEL, not a text made from it: what is evaluated is then
        what was checked, and nothing hangs on printing and parsing a tree without a flaw.
        """
        if node.id not in self._programs:
            checked = self._checked
            part = _find(checked.expr, node.id)
            if self.is_own:
                self._rewrite(checked, part, self.scale_of(node))
            self._programs[node.id] = self._environment.part(checked, part)
        return self._programs[node.id]

    def _rewrite(self, checked: CheckedExpr, part: Expr, scale: int) -> None:
        ids = count(1 + max(checked.type_map, default=0) + max(checked.source_info.positions, default=0))
        rewriting = Rewriting(self._type_names(), self._constants, scale, ids)
        rewriting.rewrite(part)
        for id_, name in rewriting.names.items():
            checked.reference_map[id_].name = name

    def words(self, node: Node) -> str:
        """Returns the author's text for a part that stands under logic alone, else for the whole."""
        if node is self.root:
            return self.text.strip()
        if self._words is None:
            positions = self._checked.source_info.positions
            self._words = Spans(self.text, positions).leaves(self.root)
        return self._words.get(node.id, self.text)

    @property
    def _checked(self) -> CheckedExpr:
        if self._packed is None:
            raise NeedsText
        return CheckedExpr.FromString(self._packed)


def _type_name(type_: Type) -> str:
    match type_.WhichOneof("kind"):
        case "message_type":
            return type_.message_type
        case "primitive":
            return _PRIMITIVES.get(type_.primitive, "")
        case "well_known":
            return _WELL_KNOWN.get(type_.well_known, "")
        case "list_type":
            return f"list<{_type_name(type_.list_type.elem)}>"
    return ""


_WELL_KNOWN = {Type.TIMESTAMP: "timestamp", Type.DURATION: "duration"}
_PRIMITIVES = {
    Type.BOOL: "bool",
    Type.INT64: "int",
    Type.DOUBLE: "double",
    Type.STRING: "string",
}


def refuse_unreadable(text: str) -> None:
    """Raises ``ExpressionError`` where a text is empty, too long, or no text to CEL."""
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


def _find(root: Expr, id_: int) -> Expr:
    pending = [root]
    while pending:
        expr = pending.pop()
        if expr.id == id_:
            return expr
        pending += below(expr)
    raise KeyError(id_)
