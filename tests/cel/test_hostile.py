"""Texts nobody should write, and facts nobody should send."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.cel import compiler
from maitred.core.conditions.model import Residual, Unknown
from maitred.core.rules.expressions import ExpressionError
from maitred.core.values.types import Attribute, AttributeType, Kind

TOO_DEEP = "the expression is nested too deeply: use fewer parentheses, or split it"
# Far above what any of these takes; a machine under load must not fail them.
SOON_SECONDS = 5.0


def exists(depth, body="t0 == 'a'"):
    for level in range(depth):
        body = f"customer.tags.exists(t{level}, {body})"
    return body


HOSTILE = {
    "long": (
        "channel == '" + "a" * 100_000 + "'",
        "the expression has 100013 characters, at most 20000 are allowed",
    ),
    "parentheses": ("(" * 9_999 + "x" + ")" * 9_999, TOO_DEEP),
    "open parentheses": ("(" * 10_000, "the expression is nested too deeply"),
    "brackets": ("[" * 5_000 + "]" * 5_000 + " == []", TOO_DEEP),
    "sums": (" + ".join(["1"] * 4_000) + " > 0", TOO_DEEP),
    "nots": ("!(" * 5_000 + "customer.vip" + ")" * 4_000, TOO_DEEP),
    "wide and deep": ("has(now) && has(now) && has(now) && (" * 31 + "customer.vip" + ")" * 31, TOO_DEEP),
    "selects": ("channel" + ".a" * 5_000 + " == 1", TOO_DEEP),
    "macros": (exists(4), "macros like `exists` may stand at most 3 levels inside one another"),
    "many macros": (exists(10), "macros like `exists` may stand at most 3 levels inside one another"),
    "nul": ("customer.vip && \0", "the character NUL is not allowed in an expression"),
    "half a pair": ("channel == '\ud800'", "the expression is not valid unicode"),
    "control": ("customer.vip \x01\x1bx", "`\x01` is not expected here"),
    "spoofed report": ("'\nERROR: <input>:9:9: undeclared reference to 'x'", "text is not closed"),
    "huge regex": (
        "channel.matches('(((a{100}){100}){100}){100}')",
        "`(((a{100}){100}){100}){100}` is not a",
    ),
}


@pytest.mark.parametrize(("text", "message"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_refused_soon(cel, text, message):
    started = time.monotonic()
    with pytest.raises(ExpressionError) as caught:
        cel.condition(text)
    assert message in caught.value.message
    assert time.monotonic() - started < SOON_SECONDS


def test_a_macro_over_the_list_of_another_is_not_nested(cel, answer):
    text = "customer.tags" + ".map(t, t)" * 6 + ".exists(t, t == 'a')"
    condition = cel.condition(text).bind({})
    assert answer(condition, {"customer.tags": ("b", "a")}) is True
    assert answer(condition, {"customer.tags": ("b",)}) is False


def test_the_longest_text_compiles_soon(cel):
    started = time.monotonic()
    text = "||".join(["has(now)"] * 1_990)
    assert cel.condition(text).bind({})
    cel.condition("channel in [" + ",".join(f"'{n}'" for n in range(2_500)) + "]").bind({})
    assert time.monotonic() - started < SOON_SECONDS


def test_a_pathological_regex_stays_linear(residual):
    expression = residual("channel.matches('^(a+)+$')")
    started = time.monotonic()
    assert expression.evaluate({"channel": "a" * 100_000 + "b"}) is False
    assert time.monotonic() - started < SOON_SECONDS


def test_runaway_steps_end(residual):
    expression = residual("customer.tags.all(a, customer.tags.all(b, customer.tags.all(c, a + b != c)))")
    started = time.monotonic()
    assert expression.evaluate({"customer.tags": ("a",) * 1_000}) == Unknown(error="takes too many steps")
    assert time.monotonic() - started < SOON_SECONDS


@given(st.text(max_size=40) | st.text(alphabet="customer.age has()!&|?:[]{}<>='\"\\10 \n", max_size=40))
def test_any_text_compiles_or_is_refused(text):
    attributes = {"customer.age": Attribute("customer.age", AttributeType(Kind.INT))}
    try:
        compiler(attributes, {}).condition(text).bind({})
        refused = None
    except ExpressionError as error:
        refused = error
    if refused:
        lines = text.split("\n")
        assert refused.message
        assert 1 <= refused.line <= len(lines)
        assert 1 <= refused.column <= len(lines[refused.line - 1]) + 1


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.datetimes(),
    st.timedeltas(),
    st.lists(st.integers()).map(tuple),
    st.dictionaries(st.text(), st.integers()),
    st.just(object()),
)


@given(value=ANYTHING)
def test_evaluation_never_raises(value):
    kinds = {"a.int": Kind.INT, "a.string": Kind.STRING, "a.moment": Kind.TIMESTAMP, "a.double": Kind.DOUBLE}
    cel = compiler({name: Attribute(name, AttributeType(kind)) for name, kind in kinds.items()}, {})
    for text in ("a.int + 1 > 0", "a.string + 'a' != ''", "a.moment.getHours() > 0", "a.double * 2.0 > 0.0"):
        condition = cel.condition(text).bind({})
        assert isinstance(condition, Residual)
        assert isinstance(condition.expression.evaluate(dict.fromkeys(kinds, value)), bool | Unknown)
