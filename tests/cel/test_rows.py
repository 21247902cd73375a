"""Templates and the rows they are bound to."""

from datetime import UTC, datetime
from typing import Any

import pytest

from maitred.core.conditions.model import FALSE, TRUE, All, Literal, OneOf, Overlaps, Within

ROW: dict[str, Any] = {
    "row.code": "8",
    "row.least": 18,
    "row.factor": 0.5,
    "row.open": True,
    "row.start": datetime(2026, 1, 1, tzinfo=UTC),
    "row.day": "2026-01-01T00:00:00Z",
    "row.products": ("1", "2"),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("customer.age >= row.least", Literal("customer.age", Within(low=18))),
        ("customer.age >= row.least * 2 + 1", Literal("customer.age", Within(low=37))),
        ("row.code in customer.tags", Literal("customer.tags", Overlaps(frozenset({"8"})))),
        ("customer.name in row.products", Literal("customer.name", OneOf(frozenset({"1", "2"})))),
        (
            "customer.name in row.products + ['3']",
            Literal("customer.name", OneOf(frozenset({"1", "2", "3"}))),
        ),
        (
            "row.products.exists(p, p in basket.products)",
            Literal("basket.products", Overlaps(frozenset({"1", "2"}))),
        ),
        (
            "basket.products.exists(p, p in row.products)",
            Literal("basket.products", Overlaps(frozenset({"1", "2"}))),
        ),
        ("now >= row.start", Literal("now", Within(low=ROW["row.start"]))),
        ("now >= timestamp(row.day)", Literal("now", Within(low=ROW["row.start"]))),
        ("row.open", TRUE),
        ("!row.open", FALSE),
        ("row.open && customer.age >= row.least", Literal("customer.age", Within(low=18))),
        ("row.code == '9' || row.least > 20", FALSE),
        ("row.code.startsWith('8') && row.factor < 1.0", TRUE),
        (
            "row.code in customer.tags && basket.products.exists(p, p in row.products)",
            All(
                (
                    Literal("customer.tags", Overlaps(frozenset({"8"}))),
                    Literal("basket.products", Overlaps(frozenset({"1", "2"}))),
                )
            ),
        ),
    ],
)
def test_binds(lowered, text, expected):
    assert lowered(text, ROW) == expected


def test_each_row_has_its_own_condition(cel):
    template = cel.condition("customer.age >= row.least")
    bound = [template.bind({"row.least": least}) for least in (1, 2)]
    assert [condition.test for condition in bound] == [Within(low=1), Within(low=2)]


def test_a_list_of_many_thousands(lowered):
    products = tuple(str(n) for n in range(14_000))
    condition = lowered("basket.products.exists(p, p in row.products)", {"row.products": products})
    assert condition == Literal("basket.products", Overlaps(frozenset(products)))


def test_an_empty_list_is_in_nothing_but_still_reads(lowered):
    row = {"row.products": ()}
    assert lowered("basket.products.exists(p, p in row.products)", row).test == Overlaps(frozenset())
    assert lowered("row.products.exists(p, p in basket.products)", row) == FALSE


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        ("customer.vip && row.code == 'a'", {}, "1:20 `row.code` has no value in this row"),
        ("row.least > 1", {"row.least": "1"}, "1:4 the value of `row.least` is not of type int"),
        ("row.least > 1", {"row.least": True}, "1:4 the value of `row.least` is not of type int"),
        ("row.least > 1", {"row.least": 2**63}, "1:4 the value of `row.least` is not of type int"),
        ("row.factor > 1.0", {"row.factor": 1}, "1:4 the value of `row.factor` is not of type double"),
        ("row.code == ''", {"row.code": "a\0"}, "1:4 the value of `row.code` is not of type string"),
        ("row.code == ''", {"row.code": "\ud800"}, "1:4 the value of `row.code` is not of type string"),
        (
            "row.products == []",
            {"row.products": ("a", 1)},
            "1:4 the value of `row.products` is not of type list<string>",
        ),
        (
            "row.products == []",
            {"row.products": "a"},
            "1:4 the value of `row.products` is not of type list<string>",
        ),
        (
            "row.start < now",
            {"row.start": datetime(2026, 1, 1)},
            "1:4 the value of `row.start` is not of type timestamp",
        ),
        (
            "customer.tier == row.code",
            {"row.code": "golld"},
            "1:21 `golld` is not a value of customer.tier: values are `basic`, `gold`, `platinum`",
        ),
        (
            "now > timestamp(row.day)",
            {"row.day": "today"},
            "1:20 `today` is not a timestamp: write it like `2026-12-01T00:00:00Z`",
        ),
    ],
)
def test_refuses_rows_it_cannot_use(refusal, text, row, message):
    assert refusal(text, row) == message
