"""Tries out what this room uses of cel-expr-python."""

from maitred.core.values.types import Attribute, AttributeType, Kind
from maitred.selftest import relying_on

from .environment import USE, Environment, run


def self_test() -> None:
    """Takes an expression apart and evaluates a part of it. Raises ``Unfit``."""
    with relying_on("cel-expr-python", USE):
        environment = Environment({"a": Attribute("a", AttributeType(Kind.INT))}, {})
        checked = environment.check("a > 1 && a < 3")
        call = checked.tree.expr.call_expr
        part = environment.part(checked.tree, call.args[0])
        if call.function != "_&&_" or [run(part, {"a": value}) for value in (1, 2)] != [False, True]:
            raise ValueError("the tree is another one")
