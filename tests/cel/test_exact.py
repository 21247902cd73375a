"""Law: the lowered condition is true, false or unknown where cel-cpp says true, false or error.

The oracle is cel-cpp over the whole text. Only ``has()`` is spelled for it by the generator:
left alone, the checker would take it for the variable itself.
"""

import functools
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from cel_expr_python import cel as google
from hypothesis import given, settings
from hypothesis import strategies as st

from maitred.cel import compiler
from maitred.core.conditions.model import Literal, Residual, negate
from maitred.core.values.types import Attribute, AttributeType, Invalid, Kind

KINDS = {
    Kind.BOOL: google.Type.BOOL,
    Kind.INT: google.Type.INT,
    Kind.DOUBLE: google.Type.DOUBLE,
    Kind.STRING: google.Type.STRING,
    Kind.TIMESTAMP: google.Type.TIMESTAMP,
    Kind.DURATION: google.Type.DURATION,
}
# Each constant as CEL text and as the value that meets it.
NAN, INFINITY = float("nan"), float("inf")
MOMENT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
CONSTANTS: dict[Kind, list[tuple[str, Any]]] = {
    Kind.BOOL: [("true", True), ("false", False), ("(1 < 2)", True)],
    Kind.INT: [
        *((str(n), n) for n in (0, 1, -1, 7, 2**53 + 1, 2**63 - 1, -(2**63))),
        ("(3 + 4)", 7),
        ("(1 / 0)", 0),
    ],
    Kind.DOUBLE: [
        *((repr(n), n) for n in (0.0, -0.0, 1.5, -1e308, 5e-324, 9007199254740993.0)),
        ("(0.0 / 0.0)", NAN),
        ("(1.0 / 0.0)", INFINITY),
    ],
    Kind.STRING: [
        *((f"'{text}'", text) for text in ("", "a", "ab", "b", "é", "e\u0301", "\uffff", "😀")),
        ("('a' + 'b')", "ab"),
    ],
    Kind.TIMESTAMP: [
        ("timestamp('2026-03-29T01:30:00Z')", MOMENT),
        ("timestamp('2026-03-29T03:30:00.000001+02:00')", MOMENT + timedelta(microseconds=1)),
        ("timestamp('2026-03-29T01:30:00.000000001Z')", MOMENT),
        ("timestamp('1969-12-31T23:59:59.999999Z')", datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)),
    ],
    Kind.DURATION: [
        ("duration('0s')", timedelta()),
        ("duration('-1.5s')", timedelta(seconds=-1.5)),
        ("duration('1ns')", timedelta(microseconds=1)),
        ("duration('1us')", timedelta(microseconds=1)),
        ("(duration('1h') + duration('30m'))", timedelta(minutes=90)),
    ],
}
SCALARS = {kind: tuple(f"{root}.{kind.value}" for root in ("a", "b")) for kind in Kind}
MANY = {kind: f"many.{kind.value}" for kind in Kind}
COLUMNS = {kind: f"row.{kind.value}" for kind in Kind}
ROW_LIST, NAMED_LIST = "row.words", "list.words"
TYPES = {
    **{name: AttributeType(kind) for kind, names in SCALARS.items() for name in names},
    **{name: AttributeType(kind, is_list=True) for kind, name in MANY.items()},
    **{name: AttributeType(kind) for kind, name in COLUMNS.items()},
    ROW_LIST: AttributeType(Kind.STRING, is_list=True),
}
FACTS = tuple(name for name in TYPES if not name.startswith("row."))
WORDS = ("a", "é", "😀")


def presence(name):
    return f"there.{name}"


@functools.cache
def oracle():
    def type_of(declared):
        scalar = KINDS[declared.kind]
        return google.Type.List(scalar) if declared.is_list else scalar

    variables = {name: type_of(declared) for name, declared in TYPES.items()}
    variables |= {presence(name): google.Type.BOOL for name in FACTS}
    return google.NewEnv(variables={**variables, NAMED_LIST: google.Type.List(google.Type.STRING)})


@functools.cache
def ours():
    return compiler({name: Attribute(name, type_) for name, type_ in TYPES.items()}, {NAMED_LIST: WORDS})


class Text(NamedTuple):
    """One expression: for the compiler, and as the oracle spells it."""

    ours: str
    oracle: str


def same(text):
    return Text(text, text)


def join(template, *parts):
    return Text(
        template.format(*(part.ours for part in parts)), template.format(*(part.oracle for part in parts))
    )


kinds = st.sampled_from(list(Kind))
signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def constant(kind):
    texts = [text for text, _ in CONSTANTS[kind]]
    return st.sampled_from([*texts, *texts, COLUMNS[kind]])


def operand(kind):
    return st.one_of(constant(kind), constant(kind), constant(kind), st.sampled_from(SCALARS[kind]))


def list_of(kind):
    named = [NAMED_LIST, ROW_LIST, "([''] + list.words)"] if kind is Kind.STRING else []
    literal = st.lists(operand(kind), max_size=3).map(lambda items: f"[{', '.join(items)}]")
    constants = st.lists(constant(kind), max_size=3).map(lambda items: f"[{', '.join(items)}]")
    return st.one_of(constants, constants, constants, literal, *(st.just(name) for name in named))


@st.composite
def comparisons(draw):
    kind = draw(kinds)
    name = st.just(draw(st.sampled_from(SCALARS[kind])))
    left, right = draw(name), draw(operand(kind))
    if draw(st.booleans()):
        left, right = right, left
    return same(f"{left} {draw(signs)} {right}")


@st.composite
def memberships(draw):
    kind = draw(kinds)
    collection = draw(st.one_of(list_of(kind), st.just(MANY[kind])))
    return same(f"{draw(operand(kind))} in {collection}")


@st.composite
def macros(draw):
    kind = draw(kinds)
    over = draw(st.one_of(st.just(MANY[kind]), st.just(MANY[kind]), list_of(kind)))
    tests = st.one_of(
        st.builds("e {} {}".format, st.sampled_from(["==", "!="]), operand(kind)),
        st.builds("{} == e".format, operand(kind)),
        st.builds("e in {}".format, list_of(kind)),
        st.just(f"e in {MANY[kind]}"),
        st.builds("e < {}".format, constant(kind)),
    )
    body = draw(
        st.recursive(
            tests,
            lambda inner: st.one_of(
                st.builds("!({})".format, inner),
                st.builds("({} || {})".format, inner, inner),
                st.builds("({} && {})".format, inner, inner),
            ),
            max_leaves=3,
        )
    )
    return same(f"{over}.{draw(st.sampled_from(['exists', 'all', 'exists', 'exists_one']))}(e, {body})")


oddities = st.sampled_from(
    [
        "a.string.startsWith('a')",
        "a.string.matches('^(a|é)+$')",
        "a.int + b.int > 0",
        "a.int / b.int == 1",
        "dyn(a.int) == 1.5",
        "dyn(a.int) < b.double",
        "a.int == dyn(7.0)",
        "a.double in [dyn(0)]",
        "dyn(7.0) in many.int",
        "a.bool == dyn(1)",
        "a.int in [1, 2.0]",
        "many.string.size() > 1",
        "many.string == ['a']",
        "many.int.map(e, e * 2).exists(e, e == 14)",
        "a.timestamp - b.timestamp > a.duration",
        "a.timestamp.getHours('Europe/Berlin') == 3",
        "dyn(a.int) || a.bool",
        "dyn(a.string) && a.bool",
        "(a.bool ? a.int : b.int) > 1",
        "row.string + 'x' == a.string",
        "row.int + 1 > 0",
        "row.words == many.string",
        "many.string[0] == 'a'",
    ]
).map(same)
names = st.sampled_from(FACTS)
presences = names.map(lambda name: Text(f"has({name})", presence(name)))
bare = st.sampled_from([*SCALARS[Kind.BOOL], COLUMNS[Kind.BOOL], "true", "false", "1 / 0 == 1"]).map(same)
leaves = st.one_of(comparisons(), comparisons(), memberships(), macros(), oddities, presences, bare)


def compounds(inner):
    return st.one_of(
        st.builds(functools.partial(join, "({} && {})"), inner, inner),
        st.builds(functools.partial(join, "({} || {})"), inner, inner),
        st.builds(functools.partial(join, "!({})"), inner),
        st.builds(functools.partial(join, "({} ? {} : {})"), inner, inner, inner),
        st.builds(functools.partial(join, "(({}) == ({}))"), inner, inner),
        st.builds(functools.partial(join, "(({}) != true)"), inner),
    )


expressions = st.recursive(leaves, compounds, max_leaves=6)


ABSENT, BROKEN = None, Invalid("is broken")


def value_of(declared):
    met = st.sampled_from([value for _, value in CONSTANTS[declared.kind]])
    others: st.SearchStrategy[Any]
    if declared.kind is Kind.STRING:
        others = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=3)
    elif declared.kind is Kind.DOUBLE:
        others = st.floats()
    else:
        others = st.integers(-(2**63), 2**63 - 1) if declared.kind is Kind.INT else met
    one = st.one_of(met, met, met, others)
    return st.lists(one, max_size=3).map(tuple) if declared.is_list else one


def fact_of(declared):
    value = value_of(declared)
    return st.one_of(value, value, value, value, value, st.sampled_from([ABSENT, BROKEN]))


def without_absent(facts):
    return {name: fact for name, fact in facts.items() if fact is not ABSENT}


facts_of = st.fixed_dictionaries({name: fact_of(TYPES[name]) for name in FACTS}).map(without_absent)
rows_of = st.fixed_dictionaries({name: value_of(TYPES[name]) for name in TYPES if name.startswith("row.")})


def expected(text, facts, row):
    """True, false or ``None`` for an error, by cel-cpp over the whole text."""
    known = (
        {name: fact for name, fact in facts.items() if not isinstance(fact, Invalid)}
        | row
        | {NAMED_LIST: WORDS}
    )
    data = {name: list(value) if isinstance(value, tuple) else value for name, value in known.items()}
    data |= {presence(name): name in facts for name in FACTS}
    value = oracle().compile(text.oracle).eval(data=data)
    return value.value() if value.type() == google.Type.BOOL else None


@settings(max_examples=250, deadline=None)
@given(text=expressions, row=rows_of, facts=st.lists(facts_of, min_size=4, max_size=4))
def test_lowered_agrees_with_cel(answer, text, row, facts):
    condition = ours().condition(text.ours).bind(row)
    for known in facts:
        want = expected(text, known, row)
        assert answer(condition, known) is want
        assert answer(negate(condition), known) is (None if want is None else not want)


@settings(max_examples=150, deadline=None)
@given(
    text=st.one_of(comparisons(), memberships(), macros()),
    row=rows_of,
    facts=st.lists(facts_of, min_size=6, max_size=6),
)
def test_single_tests_agree_with_cel(answer, text, row, facts):
    condition = ours().condition(text.ours).bind(row)
    for known in facts:
        assert answer(condition, known) is expected(text, known, row)


@pytest.mark.parametrize(
    "text",
    [
        "{0} ? {1} : {2}",
        "!({0} ? {1} : {2})",
        "({0} ? {1} : {2}) ? {1} : {0}",
        "{0} && {1} ? {2} : {1}",
        "{0} ? false : false",
        "({0} || {1}) == false",
        "({0} && {1}) != true",
        "{0} == {1} || {2}",
        "({0} || {1}) && !({1} && {2})",
        "[true, false].exists(e, e in [{0}]) || {1}",
        "[].exists(e, e in many.bool) || {0}",
        "[].all(e, e in many.bool) && {0}",
        "[true].all(e, !(e in many.bool)) && {0}",
        "[true, false].all(e, e in many.bool) || {0}",
    ],
)
def test_truth_tables_agree_with_cel(answer, text):
    names = ("a.bool", "b.bool", "many.bool")
    spelled = text.format("a.bool", "b.bool", "has(many.bool)")
    asked = Text(spelled, spelled.replace("has(many.bool)", presence("many.bool")))
    condition = ours().condition(asked.ours).bind({})
    for values in itertools.product(
        (True, False, ABSENT), (True, False, ABSENT), ((), (True,), (True, False), ABSENT)
    ):
        facts = without_absent(dict(zip(names, values, strict=True)))
        want = expected(asked, facts, {})
        assert answer(condition, facts) is want, facts
        assert answer(negate(condition), facts) is (None if want is None else not want), facts


@pytest.mark.parametrize(
    "text", ["a.double == row.double", "a.double in [row.double]", "row.double in many.double"]
)
def test_nan_is_not_itself(answer, text):
    """Python's sets hold the very same NaN to be a member."""
    condition = ours().condition(text).bind({"row.double": NAN})
    assert answer(condition, {"a.double": NAN, "many.double": (NAN,)}) is False


def test_the_laws_meet_literals_as_well_as_residuals():
    """The generator would prove nothing if all it made stayed with CEL."""
    made = [
        ours().condition(text).bind({}) for text in ("a.int < 7", "many.string.exists(e, e in list.words)")
    ]
    assert all(isinstance(condition, Literal) for condition in made)
    assert isinstance(ours().condition("a.int + b.int > 0").bind({}), Residual)
