"""Law: the lowered condition is true, false or unknown where cel-cpp says true, false or error.

The oracle is cel-cpp over the whole text. ``has()`` is spelled for it by the generator: left alone, the
checker would take it for the variable itself. So are the kinds that CEL does not have: as numbers of
hundredths of cents, as texts and timestamps that the generator works out by itself.
"""

import functools
import itertools
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import ip_address
from typing import Any, NamedTuple

import pytest
from cel_expr_python import cel as google
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from maitred.cel import compiler
from maitred.core.conditions.model import Literal, Residual, negate
from maitred.core.values.kinds import KINDS as ROWS
from maitred.core.values.scalars import Address, Version, address_of, version_of
from maitred.core.values.types import Attribute, AttributeType, Invalid, Kind

KINDS = {
    Kind.BOOL: google.Type.BOOL,
    Kind.INT: google.Type.INT,
    Kind.DOUBLE: google.Type.DOUBLE,
    Kind.STRING: google.Type.STRING,
    Kind.TIMESTAMP: google.Type.TIMESTAMP,
    Kind.DURATION: google.Type.DURATION,
    Kind.DECIMAL: google.Type.INT,
    Kind.VERSION: google.Type.INT,
    Kind.DATE: google.Type.TIMESTAMP,
    Kind.IP: google.Type.STRING,
}
DIGITS = 2
# In ascending order, equal ones in one line.
VERSIONS = [
    ["0"],
    ["1.0-alpha", "1-alpha", "v1.0.0-alpha+build.7"],
    ["1.0-alpha.1"],
    ["1.0-alpha.beta"],
    ["1.0-beta.2"],
    ["1.0-beta.11"],
    ["1.0-rc.1"],
    ["1", "1.0", "1.0.0.0"],
    ["1.0.0.1"],
    ["5.9"],
    ["5.10", "5.10.0+x"],
    ["10.0.1"],
    ["99999999999999999999.1"],
]
VERSION_NUMBERS = {text: number for number, line in enumerate(VERSIONS) for text in line}
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
        ("timestamp('0001-01-01T00:00:00Z')", datetime.min.replace(tzinfo=UTC)),
        ("timestamp('9999-12-31T23:59:59.999999Z')", datetime.max.replace(tzinfo=UTC)),
    ],
    Kind.DURATION: [
        ("duration('0s')", timedelta()),
        ("duration('-1.5s')", timedelta(seconds=-1.5)),
        ("duration('1ns')", timedelta(microseconds=1)),
        ("duration('1us')", timedelta(microseconds=1)),
        ("(duration('1h') + duration('30m'))", timedelta(minutes=90)),
        ("duration('315576000000s')", timedelta(seconds=315_576_000_000)),
        ("duration('-315576000000s')", timedelta(seconds=-315_576_000_000)),
    ],
    Kind.DECIMAL: [
        *((text, Decimal(text)) for text in ("0.00", "53.70", "-0.01", "0.10")),
        ("'53.70'", Decimal("53.70")),
        ("54", Decimal("54.00")),
        ("-3", Decimal("-3.00")),
    ],
    Kind.VERSION: [(repr(text), version_of(text)) for text in VERSION_NUMBERS],
    Kind.DATE: [
        (repr(day.isoformat()), day)
        for day in (date(2024, 2, 29), date(2024, 3, 1), date(1969, 12, 31), date.min, date.max)
    ],
    Kind.IP: [
        (repr(text), address_of(text))
        for text in ("10.0.0.0", "10.255.255.255", "11.0.0.0", "2001:db8::1", "::", "255.255.255.255")
    ],
}
SINGLE = tuple(kind for kind in Kind if kind is not Kind.OBJECT)


def type_of(kind, *, is_list=False):
    return AttributeType(kind, is_list, digits=DIGITS if kind is Kind.DECIMAL else 0)


def for_oracle(value):
    """A value as the oracle knows it."""
    match value:
        case tuple():
            return [for_oracle(item) for item in value]
        case Decimal():
            return int(value * 10**DIGITS)
        case datetime():
            return instant(value)
        case date():
            return instant(datetime.combine(value, time(), UTC))
        case Version():
            return VERSION_NUMBERS[value.text]
        case Address():
            return ip_address(value.text).exploded
    return value


def instant(moment):
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def spelled(kind, text, value):
    """A constant as the oracle spells it."""
    if kind in {Kind.DECIMAL, Kind.VERSION, Kind.IP}:
        return repr(for_oracle(value))
    return f"timestamp('{value.isoformat()}T00:00:00Z')" if kind is Kind.DATE else text


SCALARS = {kind: tuple(f"{root}.{kind.value}" for root in ("a", "b")) for kind in SINGLE}
MANY = {kind: f"many.{kind.value}" for kind in SINGLE}
COLUMNS = {kind: f"row.{kind.value}" for kind in SINGLE}
ROW_LIST, NAMED_LIST = "row.words", "list.words"
TYPES = {
    **{name: type_of(kind) for kind, names in SCALARS.items() for name in names},
    **{name: type_of(kind, is_list=True) for kind, name in MANY.items()},
    **{name: type_of(kind) for kind, name in COLUMNS.items()},
    ROW_LIST: AttributeType(Kind.STRING, is_list=True),
}
FACTS = tuple(name for name in TYPES if not name.startswith("row."))
WORDS = ("a", "é", "😀")


OWN = frozenset((Kind.DECIMAL, Kind.VERSION, Kind.DATE, Kind.IP))


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


kinds = st.sampled_from(SINGLE)
signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def signs_of(kind):
    return signs if ROWS[kind].is_ordered else st.sampled_from(["==", "!="])


def constant(kind):
    texts = [Text(text, spelled(kind, text, value)) for text, value in CONSTANTS[kind]]
    return st.sampled_from([*texts, *texts, same(COLUMNS[kind])])


def operand(kind):
    return st.one_of(constant(kind), constant(kind), constant(kind), st.sampled_from(SCALARS[kind]).map(same))


def joined(items):
    return Text(f"[{', '.join(i.ours for i in items)}]", f"[{', '.join(i.oracle for i in items)}]")


def list_of(kind):
    named = [NAMED_LIST, ROW_LIST, "([''] + list.words)"] if kind is Kind.STRING else []
    literal = st.lists(operand(kind), max_size=3).map(joined)
    constants = st.lists(constant(kind), max_size=3).map(joined)
    return st.one_of(constants, constants, constants, literal, *(st.just(same(name)) for name in named))


@st.composite
def comparisons(draw):
    kind = draw(kinds)
    left, right = same(draw(st.sampled_from(SCALARS[kind]))), draw(operand(kind))
    if draw(st.booleans()):
        left, right = right, left
    return join(f"{{}} {draw(signs_of(kind))} {{}}", left, right)


@st.composite
def memberships(draw):
    kind = draw(kinds)
    if draw(st.booleans()):
        return join("{} in {}", draw(operand(kind)), same(MANY[kind]))
    return join("{} in {}", same(draw(st.sampled_from(SCALARS[kind]))), draw(list_of(kind)))


@st.composite
def macros(draw):
    kind = draw(kinds)
    # A list of texts alone does not say that they are versions.
    lists = list_of(kind) if kind not in OWN else st.just(same(MANY[kind]))
    over = draw(st.one_of(st.just(same(MANY[kind])), st.just(same(MANY[kind])), lists))
    tests = st.one_of(
        st.builds(functools.partial(join, "e == {}"), operand(kind)),
        st.builds(functools.partial(join, "e != {}"), operand(kind)),
        st.builds(functools.partial(join, "{} == e"), operand(kind)),
        st.builds(functools.partial(join, "e in {}"), list_of(kind)),
        st.just(same(f"e in {MANY[kind]}")),
        *([st.builds(functools.partial(join, "e < {}"), constant(kind))] if ROWS[kind].is_ordered else []),
    )
    body = draw(
        st.recursive(
            tests,
            lambda inner: st.one_of(
                st.builds(functools.partial(join, "!({})"), inner),
                st.builds(functools.partial(join, "({} || {})"), inner, inner),
                st.builds(functools.partial(join, "({} && {})"), inner, inner),
            ),
            max_leaves=3,
        )
    )
    macro = draw(st.sampled_from(["exists", "all", "exists", "exists_one"]))
    return join(f"{{}}.{macro}(e, {{}})", over, body)


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
        "a.date - b.date > duration('24h')",
        "a.date.getMonth() == 2 || a.date.getDayOfWeek() == 4",
    ]
).map(same)
amounts = st.sampled_from(
    [
        Text("a.decimal + b.decimal > 53.70", "a.decimal + b.decimal > 5370"),
        Text("a.decimal - 0.01 == b.decimal", "a.decimal - 1 == b.decimal"),
        Text("a.decimal * 2 >= 107.40", "a.decimal * 2 >= 10740"),
        Text("a.int * b.decimal < row.decimal", "a.int * b.decimal < row.decimal"),
        Text("a.decimal * b.decimal == 5.3163", "a.decimal * b.decimal == 53163"),
        Text("a.decimal + a.int > 3", "a.decimal + a.int * 100 > 300"),
        Text("a.decimal == a.int", "a.decimal == a.int * 100"),
        Text("-a.decimal < -5.5", "-a.decimal < -550"),
        Text("double(a.decimal) / 2.0 > 1.0", "double(a.decimal) / 100.0 / 2.0 > 1.0"),
        Text("(a.bool ? a.decimal : b.decimal) > 1.0", "(a.bool ? a.decimal : b.decimal) > 100"),
        Text(
            "many.decimal.map(e, e * 2).exists(e, e == 107.4)",
            "many.decimal.map(e, e*2).exists(e, e == 10740)",
        ),
        Text(
            "a.ip.inNetwork('10.0.0.0/8')",
            "(a.ip >= '010' && a.ip <= '010.9' || a.ip in ['10.0.0.0', '10.255.255.255'])",
        ),
        Text(
            "many.ip.exists(e, e.inNetwork('10.0.0.0/8'))",
            "many.ip.exists(e, e in ['10.0.0.0', '10.255.255.255'])",
        ),
        Text("many.version[0] > '1.0'", f"many.version[0] > {VERSION_NUMBERS['1.0']}"),
        Text(
            "(a.bool ? a.version : b.version) <= '5.9'",
            f"(a.bool ? a.version : b.version) <= {VERSION_NUMBERS['5.9']}",
        ),
    ]
)
names = st.sampled_from(FACTS)
presences = names.map(lambda name: Text(f"has({name})", presence(name)))
bare = st.sampled_from([*SCALARS[Kind.BOOL], COLUMNS[Kind.BOOL], "true", "false", "1 / 0 == 1"]).map(same)
leaves = st.one_of(comparisons(), comparisons(), memberships(), macros(), oddities, amounts, presences, bare)


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
    data = {name: for_oracle(value) for name, value in known.items()}
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
