"""Law: a computed attribute is what cel-cpp says of each line on its own, put together by hand.

Lines lack fields or have wrong values, and so do the list and the attribute of the request that conditions
read beside them. The oracle knows amounts as cents.
"""

import functools
from decimal import Decimal
from operator import itemgetter

from cel_expr_python import cel as google
from hypothesis import given, settings
from hypothesis import strategies as st

from maitred.cel import compiler
from maitred.core.conditions.computed import Aggregate, Computation, Computed
from maitred.core.values.facts import FactReader
from maitred.core.values.kinds import MAX_INT, MIN_INT
from maitred.core.values.types import Attribute, AttributeType, Invalid, Kind

FIELDS = (
    Attribute("sku", AttributeType(Kind.STRING)),
    Attribute("n", AttributeType(Kind.INT)),
    Attribute("price", AttributeType(Kind.DECIMAL, digits=2)),
    Attribute("weight", AttributeType(Kind.DOUBLE)),
    Attribute("sale", AttributeType(Kind.BOOL)),
)
LINES = Attribute(
    "b.lines", AttributeType(Kind.OBJECT, is_list=True, fields=FIELDS, item="line"), max_items=20
)
LIMIT = Attribute("c.limit", AttributeType(Kind.INT))
ORACLE_TYPES = {
    "line.sku": google.Type.STRING,
    "line.n": google.Type.INT,
    "line.price": google.Type.INT,
    "line.weight": google.Type.DOUBLE,
    "line.sale": google.Type.BOOL,
    "line.has_n": google.Type.BOOL,
    "c.limit": google.Type.INT,
}
# As rules say it, and as the oracle reads it.
TESTS = [
    ("line.sku == 'a'", None),
    ("line.sku in ['a', 'b']", None),
    ("!(line.sku in ['b'])", None),
    ("line.n > 1", None),
    ("line.n <= 2", None),
    ("line.n > -1 && line.n < 3", None),
    ("!(line.n >= 2)", None),
    ("line.price >= 2.50", "line.price >= 250"),
    ("line.price * line.n > 5", "line.price * line.n > 500"),
    ("line.weight < 1.5", None),
    ("line.sale", None),
    ("!line.sale", None),
    ("has(line.n)", "line.has_n"),
    ("line.n > c.limit", None),
    ("c.limit > 1", None),
    ("line.n + 1 > 9223372036854775807", None),
    ("line.sku.startsWith('a')", None),
    ("true", None),
    ("false", None),
]
TAKES = {
    "line.n": (None, Kind.INT),
    "line.price": (None, Kind.DECIMAL),
    "line.n * line.price": (None, Kind.DECIMAL),
    "line.price * line.n": (None, Kind.DECIMAL),
    "line.n * 2 - 1": (None, Kind.INT),
    "line.n * line.n": (None, Kind.INT),
    "line.n + c.limit": (None, Kind.INT),
    "line.weight": (None, Kind.DOUBLE),
    "line.sku": (None, Kind.STRING),
    "line.price + 1": ("line.price + 100", Kind.DECIMAL),
}
OF_BOTH = frozenset(("line.n * line.price", "line.price * line.n"))
SUMMED = frozenset((Kind.INT, Kind.DECIMAL))
ORDERED = SUMMED | {Kind.DOUBLE}


@functools.cache
def ours():
    items = {f"line.{field.name}": field_named(field) for field in FIELDS}
    return compiler({LINES.name: LINES, LIMIT.name: LIMIT, **items}, {})


def within_range(line):
    """A line whose amount times its number 64 bits hold: beyond them ours is still exact."""
    if isinstance(line, dict) and type(line.get("n")) is int:
        return {**line, "n": line["n"] % 5}
    return line


def field_named(field):
    return Attribute(f"line.{field.name}", field.type)


@functools.cache
def program(text):
    return google.NewEnv(variables=ORACLE_TYPES).compile(text)


def oracle_value(text, data):
    """What the oracle says; ``None`` for an error."""
    value = program(text).eval(data=data)
    return None if value.type() == google.Type.ERROR else value.value()


def joined(sign):
    def join(left, right):
        return f"({left[0]}) {sign} ({right[0]})", f"({left[1]}) {sign} ({right[1]})"

    return join


tests = st.sampled_from([(ours_, other or ours_) for ours_, other in TESTS])
wheres = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds(joined("&&"), inner, inner),
        st.builds(joined("||"), inner, inner),
        inner.map(lambda pair: (f"!({pair[0]})", f"!({pair[1]})")),
    ),
    max_leaves=3,
)


@st.composite
def aggregates(draw):
    aggregate = draw(st.sampled_from(Aggregate))
    if aggregate in (Aggregate.COUNT, Aggregate.ANY):
        return aggregate, None
    fits = {Aggregate.SUM: SUMMED, Aggregate.MIN: ORDERED, Aggregate.MAX: ORDERED}.get(aggregate)
    return aggregate, draw(
        st.sampled_from([text for text, (_, kind) in TAKES.items() if not fits or kind in fits])
    )


def sometimes(strategy, *others):
    return st.one_of(*[strategy] * 7, st.none(), *others)


lines = st.fixed_dictionaries(
    {},
    optional={
        "sku": st.sampled_from(["a", "b", "ab", "é"]),
        "n": st.one_of(st.integers(-2, 4), st.sampled_from([MAX_INT, MIN_INT, MAX_INT // 2])),
        "price": st.one_of(st.sampled_from(["2.50", "0.10", "-1.00", "99.99"]), st.sampled_from([2.5, 3])),
        "weight": st.sampled_from([0.5, 1.5, 2.0]),
        "sale": st.booleans(),
    },
)
full_lines = lines.map(lambda line: {"sku": "a", "n": 1, "price": "2.50", "weight": 1.0, "sale": True} | line)
wrong_lines = st.sampled_from([{"n": "1"}, {"price": "1.005"}, {"sale": 1}, "no line", None])
baskets = st.one_of(
    *[st.lists(st.one_of(full_lines, full_lines, full_lines, lines), max_size=6)] * 7,
    st.lists(st.one_of(full_lines, wrong_lines), max_size=4),
    st.sampled_from([None, "no list", [{"n": True}]]),
)


def naive(facts, where, aggregate, take):
    """The value, or ``None`` where it is absent or cannot be told."""
    items = facts.get(LINES.name)
    if items is None or isinstance(items, Invalid):
        return None
    known = {LIMIT.name: facts[LIMIT.name]} if isinstance(facts.get(LIMIT.name), int) else {}
    asked = [known | for_oracle(item) for item in items]
    counts = [oracle_value(where, data) for data in asked]
    if aggregate is Aggregate.ANY and True in counts:
        return True
    if None in counts:
        return None
    counted = [data for data, counts_ in zip(asked, counts, strict=True) if counts_]
    if aggregate is Aggregate.COUNT:
        return len(counted)
    if aggregate is Aggregate.ANY:
        return False
    counted = {Aggregate.FIRST: counted[:1], Aggregate.LAST: counted[-1:]}.get(aggregate, counted)
    other, kind = TAKES[take]
    values = [oracle_value(other or take, data) for data in counted]
    return None if None in values else put_together(aggregate, values, kind)


def put_together(aggregate, values, kind):
    if aggregate is Aggregate.DISTINCT:
        return len(set(values))
    if aggregate is Aggregate.SUM:
        total = sum(values)
        if not MIN_INT <= total <= MAX_INT:
            return None
        return Decimal(total).scaleb(-2) if kind is Kind.DECIMAL else total
    if not values:
        return None
    value = {Aggregate.MAX: max, Aggregate.MIN: min}.get(aggregate, itemgetter(0))(values)
    return Decimal(value).scaleb(-2) if kind is Kind.DECIMAL else value


def for_oracle(item):
    data = {f"line.{name}": value for name, value in item.items()}
    if "price" in item:
        data["line.price"] = int(item["price"] * 100)
    return {**data, "line.has_n": "n" in item}


@settings(max_examples=400, deadline=None)
@given(
    basket=baskets,
    limit=sometimes(st.integers(-1, 3), st.just("two")),
    where=wheres,
    asked=aggregates(),
)
def test_a_computed_attribute_is_what_cel_says_of_each_line(basket, limit, where, asked):
    aggregate, take = asked
    if take in OF_BOTH and isinstance(basket, list):
        basket = [within_range(line) for line in basket]
    facts = FactReader.of([LINES, LIMIT]).read({"b": {"lines": basket}, "c": {"limit": limit}})
    type_, term = ours().term(take) if take else (AttributeType(Kind.INT), None)
    condition = ours().condition(where[0]).bind({})
    computed = Computed("b.it", LINES.name, "line", condition, aggregate, type_, term)
    fact = Computation.of(computed).fact(facts, {})
    value = naive(facts, where[1], aggregate, take)
    if value is not None:
        assert fact == value
        assert type(fact) is type(value)
    elif fact is not None:
        assert isinstance(fact, Invalid)
    else:
        # Absent: so is something that is read of the request, or there is nothing to take a value of.
        empty = aggregate not in (Aggregate.COUNT, Aggregate.SUM, Aggregate.DISTINCT, Aggregate.ANY)
        assert empty or any(name not in facts for name in computed.reads)
