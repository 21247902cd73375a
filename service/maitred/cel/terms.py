"""What computed attributes take of an item: a field, a constant, plain arithmetic; the rest stays CEL's."""

from maitred.core.conditions.computed import Arithmetic, Constant, Read, Term
from maitred.core.rules.expressions import ExpressionError
from maitred.core.values.kinds import KINDS, OWN_KINDS
from maitred.core.values.types import AttributeType, Kind, Scalar

from . import messages
from .fold import Folder
from .shared_parts import Parts
from .tree import Call, Name, Node
from .unit import CompiledExpression

_SIGNS = {"_+_": "+", "_-_": "-", "_*_": "*"}
_NUMBERS = frozenset((Kind.INT, Kind.DOUBLE, Kind.DECIMAL))
_ONLY_READ = frozenset(kind for kind in OWN_KINDS.values() if KINDS[kind].runs_as == "string")


def type_of_term(unit: CompiledExpression) -> AttributeType:
    """The type of an expression. Raises ``ExpressionError`` where no attribute can have it."""
    root = unit.root
    attribute = unit.attributes.get(root.name) if isinstance(root, Name) else None
    if attribute and not attribute.type.is_list:
        return attribute.type
    name = unit.type_of(root)
    kind = _kind(name)
    if kind is None or kind in _ONLY_READ:
        raise ExpressionError(messages.not_a_term(unit.type))
    return AttributeType(kind, digits=unit.scale_of(root) if kind is Kind.DECIMAL else 0)


def _kind(name: str) -> Kind | None:
    if name in OWN_KINDS:
        return OWN_KINDS[name]
    return Kind(name) if name in {kind.value for kind in Kind} else None


def term_of(node: Node, folder: Folder, parts: Parts) -> Term:
    """The term of a node."""
    value = folder.value(node)
    if isinstance(value, Scalar):
        return Constant(value)
    if isinstance(node, Name) and node.name in folder.unit.attributes:
        return Read(node.name)
    if isinstance(node, Call) and node.function in _SIGNS and _kind(folder.unit.type_of(node)) in _NUMBERS:
        left, right = (term_of(arg, folder, parts) for arg in node.args)
        return Arithmetic(_SIGNS[node.function], left, right)
    return parts.value(node, folder)
