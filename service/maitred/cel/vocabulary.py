"""What expressions may speak of: attributes with their allowed values, and named lists."""

from collections.abc import Mapping

from maitred.core.rules.expressions import ExpressionError, Row
from maitred.core.values.types import ROW, Attribute, AttributeType, Kind, Scalar, Value

from . import messages
from .environment import NTH, is_unspoken
from .members import Members, conforms, members_of
from .source import PRESENCE
from .tree import Name, Node
from .typing import Variant


class ExpressionVocabulary:
    """Attributes and lists of one ruleset. Sets made of them are shared by all conditions.

    Raises ``ExpressionError`` where a named list holds what no expression could read.
    """

    def __init__(self, attributes: Mapping[str, Attribute], lists: Row) -> None:
        self.attributes = attributes
        self._facts = {
            name: known
            for name, known in attributes.items()
            if not name.startswith(ROW) and name not in lists
        }
        self.lists: dict[str, tuple[Scalar, ...]] = {}
        self._members: dict[str, Members] = {}
        for name, value in lists.items():
            self._add(name, value)
        self._allowed = {name: frozenset(attribute.allowed) for name, attribute in attributes.items()}
        asks = enumerate(filter(is_unspoken, attributes))
        self._asked_for = {f"{PRESENCE}.{NTH}{number}": name for number, name in asks}
        self.roots = frozenset(name.partition(".")[0] for name in (*attributes, *self.lists))

    def add_variant(self, variant: Variant) -> bool:
        """Adds a list as it is read beside attributes of another kind; whether all of it can be."""
        if variant.name not in self.lists:
            values = variant.of(self.lists[variant.base])
            if not isinstance(values, tuple):
                return False
            self._add(variant.name, values)
        return True

    def _add(self, name: str, value: Value) -> None:
        members = members_of(value) if isinstance(value, tuple) else None
        if members is None or not conforms(value, AttributeType(members.kind or Kind.STRING, is_list=True)):
            raise ExpressionError(messages.constant_of_mixed_types(name))
        self.lists[name] = value  # type: ignore[assignment]
        self._members[name] = members

    @property
    def kinds(self) -> dict[str, Kind]:
        """What each list holds; an empty one can be compared with strings only."""
        return {name: members.kind or Kind.STRING for name, members in self._members.items()}

    def is_attribute(self, name: str) -> bool:
        """Returns whether a name stands for a fact, and not for a constant of a row."""
        return name in self._facts

    def attribute(self, node: Node) -> Attribute | None:
        """Returns the attribute a node is the name of."""
        return self._facts.get(node.name) if isinstance(node, Name) else None

    def presence(self, variable: str) -> str | None:
        """Returns the fact whose presence a variable stands for; ``None`` where it stands for no presence."""
        if not variable.startswith(f"{PRESENCE}."):
            return None
        return self._asked_for.get(variable) or variable.removeprefix(f"{PRESENCE}.")

    def members(self, node: Node, value: Value) -> Members | None:
        """Returns the values of a constant list as a set; ``None`` where there is no such set."""
        if isinstance(node, Name) and self.lists.get(node.name) is value:
            return self._members[node.name]
        return members_of(value) if isinstance(value, tuple) else None

    def refused(self, attribute: Attribute, members: Members) -> frozenset[Scalar]:
        """Returns the values that the attribute, having ``allowed`` ones, can never take."""
        return members.values - self._allowed[attribute.name] if attribute.allowed else frozenset()
