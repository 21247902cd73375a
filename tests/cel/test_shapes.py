"""Law: a condition that shares what was checked for others of its shape is the one it is by itself.

So are the errors and their places. The oracle is the same compiler without shapes.
"""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maitred.cel.compiler import _Compiler
from maitred.cel.environment import Environment
from maitred.cel.shapes import terms_of
from maitred.cel.vocabulary import ExpressionVocabulary
from maitred.core.conditions.model import All, Any, Literal, Residual
from maitred.core.rules.expressions import ExpressionError
from maitred.core.values.kinds import type_of
from maitred.core.values.types import Attribute, AttributeType, Kind

TYPES = {
    "customer.age": "int",
    "customer.name": "string",
    "customer.affinity": "double",
    "customer.vip": "bool",
    "customer.since": "timestamp",
    "customer.away": "duration",
    "customer.tags": "list<string>",
    "customer.visits": "list<int>",
    "basket.value": "decimal(2)",
    "app.version": "version",
    "customer.born": "date",
    "row.least": "int",
}
ATTRIBUTES = {
    **{name: Attribute(name, type_of(type_)) for name, type_ in TYPES.items()},
    "customer.tier": Attribute("customer.tier", AttributeType(Kind.STRING), ("basic", "gold")),
    "basket.code": Attribute("basket.code", AttributeType(Kind.STRING), ignores_case=True, is_trimmed=True),
}
LISTS = {"list.fruit": ("apple", "pear"), "list.nothing": ()}

TERMS = (
    "customer.age >= {0}",
    "{0} < customer.age",
    "customer.age in [{0}, {1}]",
    "customer.age == {0}",
    "customer.age > - {0}",
    "customer.age * {0} > {1}",
    "customer.affinity > {0}",
    "basket.value <= {0}",
    "basket.value in [{0},{1}]",
    "app.version >= {0}",
    "customer.born < {0}",
    "basket.code == {0}",
    "basket.code in [ {0} , {1} ]",
    "basket.code in list.fruit",
    "customer.tier == {0}",
    "customer.tier != {0}",
    "customer.tier in [{0}, {1}]",
    "customer.tier < {0}",
    "customer.name == {0} + {1}",
    "customer.name.startsWith({0})",
    "customer.name in list.fruit",
    "{0} in customer.tags",
    "{0} in list.nothing",
    "customer.tags.exists(p, p in [{0}, {1}, {0}])",
    "customer.tags.exists(p, p == {0} || p == {1})",
    "customer.tags.all(p, p != {0})",
    "customer.tags.all(p, !(p in [{0}]))",
    "[{0}, {1}].exists(x, x in customer.tags)",
    "[{0}, {1}].all(x, x in customer.tags)",
    "customer.visits.exists(v, v > {0} && v < {1})",
    "customer.tags[0] == {0}",
    "customer.tags == [{0}, {1}]",
    "customer.age > customer.visits.size()",
    "customer.age > customer.age",
    "!(customer.name == {0})",
    "(customer.age > {0} || customer.vip)",
    "(customer.age > {0} && customer.name == {1})",
    "customer.vip ? customer.age > {0} : customer.name == {1}",
    "(customer.vip ? customer.age > {0} : {1} in customer.tags)",
    "(customer.age > {0}) == customer.vip",
    "has(customer.age)",
    "!has(customer.name)",
    "customer.vip",
    "customer.vip == true",
    "true",
    "false",
    "{0} == {1}",
    "{0} in [{0}, {1}]",
    "{0}",
    "customer.since < timestamp({0})",
    "customer.away > duration({0})",
    "now_.x == {0}",
    "customer.age > row.least",
    "(customer.age > {0}",
    "customer.age > {0})",
    "",
)
TEXTS = (
    *("'a'", '"a"', "'gold'", '"gold"', '"basic"', '"tin"', '""', "''", '"it\'s"', "'é😀'", "' VIP '"),
    *(r'"a\"b"', r'"\u00e9"', 'r"a"', 'b"a"', '"""a"""', "'''a'''", '"a" "b"', "'a'r"),
    *('"a && b"', '"(["', '"// a"', '"a" // b', '"?"', '"||"', '"5.10"', '"2026-01-01"', '"30d"'),
    *('"2026-01-01T00:00:00Z"', '"1.234"', "`a`", '"a', "'"),
)
NUMBERS = (
    *("0", "7", "18", "-5", "- 5", "007", "0x1F", "1u", "7e2", "999999999999999999"),
    *("9223372036854775807", "9223372036854775808", "1" * 40),
    *("0.0", "1.5", "80.25", "1.50", "-1.5", ".5", "1.", "1.5e3", "0.1", "01.5", "1.5.1", "1.234"),
    *("123456789012345.123456789012345", "1234567890123456.5"),
    *("true", "null", "customer.age", "[1]", "[1, 2]", "[1.5, 2.5]", "['a', 1]", "[-1]", "[ 'a' ,'b' ]"),
)
LITERALS = st.one_of(
    st.sampled_from(("'gold'", '"basic"', "7", "18", "2.5")),
    st.sampled_from((*TEXTS, *NUMBERS)),
    st.text(st.characters(exclude_characters="\"'\\\n\r", exclude_categories=["Cs"]), max_size=4).map(
        lambda text: f'"{text}"'
    ),
    st.text("ab\"'\\&|?()[]1. ", max_size=5),
    st.integers(0, 10**20).map(str),
    st.floats(0, 1e16, allow_nan=False).map(repr),
)
JOINTS = st.sampled_from((" && ",) * 6 + ("&&", "\n  && ", " || ", " ? true : ", " &&& ", "&& //"))


@st.composite
def expressions(draw):
    text = ""
    for number in range(draw(st.integers(1, 4))):
        term = draw(st.sampled_from(TERMS)).format(draw(LITERALS), draw(LITERALS))
        text += (draw(JOINTS) if number else "") + term
    return text


@dataclass(frozen=True)
class Refused:
    line: int
    column: int
    message: str


def fresh():
    return _Compiler(ExpressionVocabulary(ATTRIBUTES, LISTS), {})


def outcome(compiled, text):
    try:
        return spelled(compiled(text).bind({}))
    except ExpressionError as error:
        return Refused(error.line, error.column, error.message)


def spelled(condition):
    """A condition as what can be compared: expressions are told apart by identity."""
    match condition:
        case Residual(expression, wanted):
            return expression.text, expression.reads, expression.cost_ns, wanted
        case All(terms) | Any(terms):
            return type(condition).__name__, tuple(map(spelled, terms))
        case Literal():
            return repr(condition)
    raise AssertionError(condition)


@settings(max_examples=50)
@given(st.lists(expressions(), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_a_shared_condition_is_the_one_by_itself(texts, random):
    shared, alone = fresh(), fresh()
    # Terms are shared from the second text on that has their shape.
    again = texts * 3
    random.shuffle(again)
    for text in again:
        shared._conditions.clear()
        assert outcome(shared.condition, text) == outcome(alone._by_itself, text)


@pytest.mark.parametrize("term", TERMS)
def test_every_literal_of_a_term_is_read_as_by_itself(term):
    shared, alone = fresh(), fresh()
    literals = ("'gold'", "'basic'", "7", "8", "2.5", "3.5", *TEXTS, *NUMBERS)
    for text in dict.fromkeys(term.format(*pair) for one in literals for pair in ((one, one), (one, "7"))):
        assert outcome(shared.condition, text) == outcome(alone._by_itself, text)


@pytest.fixture
def checked(monkeypatch):
    """The texts that CEL has checked."""
    texts = []
    check = Environment.check

    def counted(environment, text):
        texts.append(text)
        return check(environment, text)

    monkeypatch.setattr(Environment, "check", counted)
    return texts


def test_a_shape_is_checked_with_the_first_texts_that_have_it(checked):
    shared = fresh()
    for number in range(100):
        products = ", ".join(f"'{product}'" for product in range(number + 1))
        bought = f"customer.tags.exists(t, t in [{products}])"
        text = f"customer.age > {number} && {bought} && basket.value < 1{number}.50"
        condition = shared.condition(text).bind({})
        assert isinstance(condition, All)
        assert len(condition.terms) == 3
    # The first text, and of the second its three terms.
    assert len(checked) == 1 + 3


def test_terms_with_an_expression_that_stays_cels_are_shared_where_they_are_the_same(checked):
    shared = fresh()
    for number in range(50):
        condition = shared.condition(f"customer.visits[0] < customer.age && customer.age > {number}").bind({})
        assert isinstance(condition, All)
    assert len(checked) == 50 + 2

    checked.clear()
    conditions = [
        shared.condition(f"customer.age != customer.age && customer.age > {number}").bind({})
        for number in range(50)
    ]
    assert len({condition.terms[0] for condition in conditions}) == 1
    assert len(checked) == 1 + 1


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("a", ["a"]),
        ("a && b", ["a", "b"]),
        ("a&&b\n&&  c ", ["a", "b", "c"]),
        ("a && b || c", ["a && b || c"]),
        ("a ? b : c && d", ["a ? b : c && d"]),
        ("(a || b) && f(c && d) && [e && f]", ["(a || b)", "f(c && d)", "[e && f]"]),
        ("a == '&& (' && b == \"|| '\"", ["a == '&& ('", 'b == "|| \'"']),
        ("a == '\\'' && b", []),
        ("a == r'x' && b", []),
        ("a == '''x''' && b", []),
        ("a // && b\n&& c", []),
        ("`a && b` && c", []),
    ],
)
def test_a_conjunction_is_taken_apart_where_its_terms_stand_by_themselves(text, terms):
    assert terms_of(text) == terms
