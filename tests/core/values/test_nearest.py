"""Which name was meant."""

import pytest

from maitred.core.values.nearest import COMPARED_MAX, did_you_mean, nearest

ATTRIBUTES = [
    "customer.age",
    "customer.id",
    "customer.name",
    "customer.tier",
    "basket.value",
    "list.vips",
    "now",
]


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("Customer.Age", ATTRIBUTES, "customer.age"),
        ("customer_age", ATTRIBUTES, "customer.age"),
        ("customer.aeg", ATTRIBUTES, "customer.age"),
        ("custmer.age", ATTRIBUTES, "customer.age"),
        ("age", ATTRIBUTES, "customer.age"),
        ("basket", ATTRIBUTES, "basket.value"),
        ("customer.value", ATTRIBUTES, None),
        ("list.vipps", ATTRIBUTES, "list.vips"),
        ("customer.height", ATTRIBUTES, None),
        ("gold", ATTRIBUTES, None),
        ("no", ATTRIBUTES, None),
        ("channel", ["channels", "labels"], "channels"),
        ("titel", ["title", "type"], "title"),
        ("until", ["title", "type"], None),
        ("Tuesday", ["mon", "tue"], "tue"),
        ("claim", ["claimed", "decided"], "claimed"),
        ("free-piza", ["free-pasta", "free-pizza"], "free-pizza"),
        ("STARTSWITH", ["startsWith", "string"], "startsWith"),
        ("pso", ["pos", "mobile"], "pos"),
        ("fax", ["pos", "mobile"], None),
        ("", ATTRIBUTES, None),
    ],
)
def test_the_likeliest_name_or_none(word, known, meant):
    assert next(iter(nearest(word, known)), None) == meant


def test_a_name_is_not_its_own_remedy():
    assert not nearest("customer.age", ["customer.age"])


def test_several_are_told_in_one_sentence():
    assert did_you_mean("pizz", ["pizza", "pizza-3", "x"], 3) == ", did you mean `pizza` or `pizza-3`?"
    assert not did_you_mean("pizza", ["soup"])


def test_very_many_names_are_compared_in_part():
    names = [f"a{number:06}" for number in range(COMPARED_MAX * 10)]
    assert nearest("a000010x", names) == ["a000010"]
    assert not nearest("b019999", names)
