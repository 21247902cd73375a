"""Literals: one attribute against constants of its own type."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any

from maitred.core.conditions.model import Literal, OneOf, Overlaps, Within
from maitred.core.values.scalars import network_of
from maitred.core.values.types import Attribute, Kind, Scalar, Value

from . import messages
from .fold import Folder
from .members import Members, kind_of
from .tree import ListOf, Node
from .vocabulary import ExpressionVocabulary

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {"_<_": lt, "_<=_": le, "_>_": gt, "_>=_": ge}
MIRRORED = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_"}
"""What an ordering becomes when its sides change places."""


@dataclass(frozen=True, slots=True)
class Literals:
    """Makes literals for one unit and one row.

    Each gives ``None`` where the attribute and the constants are not of one type, and raises
    ``ExpressionError`` where a constant is none of the attribute's allowed values. ``node``
    is where the constants stand, or the list of them.
    """

    folder: Folder
    vocabulary: ExpressionVocabulary

    def among(self, attribute: Attribute, node: Node, values: tuple[Scalar, ...]) -> Literal | None:
        """The attribute, a scalar, equals one of the values."""
        members = self._members(attribute, node, values)
        return (
            Literal(attribute.name, OneOf(members.values)) if members and not attribute.type.is_list else None
        )

    def overlap(self, attribute: Attribute, node: Node, values: tuple[Scalar, ...]) -> Literal | None:
        """The attribute, a list, holds one of the values."""
        members = self._members(attribute, node, values)
        return (
            Literal(attribute.name, Overlaps(members.values)) if members and attribute.type.is_list else None
        )

    def ordered(self, function: str, attribute: Attribute, node: Node, value: Value | None) -> Literal | None:
        """The attribute stands on one side of a value.

        Text with declared values has no order but that of its letters, which nobody means:
        ``gold`` is before ``silver``.
        """
        if attribute.allowed and attribute.type.kind is Kind.STRING and isinstance(value, str):
            raise self.folder.unit.error(node, messages.no_order(attribute.name, attribute.allowed))
        if isinstance(value, tuple) or value is None or attribute.type.is_list:
            return None
        if kind_of(value) is not attribute.type.kind:
            return None
        if isinstance(value, bool) or value != value:  # noqa: PLR0124 -- nothing is before or after NaN
            candidates = (False, True) if isinstance(value, bool) else ()
            held = frozenset(item for item in candidates if _ORDERS[function](item, value))
            return Literal(attribute.name, OneOf(held))
        is_open = function in {"_<_", "_>_"}
        if function in {"_<_", "_<=_"}:
            return Literal(attribute.name, Within(high=value, high_open=is_open))
        return Literal(attribute.name, Within(low=value, low_open=is_open))

    def in_network(self, attribute: Attribute, node: Node) -> Literal | None:
        """The attribute, an address, lies in the network that a text names."""
        text = self.folder.value(node)
        if not isinstance(text, str) or attribute.type.is_list:
            return None
        try:
            first, last = network_of(text)
        except ValueError:
            raise self.folder.unit.error(node, messages.not_a_network(text)) from None
        return Literal(attribute.name, Within(first, last))

    def _members(self, attribute: Attribute, node: Node, values: tuple[Scalar, ...]) -> Members | None:
        members = self.vocabulary.members(node, values)
        if members is None or not members.are(attribute.type.kind):
            return None
        refused = self.vocabulary.refused(attribute, members)
        if refused:
            self._refuse(attribute, node, values, refused)
        return members

    def _refuse(
        self, attribute: Attribute, node: Node, values: tuple[Scalar, ...], refused: frozenset[Scalar]
    ) -> None:
        index = next(index for index, value in enumerate(values) if value in refused)
        place = node.elements[index] if isinstance(node, ListOf) else node
        message = messages.not_a_value(values[index], attribute.name, attribute.allowed)
        raise self.folder.unit.error(place, message)
