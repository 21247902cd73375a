"""A typed tree as a condition: what is asked of one attribute becomes a literal, the rest stays CEL's.

Exact: for any facts the condition is true, false or unknown where cel-cpp says true, false
or error. Two differences are wanted: a list of any length can be looked through (cel-cpp
gives up after 10,000 steps), and such a failure spoils its own part only, not the whole.
"""

from collections.abc import Callable

from maitred.core.conditions.model import (
    FALSE,
    TRUE,
    Condition,
    Expression,
    Literal,
    OneOf,
    Present,
    Residual,
    negate,
)
from maitred.core.values.types import Attribute, Scalar

from .bounds import MAX_UNROLLED_VALUES
from .comprehensions import Quantified, quantified
from .fold import Folder
from .literals import MIRRORED, Literals
from .logic import choice, conjunction, disjunction
from .tree import Call, Comprehension, Name, Node
from .vocabulary import ExpressionVocabulary


class Lowering:
    """Lowers the tree of one unit for one row.

    ``leave`` makes the expression for a part that stays CEL's.
    """

    def __init__(
        self, folder: Folder, vocabulary: ExpressionVocabulary, leave: Callable[[Node, Folder], Expression]
    ) -> None:
        self._folder, self._vocabulary, self._leave = folder, vocabulary, leave
        self._literals = Literals(folder, vocabulary)

    def condition(self, node: Node) -> Condition:
        """The condition for a boolean node. Raises ``ExpressionError``."""
        lowered: Condition | None = None
        if isinstance(node, Call):
            lowered = self._call(node.function, node.args)
        elif isinstance(node, Name):
            lowered = self._bare(node)
        elif isinstance(node, Comprehension):
            lowered = self._loop(node)
        return lowered or self._constant(node) or Residual(self._leave(node, self._folder))

    def refuse_values(self) -> None:
        """Raises ``ExpressionError`` where any part asks an attribute for a value it cannot have."""
        for node in self._folder.unit.nodes:
            match node:
                case Call(function="_==_" | "_!=_", args=(left, right)):
                    self._asks(left, right)
                    self._asks(right, left)
                case Call(function="@in", args=(left, right)):
                    self._in(left, right)

    def _asks(self, asked: Node, against: Node) -> None:
        attribute, value = self._vocabulary.attribute(asked), self._folder.value(against)
        if attribute and value is not None and not isinstance(value, tuple):
            self._literals.among(attribute, against, (value,))

    def _constant(self, node: Node) -> Condition | None:
        value = self._folder.value(node)
        return (TRUE if value else FALSE) if isinstance(value, bool) else None

    def _bare(self, node: Name) -> Condition | None:
        if presence := self._vocabulary.presence(node.name):
            return Literal(presence, Present())
        attribute = self._vocabulary.attribute(node)
        return Literal(attribute.name, OneOf(frozenset((True,)))) if attribute else None

    def _call(self, function: str, args: tuple[Node, ...]) -> Condition | None:
        match function:
            case "_&&_":
                return conjunction(map(self.condition, args))
            case "_||_":
                return disjunction(map(self.condition, args))
            case "!_":
                return negate(self.condition(args[0]))
            case "_?_:_":
                return choice(*map(self.condition, args))
            case _:
                return self._relation(function, *args) if len(args) == 2 else None  # noqa: PLR2004 -- left and right

    def _relation(self, function: str, left: Node, right: Node) -> Condition | None:
        match function:
            case "_==_":
                return self._equal(left, right) or self._equal(right, left)
            case "_!=_":
                equal = self._equal(left, right) or self._equal(right, left)
                return negate(equal) if equal else None
            case "@in":
                return self._in(left, right)
            case "inNetwork":
                return self._in_network(left, right)
            case "_<_" | "_<=_" | "_>_" | "_>=_":
                return self._ordered(function, left, right) or self._ordered(MIRRORED[function], right, left)
        return None

    def _equal(self, asked: Node, against: Node) -> Condition | None:
        attribute = self._vocabulary.attribute(asked)
        value = self._folder.value(against)
        if value is None or isinstance(value, tuple):
            return None
        if attribute:
            return self._literals.among(attribute, against, (value,))
        if not isinstance(value, bool) or not self._folder.unit.is_bool(asked):
            return None
        condition = self.condition(asked)
        return condition if value else negate(condition)

    def _in(self, element: Node, collection: Node) -> Condition | None:
        if attribute := self._vocabulary.attribute(element):
            values = self._folder.value(collection)
            return self._literals.among(attribute, collection, values) if isinstance(values, tuple) else None
        if attribute := self._vocabulary.attribute(collection):
            value = self._folder.value(element)
            if value is not None and not isinstance(value, tuple):
                return self._literals.overlap(attribute, element, (value,))
        return None

    def _ordered(self, function: str, asked: Node, against: Node) -> Condition | None:
        attribute = self._vocabulary.attribute(asked)
        if not attribute:
            return None
        return self._literals.ordered(function, attribute, against, self._folder.value(against))

    def _in_network(self, address: Node, network: Node) -> Condition | None:
        attribute = self._vocabulary.attribute(address)
        return self._literals.in_network(attribute, network) if attribute else None

    def _loop(self, node: Comprehension) -> Condition | None:
        macro = quantified(node)
        if macro is None:
            return None
        if attribute := self._vocabulary.attribute(macro.over):
            literals = self._asked(attribute, macro, macro.body, every=macro.every)
            if literals is None:
                return None
            return negate(disjunction(literals)) if macro.every else disjunction(literals)
        values = self._folder.value(macro.over)
        return self._over_values(macro, values) if isinstance(values, tuple) else None

    def _asked(
        self, attribute: Attribute, macro: Quantified, body: Node, *, every: bool
    ) -> list[Literal] | None:
        """What elements are looked for: those the body is true of, or where ``every`` false of."""
        match body:
            case Call(function="!_", args=(arg,)):
                return self._asked(attribute, macro, arg, every=not every)
            case Call(function="_||_" | "_&&_" as logic, args=(left, right)) if (logic == "_&&_") is every:
                ours = self._asked(attribute, macro, left, every=every)
                theirs = self._asked(attribute, macro, right, every=every)
                return None if ours is None or theirs is None else ours + theirs
            case Call(function="_==_" | "_!=_" as sign, args=(left, right)) if (sign == "_!=_") is every:
                against = right if _is_variable(left, macro) else left
                return (
                    self._looked_for(attribute, against)
                    if _is_variable(left, macro) or _is_variable(right, macro)
                    else None
                )
            case Call(function="@in", args=(left, collection)) if not every and _is_variable(left, macro):
                return self._looked_for(attribute, collection)
        return None

    def _looked_for(self, attribute: Attribute, node: Node) -> list[Literal] | None:
        value = self._folder.value(node)
        if value is None:
            return None
        literal = self._literals.overlap(attribute, node, value if isinstance(value, tuple) else (value,))
        return [literal] if literal else None

    def _over_values(self, macro: Quantified, values: tuple[Scalar, ...]) -> Condition | None:
        """Constants, each asked for in one attribute: of no constants nothing is read."""
        match macro.body:
            case Call(function="!_", args=(arg,)):
                opposite = self._over_values(
                    Quantified(not macro.every, macro.variable, macro.over, arg), values
                )
                return negate(opposite) if opposite else None
            case Call(function="@in", args=(left, right)) if _is_variable(left, macro):
                attribute = self._vocabulary.attribute(right)
                return self._each_in(attribute, macro, values) if attribute else None
        return None

    def _each_in(
        self, attribute: Attribute, macro: Quantified, values: tuple[Scalar, ...]
    ) -> Condition | None:
        if not values:
            return TRUE if macro.every else FALSE
        if not macro.every:
            return self._literals.overlap(attribute, macro.over, values)
        if len(values) > MAX_UNROLLED_VALUES:
            return None
        literals = [self._literals.overlap(attribute, macro.over, (value,)) for value in values]
        return conjunction(literal for literal in literals if literal) if all(literals) else None


def _is_variable(node: Node, macro: Quantified) -> bool:
    return isinstance(node, Name) and node.name == macro.variable
