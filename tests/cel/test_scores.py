import pytest

from maitred.core.conditions.model import Unknown
from maitred.core.rules.expressions import ExpressionError, Score


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("1.5", 1.5),
        ("2", 2.0),
        ("-0.5 * 3.0", -1.5),
        ("9223372036854775807", float(2**63)),
        ("row.factor * double(row.least)", 9.0),
        ("row.open ? 2.0 : row.factor", 2.0),
    ],
)
def test_constant(cel, text, score):
    row = {"row.factor": 0.5, "row.least": 18, "row.open": True}
    assert cel.score(text).bind(row) == Score(constant=score)


@pytest.mark.parametrize(
    ("text", "facts", "value"),
    [
        ("4.5 * customer.affinity", {"customer.affinity": 2.0}, 9.0),
        ("customer.age", {"customer.age": 7}, 7.0),
        ("row.factor * customer.affinity", {"customer.affinity": 2.0}, 1.0),
        ("has(customer.affinity) ? customer.affinity : 1.0", {}, 1.0),
        ("situation.vip_at_risk ? 2.0 : 1.0", {"situation.vip_at_risk": True}, 2.0),
        ("4.5 * customer.affinity", {}, Unknown(missing="customer.affinity")),
        ("1.0 / customer.affinity", {"customer.affinity": 0.0}, Unknown(error="is not a finite number")),
        ("customer.affinity", {"customer.affinity": float("nan")}, Unknown(error="is not a finite number")),
        ("1 / customer.age", {"customer.age": 0}, Unknown(error="divides by zero")),
    ],
)
def test_expression(cel, text, facts, value):
    score = cel.score(text).bind({"row.factor": 0.5})
    assert score.constant is None
    result = score.expression.evaluate(facts)
    assert result == value
    assert isinstance(result, float | Unknown)


def test_same_text_same_expression(cel):
    first, second = (cel.score("customer.affinity").bind({}) for _ in range(2))
    assert first.expression is second.expression


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "customer.vip",
            "a score must be a double or an int, this is of type bool: write `CONDITION ? 1.0 : 0.0`",
        ),
        ("dyn(1.0)", "a score must be a double or an int, this is of type dyn"),
        ("1.0 / 0.0", "a score must be a finite number"),
        (
            "customer.tier == 'Gold' ? 3.0 : 1.0",
            "`Gold` is not a value of customer.tier: values are `basic`, `gold`, `platinum`",
        ),
        (
            "customer.tier in ['gold', 'golld'] ? 3.0 : 1.0",
            "`golld` is not a value of customer.tier: values are `basic`, `gold`, `platinum`",
        ),
        ("0.0 / 0.0", "a score must be a finite number"),
        ("1 / 0", "the expression never has a value: it divides by zero"),
        ("row.factor / 0.0", "a score must be a finite number"),
        (
            "2 * customer.affinity",
            "`customer.affinity` is a double: write `2.0` instead of `2`",
        ),
    ],
)
def test_refuses(cel, text, message):
    with pytest.raises(ExpressionError) as caught:
        cel.score(text).bind({"row.factor": 0.5})
    assert caught.value.message == message
