"""What expressions are estimated to cost, held against what they take with the largest values allowed."""

import time
from datetime import UTC, datetime

import pytest
from benchmarks.hostile_rules import HostileRules

from maitred.cel import compiler
from maitred.core.conditions.model import expressions
from maitred.core.rules.expressions import ExpressionError
from maitred.core.values.types import Attribute, AttributeType, Kind

LENGTH, ITEMS = 500, 500
BOUND_NS = 1_000_000
# Estimates are of a quiet machine; tests run beside others.
SLACK = 4


def attribute(name, kind, *, is_list=False):
    return Attribute(name, AttributeType(kind, is_list), max_length=LENGTH, max_items=ITEMS)


ATTRIBUTES = {
    declared.name: declared
    for declared in (
        attribute("c.age", Kind.INT),
        attribute("c.name", Kind.STRING),
        attribute("c.note", Kind.STRING),
        attribute("c.worth", Kind.DOUBLE),
        attribute("c.since", Kind.TIMESTAMP),
        attribute("b.words", Kind.STRING, is_list=True),
        attribute("b.other", Kind.STRING, is_list=True),
        attribute("b.numbers", Kind.INT, is_list=True),
    )
}
LISTS = {"list.some": tuple(f"p{number}" for number in range(50))}
LARGEST = {
    "c.age": 99,
    "c.name": "a" * LENGTH,
    "c.note": "b" * LENGTH,
    "c.worth": 2.5,
    "c.since": datetime(2026, 1, 1, tzinfo=UTC),
    "b.words": tuple("x" * (LENGTH - 4) + f"{number:04}" for number in range(ITEMS)),
    "b.other": tuple("y" * (LENGTH - 4) + f"{number:04}" for number in range(ITEMS)),
    "b.numbers": tuple(range(ITEMS)),
}


@pytest.fixture(scope="module")
def cel():
    return compiler(ATTRIBUTES, LISTS)


def parts_of(cel, text):
    return set(expressions(cel.condition(text).bind({})))


def cost_of(cel, text):
    return sum(part.cost_ns for part in parts_of(cel, text))


def taken_ns(part):
    """The best of three, on the thread's own clock."""
    best = None
    for _ in range(3):
        started = time.thread_time_ns()
        part.evaluate(LARGEST)
        took = time.thread_time_ns() - started
        best = took if best is None else min(best, took)
    return best


@pytest.mark.parametrize(
    "text",
    [
        "c.age >= 18",
        'c.name == "Ann" || c.name in list.some',
        '"milk" in b.words',
        'b.words.exists(w, w == "milk")',
        "has(c.name) && !has(c.note)",
    ],
)
def test_what_the_index_answers_costs_nothing(cel, text):
    assert cost_of(cel, text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "c.age + 1 > 3",
        "c.name.size() > 10",
        "c.name == c.note",
        'c.name.contains("milk") && c.note.endsWith("x")',
        'c.name.matches("^[a-z]+@shop[.]example$")',
        'b.words.exists(w, w.startsWith("q"))',
        "b.numbers.exists(n, n * 3 + 1 > 100000)",
        "b.words.size() > 3",
        "b.words == b.other",
    ],
)
def test_what_people_write_is_far_below_the_bound_and_takes_no_more_than_estimated(cel, text):
    for part in parts_of(cel, text):
        assert 0 < part.cost_ns < BOUND_NS
        assert taken_ns(part) < part.cost_ns * SLACK


@pytest.mark.parametrize(
    "text",
    [
        "b.words" + ".map(w, w + w)" * 23 + ".size() > 3",
        "b.words.map(w, w).size() > 3",
        "b.words.filter(w, w != 'a').size() > 3",
        "b.words.exists(w, w in b.other)",
        "b.words.exists(w, b.other.exists(o, w == o))",
        "b.words.map(w, b.other.map(o, w + o)).size() > 3",
        'b.words.exists(w, w.matches("^q.*z$"))',
        'c.name.matches("(a{100}){100}b")',
        "(" + " + ".join(["b.words"] * 12) + ").size() > 3",
    ],
)
def test_what_stalls_everybody_is_far_above_the_bound(cel, text):
    try:
        assert cost_of(cel, text) > BOUND_NS
    except ExpressionError:
        assert "matches" in text


def test_costs_follow_the_declared_bounds():
    text = "b.words.exists(w, w in b.other)"
    small = {
        name: Attribute(name, declared.type, max_length=20, max_items=20)
        for name, declared in ATTRIBUTES.items()
    }
    assert cost_of(compiler(small, {}), text) < 100_000 < BOUND_NS < cost_of(compiler(ATTRIBUTES, {}), text)


def test_a_row_s_constants_count_as_they_are():
    attributes = {**ATTRIBUTES, "row.words": Attribute("row.words", AttributeType(Kind.STRING, is_list=True))}
    template = compiler(attributes, {}).condition("b.words.exists(w, row.words.exists(r, w.startsWith(r)))")
    costs = [
        sum(part.cost_ns for part in expressions(template.bind({"row.words": ("ab",) * count})))
        for count in (1, 100)
    ]
    assert costs[0] < BOUND_NS < costs[1]


def outcomes(cel, count):
    """How many rules of so many seeds are refused, and how many are evaluated, each within its bound."""
    refused = evaluated = 0
    for seed in range(count):
        text = HostileRules(seed).condition(1 + seed % 6)
        try:
            parts = parts_of(cel, text)
        except ExpressionError:
            refused += 1
            continue
        if sum(part.cost_ns for part in parts) > BOUND_NS:
            refused += 1
            continue
        evaluated += 1
        took = sum(map(taken_ns, parts))
        assert took < max(BOUND_NS, sum(part.cost_ns for part in parts)) * SLACK, text
    return refused, evaluated


def test_hostile_rules_are_refused_or_end_within_their_bound(cel):
    refused, evaluated = outcomes(cel, 150)
    assert refused > 20
    assert evaluated > 20


@pytest.mark.torture
def test_a_thousand_hostile_rules(cel):
    refused, evaluated = outcomes(cel, 1000)
    assert refused + evaluated == 1000


def test_the_amounts_of_an_object_are_handed_over_field_by_field():
    fields = (
        Attribute("sku", AttributeType(Kind.STRING), max_length=40),
        Attribute("n", AttributeType(Kind.INT)),
    )
    lines = Attribute(
        "b.lines", AttributeType(Kind.OBJECT, is_list=True, fields=fields, item="line"), max_items=20
    )
    text = "b.lines.exists(line, line.sku.startsWith('S') && line.n >= 3)"
    cost = cost_of(compiler({"b.lines": lines}, {}), text)
    assert 0 < cost < BOUND_NS // 4
