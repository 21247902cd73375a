"""What stays with CEL: its text, its identity, and why it has no value."""

from datetime import UTC, datetime, timedelta

import pytest

from maitred.cel import compiler, evaluation
from maitred.cel.environment import run
from maitred.core.conditions.model import Any, Residual, Unknown, expressions
from maitred.core.values.types import Attribute, AttributeType, Invalid, Kind


def test_reads_what_it_asks_and_what_it_asks_about(residual):
    expression = residual(
        "customer.name + channel == (has(customer.age) ? 'a' : row.code)", {"row.code": "b"}
    )
    assert expression.reads == {"customer.name", "channel", "customer.age"}


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        ({"customer.name": "anna"}, True),
        ({"customer.name": "berta"}, False),
        ({}, Unknown(missing="customer.name")),
        ({"customer.name": Invalid("is not a string")}, Unknown(error="customer.name is not a string")),
        ({"customer.name": "a\0b"}, Unknown(error="customer.name holds the character NUL")),
        ({"customer.name": "a\ud800"}, Unknown(error="cannot be evaluated")),
        ({"customer.name": 5}, Unknown(error="cannot be evaluated")),
    ],
)
def test_value(residual, facts, value):
    assert residual("customer.name.startsWith('a')").evaluate(facts) == value


@pytest.mark.parametrize(
    ("text", "facts", "missing"),
    [
        ("customer.name + channel == 'ab'", {}, "customer.name"),
        ("customer.name + channel == 'ab'", {"customer.name": "a"}, "channel"),
        ("(customer.vip ? customer.name : channel) == 'a'", {"customer.name": "a"}, "customer.vip"),
        (
            "(customer.vip ? customer.name : channel) == 'a'",
            {"customer.vip": False, "customer.name": "a"},
            "channel",
        ),
        ("customer.tags.exists(t, t == customer.name)", {"customer.tags": ("a",)}, "customer.name"),
    ],
)
def test_names_the_first_absent_attribute(residual, text, facts, missing):
    assert residual(text).evaluate(facts) == Unknown(missing=missing)


@pytest.mark.parametrize(
    ("text", "facts", "value"),
    [
        (
            "(customer.vip ? customer.name : channel) == 'a'",
            {"customer.vip": True, "customer.name": "a"},
            True,
        ),
        ("customer.tags.exists(t, t == customer.name)", {"customer.tags": ()}, False),
        ("customer.tags.filter(t, t == customer.name) == []", {"customer.tags": ()}, True),
        ("customer.visits.exists(v, v + 1 == 2 || v / 0 == customer.age)", {"customer.visits": (1,)}, True),
    ],
)
def test_an_absent_attribute_that_is_not_read_does_no_harm(residual, text, facts, value):
    assert residual(text).evaluate(facts) is value


FAILURES = {
    "customer.age / 0 == 1": "divides by zero",
    "customer.age % 0 == 1": "divides by zero",
    "customer.age + 9223372036854775807 > 0": "gives a number or time out of range",
    "int(customer.affinity) == 1": "gives a number out of range",
    "now + duration('87000000h') > now": "gives a number or time out of range",
    "timestamp(channel) < now": "reads text that is not a time",
    "duration(channel) < customer.away": "reads text that is not a duration",
    "int(channel) == 1": "reads text that cannot be converted",
    "customer.tags[500] == channel": "reads past the end of a list",
    "{'a': 1}[channel] == 1": "reads a key that is not there",
    "{channel: 1, 'secret': 2}.size() == 2": "makes a map with the same key twice",
    "now.getHours(channel) == 1": "uses text that is not a time zone",
    "customer.tags.exists(a, customer.tags.exists(b, customer.tags.exists(c, a + b == c)))": (
        "takes too many steps"
    ),
    "dyn(customer.age) < channel": "mixes types that do not go together",
}


@pytest.mark.parametrize(("text", "words"), FAILURES.items())
def test_failures_are_told_without_values(residual, text, words):
    facts = {
        "customer.age": 1234567,
        "customer.affinity": 1e300,
        "customer.tags": ("secret",) * 50,
        "customer.away": timedelta(hours=1),
        "channel": "secret",
        "now": datetime(2026, 1, 1, tzinfo=UTC),
    }
    value = residual(text).evaluate(facts)
    if isinstance(value, bool):
        pytest.fail(f"has a value: {value}")
    assert value == Unknown(error=words)


def test_what_is_no_truth_value_is_unknown(lowered):
    condition = lowered("dyn(customer.age) || customer.vip")
    assert isinstance(condition, Any)
    (inner, *_) = condition.terms
    assert isinstance(inner, Residual)
    assert inner.expression.evaluate({"customer.age": 1}) == Unknown(error="is neither true nor false")


def test_same_tree_same_expression(lowered):
    first = lowered("customer.vip && customer.name.startsWith('a')").terms[1]
    second = lowered('has(now) || !customer . name\n.startsWith( "a" ) // again').terms[1]
    assert first.expression is second.expression
    assert second == Residual(first.expression, wanted=False)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("customer.age + 1 == 2", "customer.age + 1 == 3"),
        ("dyn(customer.age) == 1", "dyn(customer.age) == 1.0"),
        ("1.0 / dyn(customer.affinity) == 0.0", "1.0 / dyn(customer.affinity) == -0.0"),
        ("b'a' == bytes(channel)", "b'b' == bytes(channel)"),
        ("customer.tags.exists(t, t + '' == 'a')", "customer.tags.all(t, t + '' == 'a')"),
    ],
)
def test_another_tree_another_expression(residual, left, right):
    assert residual(left) is not residual(right)


def test_same_row_same_expression(residual):
    text = "customer.affinity * row.factor > 1.0"
    assert residual(text, {"row.factor": 0.0}) is residual(text, {"row.factor": 0.0})
    assert residual(text, {"row.factor": 0.0}) is not residual(text, {"row.factor": -0.0})


def test_constants_are_bound(residual):
    text = "customer.name + row.code in row.products || customer.name + row.code in list.fruit"
    first, second = (
        residual(
            "(" + text + ") == (customer.name != channel)", {"row.code": code, "row.products": ("xy", "ax")}
        )
        for code in ("x", "ple")
    )
    assert first.evaluate({"customer.name": "a", "channel": "b"}) is True
    assert first.evaluate({"customer.name": "b", "channel": "b"}) is True
    assert second.evaluate({"customer.name": "ap", "channel": "b"}) is True
    assert second.evaluate({"customer.name": "a", "channel": "b"}) is False


def test_where_nothing_it_reads_is_known_it_is_evaluated_once(residual, monkeypatch):
    runs = []

    def counted(program, data):
        runs.append(data)
        return run(program, data)

    monkeypatch.setattr(evaluation, "run", counted)
    expression = residual("(has(customer.age) ? 'x' : customer.name).startsWith('x')")
    absent = Unknown(missing="customer.name")
    assert [expression.evaluate(facts) for facts in ({}, {"channel": "pos"}, {})] == [absent] * 3
    assert len(runs) == 1
    for facts, value in (({"customer.name": "x2"}, True), ({"customer.age": 3}, True), ({}, absent)):
        assert expression.evaluate(facts) == value
    assert len(runs) == 3


@pytest.fixture
def over_lines():
    fields = (Attribute("sku", AttributeType(Kind.STRING)), Attribute("n", AttributeType(Kind.INT)))
    lines = Attribute("basket.lines", AttributeType(Kind.OBJECT, is_list=True, fields=fields, item="line"))
    channel = Attribute("channel", AttributeType(Kind.STRING))
    compiled = compiler({"basket.lines": lines, "channel": channel}, {})

    def evaluated(text, facts):
        (expression,) = expressions(compiled.condition(text).bind({}))
        return expression.evaluate(facts)

    return evaluated


def test_a_field_that_an_object_lacks_is_named(over_lines):
    lines = ({"sku": "tea", "n": 3}, {"sku": "tea"})
    value = over_lines("basket.lines.all(line, line.n + 1 > 2)", {"basket.lines": lines})
    assert value == Unknown(error="basket.lines[1].n is absent")


def test_a_key_that_is_a_value_is_not_told(over_lines):
    facts = {"basket.lines": ({"n": 3},), "channel": "secret"}
    text = "basket.lines.all(line, {'a': line.n}[channel] > 2)"
    assert over_lines(text, facts) == Unknown(error="reads a key that is not there")
