"""The value of what does not depend on any attribute.

CEL itself computes it, so that folding cannot change what an expression means. What Python
could not hold exactly (nanoseconds, unsigned integers) has no folded value and stays CEL's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from maitred.core.rules.expressions import Row
from maitred.core.values.scalars import unscaled
from maitred.core.values.types import Scalar, Value

from . import messages
from .declarations import DATE, DECIMAL
from .environment import TIMES, Data, Failed, parse_time, run
from .plain import plain
from .tree import Call, Const, ListOf, Name, Node
from .unit import CompiledExpression


@dataclass(frozen=True, slots=True)
class Folder:
    """Folds the parts of one unit over the constants of one row and of the ruleset."""

    unit: CompiledExpression
    row: Row
    lists: Mapping[str, Value]

    def value(self, node: Node) -> Value | None:
        """Returns the value, or ``None`` where there is none to hold.

        Raises ``ExpressionError`` where a text of the row is not the time it should be.
        """
        match node:
            case Const(value=value):
                return value
            case Name(name=name):
                return self.row[name] if name in self.row else self.lists.get(name)
            case ListOf(elements=elements):
                return self._list(elements)
            case Call():
                return self._call(node)
            case _:
                return None

    def constants(self, scale: int) -> Data:
        """Returns all constants the unit may read, as CEL takes them."""
        read = {node.name for node in self.unit.nodes if isinstance(node, Name)}
        sources = (self.row, self.lists)
        return {name: plain(source[name], scale) for source in sources for name in read if name in source}

    def _list(self, elements: tuple[Node, ...]) -> Value | None:
        values = tuple(value for value in map(self.value, elements) if isinstance(value, Scalar))
        return values if len(values) == len(elements) else None

    def _call(self, node: Call) -> Value | None:
        values = [value for value in map(self.value, node.args) if value is not None]
        if len(values) < len(node.args) or not node.args:
            return None
        if node.function in TIMES and isinstance(values[0], str):
            return self._time(node, values[0])
        if node.function == "_+_" and isinstance(values[0], tuple) and isinstance(values[1], tuple):
            return values[0] + values[1]
        scale = self.unit.scale_of(node)
        result = run(self.unit.program(node), self.constants(scale))
        return None if isinstance(result, Failed) else self._restored(node, result, scale)

    def _restored(self, node: Node, result: Scalar, scale: int) -> Value | None:
        """Returns what ran on plain types, as what it stands for."""
        type_ = self.unit.type_of(node) if self.unit.is_own else ""
        if type_ == DECIMAL and isinstance(result, int):
            return unscaled(result, scale)
        if type_ == DATE and isinstance(result, datetime):
            return result.date()
        return result

    def _time(self, node: Call, text: str) -> Value | None:
        time, exact = parse_time(node.function, text)
        if isinstance(time, Failed):
            raise self.unit.error(node.args[0], messages.not_a_time(node.function, text))
        return time if exact else None
