"""Constant values as the sets that tests hold."""

from dataclasses import dataclass

from maitred.core.values.kinds import KIND_OF
from maitred.core.values.types import AttributeType, Kind, Scalar, Value

_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Members:
    """Distinct values of one kind; ``kind`` is ``None`` where there are none at all.

    NaN, which equals nothing, is left out.
    """

    kind: Kind | None
    values: frozenset[Scalar]

    def are(self, kind: Kind) -> bool:
        """Returns whether the values can be compared with an attribute of a kind."""
        return self.kind in (None, kind)


def members_of(values: tuple[Scalar, ...]) -> Members | None:
    """Returns the values as a set; ``None`` where they are of more than one kind."""
    kinds = {KIND_OF.get(kind) for kind in set(map(type, values))}
    if len(kinds) > 1 or None in kinds:
        return None
    kind = next(iter(kinds), None)
    if kind is Kind.DOUBLE:
        values = tuple(value for value in values if value == value)  # noqa: PLR0124 -- only NaN is not itself
    return Members(kind, frozenset(values))


def kind_of(value: Value) -> Kind | None:
    """Returns the kind of a scalar; ``None`` for a list."""
    return KIND_OF.get(type(value))


def conforms(value: object, type_: AttributeType) -> bool:
    """Returns whether CEL takes a constant for a value of the type, whole and unchanged."""
    values = value if type_.is_list else (value,)
    if not isinstance(values, tuple) or any(
        KIND_OF.get(kind) is not type_.kind for kind in set(map(type, values))
    ):
        return False
    match type_.kind:
        case Kind.STRING:
            return _is_text("".join(values))
        case Kind.INT:
            return all(number in _INT64 for number in values)
        case Kind.TIMESTAMP:
            return all(moment.tzinfo is not None for moment in values)
        case _:
            return True


def _is_text(text: str) -> bool:
    """No NUL, which cel-expr-python takes for the end, and no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
