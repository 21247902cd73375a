"""The typed tree of a checked expression.

Two nodes are equal where they mean the same, wherever they stand in their texts: ``id`` does
not count. What is equal in Python although CEL tells it apart (``1`` and ``1.0``, ``0.0`` and
``-0.0``) is kept apart by the ``spelling``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from maitred.core.values.types import Scalar

from .checked_pb2 import Constant, Expr


@dataclass(frozen=True, slots=True)
class _Node:
    id: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Const(_Node):
    """A literal of a type that attributes can have. The spelling is that of a double, else its type."""

    value: Scalar
    spelling: str


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
class Comprehension(_Node):
    """A macro over a list, expanded: https://github.com/google/cel-spec (comprehensions)."""

    variable: str
    second_variable: str
    over: "Node"
    accumulator: str
    start: "Node"
    condition: "Node"
    step: "Node"
    result: "Node"


Node = Const | Foreign | Name | Call | ListOf | MapOf | Select | Comprehension


def children(node: Node) -> tuple[Node, ...]:
    """Returns the nodes right below, in the order of the text."""
    below = _CHILDREN.get(type(node))
    return below(node) if below else ()


def walk(node: Node) -> Iterator[Node]:
    """Yields the node and all below it, in the order of the text."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        if below := _CHILDREN.get(type(node)):
            pending += below(node)[::-1]


_CHILDREN: dict[type, Callable[[Any], tuple[Node, ...]]] = {
    Call: lambda call: call.args,
    ListOf: lambda made: made.elements,
    MapOf: lambda made: made.entries,
    Select: lambda select: (select.operand,),
    Comprehension: lambda loop: (loop.over, loop.start, loop.condition, loop.step, loop.result),
}


def below(expr: Expr) -> list[Expr]:
    """Returns the parts right below one of a checked expression."""
    match expr.WhichOneof("kind"):
        case "call_expr":
            call = expr.call_expr
            return [call.target, *call.args] if call.HasField("target") else list(call.args)
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


def decode(root: Expr) -> Node:
    """Returns the tree of a checked expression."""
    shape = root.WhichOneof("kind")
    return _DECODERS[shape](root) if shape else Foreign(root.id, "")


def _constant(expr: Expr) -> Node:
    constant: Constant = expr.const_expr
    shape = constant.WhichOneof("kind") or ""
    if shape not in _SPELLINGS:
        return Foreign(expr.id, str(constant).strip())
    value = getattr(constant, shape)
    return Const(expr.id, value, _SPELLINGS[shape](value))


def _name(expr: Expr) -> Node:
    return Name(expr.id, expr.ident_expr.name)


def _call(expr: Expr) -> Node:
    call = expr.call_expr
    args = tuple(map(decode, call.args))
    return Call(expr.id, call.function, (decode(call.target), *args) if call.HasField("target") else args)


def _list(expr: Expr) -> Node:
    return ListOf(expr.id, tuple(map(decode, expr.list_expr.elements)))


def _map(expr: Expr) -> Node:
    struct = expr.struct_expr
    parts = (decode(part) for entry in struct.entries for part in (entry.map_key, entry.value))
    return MapOf(expr.id, tuple(parts), struct.message_name)


def _select(expr: Expr) -> Node:
    select = expr.select_expr
    return Select(expr.id, decode(select.operand), select.field, select.test_only)


def _loop(expr: Expr) -> Node:
    loop = expr.comprehension_expr
    return Comprehension(
        expr.id,
        variable=loop.iter_var,
        second_variable=loop.iter_var2,
        over=decode(loop.iter_range),
        accumulator=loop.accu_var,
        start=decode(loop.accu_init),
        condition=decode(loop.loop_condition),
        step=decode(loop.loop_step),
        result=decode(loop.result),
    )


_DECODERS: dict[str, Callable[[Expr], Node]] = {
    "const_expr": _constant,
    "ident_expr": _name,
    "call_expr": _call,
    "list_expr": _list,
    "struct_expr": _map,
    "select_expr": _select,
    "comprehension_expr": _loop,
}
_SPELLINGS: dict[str, Callable[[Scalar], str]] = {
    "string_value": lambda _: "string",
    "bool_value": lambda _: "bool",
    "int64_value": lambda _: "int",
    "double_value": repr,
}
