"""The typed tree of a checked expression.

Two nodes are equal where they mean the same, wherever they stand in their texts: ``id`` and
``at`` (offset in characters) do not count. What stays equal in Python although CEL tells it
apart (``1`` and ``1.0``, ``0.0`` and ``-0.0``) is kept apart by ``kind`` and ``spelling``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from maitred.core.values import Kind, Scalar

from .checked_pb2 import CheckedExpr, Constant, Expr, Type

_PRIMITIVES = {
    Type.BOOL: Kind.BOOL,
    Type.INT64: Kind.INT,
    Type.DOUBLE: Kind.DOUBLE,
    Type.STRING: Kind.STRING,
}
_WELL_KNOWN = {Type.TIMESTAMP: Kind.TIMESTAMP, Type.DURATION: Kind.DURATION}


@dataclass(frozen=True, slots=True)
class _Node:
    id: int = field(compare=False)
    at: int = field(compare=False)
    kind: Kind | None
    """The scalar type of the value; ``None`` for lists, maps, ``dyn`` and the rest."""


@dataclass(frozen=True, slots=True)
class Const(_Node):
    """A literal of a type that attributes can have."""

    value: Scalar
    spelling: str = ""


@dataclass(frozen=True, slots=True)
class Foreign(_Node):
    """A literal of another type: uint, bytes or null."""

    spelling: str


@dataclass(frozen=True, slots=True)
class Name(_Node):
    """A resolved name: an attribute, a constant, the variable of a macro, a type."""

    name: str


@dataclass(frozen=True, slots=True)
class Call(_Node):
    """A function or operator; the target of a method call is its first argument."""

    function: str
    args: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class ListOf(_Node):
    """``[a, b]``."""

    elements: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class MapOf(_Node):
    """``{k: v}`` as alternating keys and values; ``message`` names a protobuf message."""

    entries: tuple["Node", ...]
    message: str = ""


@dataclass(frozen=True, slots=True)
class Select(_Node):
    """``operand.field``, or ``has(operand.field)`` where ``test``."""

    operand: "Node"
    field_name: str
    test: bool


@dataclass(frozen=True, slots=True)
class Loop(_Node):
    """A macro over a list, expanded: https://github.com/google/cel-spec (comprehensions)."""

    variable: str
    second_variable: str
    over: "Node"
    accumulator: str
    start: "Node"
    condition: "Node"
    step: "Node"
    result: "Node"


Node = Const | Foreign | Name | Call | ListOf | MapOf | Select | Loop


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below, in the order of the text."""
    match node:
        case Call(args=nodes) | ListOf(elements=nodes) | MapOf(entries=nodes):
            return nodes
        case Select(operand=operand):
            return (operand,)
        case Loop():
            return (node.over, node.start, node.condition, node.step, node.result)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text."""
    yield node
    for child in children(node):
        yield from walk(child)


def decode(checked: CheckedExpr) -> Node:
    """The typed tree of a checked expression."""
    return _Decoder(checked).node(checked.expr)


class _Decoder:
    def __init__(self, checked: CheckedExpr) -> None:
        self._types = checked.type_map
        self._positions = checked.source_info.positions

    def node(self, expr: Expr) -> Node:
        id_ = expr.id
        at = self._positions.get(id_, 0)
        shape = expr.WhichOneof("kind")
        if shape == "const_expr":
            return _constant(id_, at, expr.const_expr)
        kind = self._kind(id_)
        if shape == "ident_expr":
            return Name(id_, at, kind, expr.ident_expr.name)
        if shape == "call_expr":
            call = expr.call_expr
            target = (self.node(call.target),) if call.HasField("target") else ()
            return Call(id_, at, kind, call.function, (*target, *map(self.node, call.args)))
        return self._composite(id_, at, kind, expr, shape)

    def _composite(self, id_: int, at: int, kind: Kind | None, expr: Expr, shape: str | None) -> Node:
        if shape == "list_expr":
            return ListOf(id_, at, kind, tuple(map(self.node, expr.list_expr.elements)))
        if shape == "select_expr":
            select = expr.select_expr
            return Select(id_, at, kind, self.node(select.operand), select.field, select.test_only)
        if shape == "comprehension_expr":
            return self._loop(id_, at, kind, expr)
        entries = expr.struct_expr.entries
        nodes = (self.node(part) for entry in entries for part in (entry.map_key, entry.value))
        return MapOf(id_, at, kind, tuple(nodes), expr.struct_expr.message_name)

    def _loop(self, id_: int, at: int, kind: Kind | None, expr: Expr) -> Loop:
        loop = expr.comprehension_expr
        return Loop(
            id_,
            at,
            kind,
            variable=loop.iter_var,
            second_variable=loop.iter_var2,
            over=self.node(loop.iter_range),
            accumulator=loop.accu_var,
            start=self.node(loop.accu_init),
            condition=self.node(loop.loop_condition),
            step=self.node(loop.loop_step),
            result=self.node(loop.result),
        )

    def _kind(self, id_: int) -> Kind | None:
        if id_ not in self._types:
            return None
        type_ = self._types[id_]
        shape = type_.WhichOneof("kind")
        if shape == "primitive":
            return _PRIMITIVES.get(type_.primitive)
        return _WELL_KNOWN.get(type_.well_known) if shape == "well_known" else None


def _constant(id_: int, at: int, constant: Constant) -> Node:
    shape = constant.WhichOneof("kind")
    if shape == "string_value":
        return Const(id_, at, Kind.STRING, constant.string_value)
    if shape == "int64_value":
        return Const(id_, at, Kind.INT, constant.int64_value)
    if shape == "double_value":
        return Const(id_, at, Kind.DOUBLE, constant.double_value, repr(constant.double_value))
    if shape == "bool_value":
        return Const(id_, at, Kind.BOOL, constant.bool_value)
    return Foreign(id_, at, None, str(constant).strip())
