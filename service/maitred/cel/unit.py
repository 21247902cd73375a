"""One expression, compiled once: its text, its tree, and programs for parts of it."""

from typing import Any

from maitred.core.conditions.expressions import ExpressionError

from . import messages
from .checked_pb2 import CheckedExpr, Expr, Type
from .environment import NUL, ROW, Environment
from .limits import MAX_EXPRESSION_CHARACTERS
from .source import Spans, error_at, mark_presence
from .tree import Name, Node, decode, walk


class Unit:
    """A checked expression. Raises ``ExpressionError`` where the text does not compile.

    A ruleset has thousands: what only errors and residuals need is decoded when they do.
    """

    def __init__(self, environment: Environment, text: str) -> None:
        _refuse_unreadable(text)
        self.text = text
        self._environment = environment
        checked = environment.check(mark_presence(text, environment.can_be_absent))
        self.type, self._packed = checked.type, checked.packed
        self.root: Node = decode(checked.tree.expr)
        self.nodes: tuple[Node, ...] = tuple(walk(self.root))
        self.columns = self._columns()
        self._programs: dict[int, Any] = {self.root.id: checked.program}
        self.parts: dict[int, Any] = {}
        self._words: dict[int, str] | None = None

    def error(self, node: Node, message: str) -> ExpressionError:
        """An error that points at a node."""
        return error_at(self.text, self._checked.source_info.positions.get(node.id, 0), message)

    def is_bool(self, node: Node) -> bool:
        """Whether the checker knows a part to be true or false."""
        types = self._checked.type_map
        return node.id in types and types[node.id].primitive == Type.BOOL

    def program(self, node: Node) -> Any:
        """What evaluates a part of the tree.

        The part itself goes back to CEL, not a text made from it: what is evaluated is then
        what was checked, and nothing hangs on printing and parsing a tree without a flaw.
        """
        if node.id not in self._programs:
            checked = self._checked
            self._programs[node.id] = self._environment.part(checked, _find(checked.expr, node.id))
        return self._programs[node.id]

    def words(self, node: Node) -> str:
        """The author's text for a part that stands under logic alone, else for the whole."""
        if node is self.root:
            return self.text.strip()
        if self._words is None:
            positions = self._checked.source_info.positions
            self._words = Spans(self.text, positions).leaves(self.root)
        return self._words.get(node.id, self.text)

    @property
    def _checked(self) -> CheckedExpr:
        return CheckedExpr.FromString(self._packed)

    def _columns(self) -> tuple[Name, ...]:
        names = (node for node in self.nodes if isinstance(node, Name) and node.name.startswith(ROW))
        first: dict[str, Name] = {}
        for node in names:
            first.setdefault(node.name, node)
        return tuple(first.values())


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


def _find(root: Expr, id_: int) -> Expr:
    pending = [root]
    while pending:
        expr = pending.pop()
        if expr.id == id_:
            return expr
        pending += _below(expr)
    raise KeyError(id_)


def _below(expr: Expr) -> list[Expr]:
    match expr.WhichOneof("kind"):
        case "call_expr":
            return [expr.call_expr.target, *expr.call_expr.args]
        case "list_expr":
            return list(expr.list_expr.elements)
        case "select_expr":
            return [expr.select_expr.operand]
        case "struct_expr":
            return [part for entry in expr.struct_expr.entries for part in (entry.map_key, entry.value)]
        case "comprehension_expr":
            loop = expr.comprehension_expr
            return [loop.iter_range, loop.accu_init, loop.loop_condition, loop.loop_step, loop.result]
        case _:
            return []
