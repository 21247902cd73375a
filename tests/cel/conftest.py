from collections.abc import Callable

import pytest

from maitred.cel import compiler
from maitred.core.conditions.model import Condition, Expression, Residual
from maitred.core.conditions.scan import truth
from maitred.core.rules.expressions import ExpressionCompiler, ExpressionError, Row
from maitred.core.values.types import Attribute, AttributeType, Facts, Kind

TIERS = ("basic", "gold", "platinum")


def declare(name, kind, *, is_list=False, allowed=()):
    return Attribute(name, AttributeType(kind, is_list), allowed)


ATTRIBUTES = {
    attribute.name: attribute
    for attribute in (
        declare("customer.age", Kind.INT),
        declare("customer.tier", Kind.STRING, allowed=TIERS),
        declare("customer.name", Kind.STRING),
        declare("customer.affinity", Kind.DOUBLE),
        declare("customer.vip", Kind.BOOL),
        declare("customer.since", Kind.TIMESTAMP),
        declare("customer.away", Kind.DURATION),
        declare("customer.tags", Kind.STRING, is_list=True),
        declare("customer.visits", Kind.INT, is_list=True),
        declare("customer.interests", Kind.STRING, is_list=True, allowed=("food", "wine")),
        declare("basket.products", Kind.STRING, is_list=True),
        declare("basket.weights", Kind.DOUBLE, is_list=True),
        declare("situation.vip_at_risk", Kind.BOOL),
        declare("now", Kind.TIMESTAMP),
        declare("channel", Kind.STRING),
        declare("row.code", Kind.STRING),
        declare("row.least", Kind.INT),
        declare("row.factor", Kind.DOUBLE),
        declare("row.open", Kind.BOOL),
        declare("row.start", Kind.TIMESTAMP),
        declare("row.day", Kind.STRING),
        declare("row.products", Kind.STRING, is_list=True),
    )
}
LISTS: Row = {"list.fruit": ("apple", "pear"), "list.nothing": ()}


@pytest.fixture(scope="session")
def declared():
    """Makes an attribute."""
    return declare


@pytest.fixture
def cel() -> ExpressionCompiler:
    return compiler(ATTRIBUTES, LISTS)


@pytest.fixture
def lowered(cel: ExpressionCompiler) -> Callable[..., Condition]:
    """The condition of a text, bound to a row."""
    return lambda text, row=None: cel.condition(text).bind(row or {})


@pytest.fixture
def residual(lowered) -> Callable[..., Expression]:
    """The expression of a text that stays CEL's as a whole."""

    def make(text: str, row: Row | None = None) -> Expression:
        condition = lowered(text, row)
        assert isinstance(condition, Residual)
        assert condition.wanted
        return condition.expression

    return make


@pytest.fixture
def refusal(cel: ExpressionCompiler) -> Callable[..., str]:
    """``line:column message`` of what is said of a text that does not compile."""

    def message_of(text: str, row: Row | None = None) -> str:
        with pytest.raises(ExpressionError) as caught:
            cel.condition(text).bind(row or {})
        return f"{caught.value.line}:{caught.value.column} {caught.value.message}"

    return message_of


@pytest.fixture(scope="session")
def answer() -> Callable[[Condition, Facts], bool | None]:
    """True, false, or ``None`` for unknown."""

    def of(condition: Condition, facts: Facts) -> bool | None:
        result = truth(condition, facts, {})
        return result if isinstance(result, bool) else None

    return of
