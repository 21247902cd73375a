"""``learned("...")`` in scores: arithmetic with numbers of every kind, and nothing else."""

from decimal import Decimal

import pytest

from maitred.cel.compiler import compiler
from maitred.core.conditions.model import Unknown
from maitred.core.learning.formulas import NoValueError
from maitred.core.learning.learners import attribute_of
from maitred.core.rules.expressions import ExpressionError
from maitred.core.values.types import Attribute, AttributeType, Kind

SHARES = {"uptake": 0.25, "free-pizza_2": 0.5}
TYPES = {
    "customer.rate": AttributeType(Kind.DOUBLE),
    "customer.visits": AttributeType(Kind.INT),
    "basket.margin": AttributeType(Kind.DECIMAL, digits=2),
    "row.worth": AttributeType(Kind.INT),
    "row.worths": AttributeType(Kind.DOUBLE),
    "customer.is_new": AttributeType(Kind.BOOL),
}
FACTS = {
    "customer.rate": 1.5,
    "customer.visits": 4,
    "basket.margin": Decimal("2.50"),
    "customer.is_new": True,
}


@pytest.fixture(scope="module")
def cel():
    attributes = {name: Attribute(name, type_) for name, type_ in TYPES.items()}
    return compiler({**attributes, **{share.name: share for share in map(attribute_of, SHARES)}}, {})


def share(_action, learner):
    return SHARES[learner]


def value(cel, text, facts=FACTS, row=None):
    return cel.score(text).bind(row or {}).compute(share, "pizza", facts, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('learned("uptake")', 0.25),
        ("learned('free-pizza_2')", 0.5),
        ('learned( "uptake" ) * 10', 2.5),
        ('10 * learned("uptake") + 1', 3.5),
        ('-learned("uptake") - 0.5', -0.75),
        ('learned("uptake") / learned("free-pizza_2")', 0.5),
        ('(learned("uptake") + 1) * customer.rate', 1.875),
        ('learned("uptake") * customer.visits', 1.0),
        ('learned("uptake") * basket.margin', 0.625),
        ('learned("uptake") * (customer.rate + double(customer.visits))', 1.375),
        ('learned("uptake") * (customer.is_new ? 2.0 : 1.0)', 0.5),
        ('learned("uptake") * row.worth', 1.75),
    ],
)
def test_it_can_be_reckoned_with(cel, text, expected):
    assert value(cel, text, row={"row.worth": 7}) == expected


def test_what_it_reads_besides_is_told_and_what_lacks_too(cel):
    score = cel.score('learned("uptake") * customer.rate').bind({})
    assert score.expression.reads == {"customer.rate"}
    assert score.learned == ("uptake",)
    with pytest.raises(NoValueError) as lacking:
        value(cel, 'learned("uptake") * customer.rate', {})
    assert lacking.value.unknown == Unknown(missing="customer.rate")


def test_equal_texts_differ_by_their_rows(cel):
    template = cel.score('learned("uptake") * row.worths')
    one, other = (template.bind({"row.worths": worth}) for worth in (1.0, 2.0))
    assert one != other
    assert one.compute(share, "pizza", {}, {}) == 0.25


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ('learned("uptak")', 9, "there is no learner `uptak`, did you mean `uptake`?"),
        ("learned(uptake)", 1, 'name the learner in quotes, between brackets: `learned("uptake")`'),
        ('learned("uptake") %', 20, "the expression ends too early: something must follow `%`"),
        ('learned("uptake", 2)', 1, 'name the learner in quotes, between brackets: `learned("uptake")`'),
        ("learned_.n0", 1, "`learned_` is not declared"),
        ('learned("uptake") == learned("uptake") ? 1.0 : 2.0', 9, "can be added"),
        ('size([learned("uptake")]) * 2', 15, "can be added"),
        ('learned("uptake") > 0.5 ? 1.0 : 0.0', 19, "can be added"),
        ('math.greatest(learned("uptake"), 0.1)', 14, "can be added"),
        ('true ? learned("uptake") : 0.1', 6, "can be added"),
        ('learned("uptake") % 2', 19, "can be added"),
        ('1.0 + [learned("uptake")].map(x, x)[0]', 36, "can be added, subtracted, multiplied and divided"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(cel, text, column, message):
    with pytest.raises(ExpressionError) as error:
        cel.score(text).bind({})
    assert message in error.value.message
    assert error.value.column == column


@pytest.mark.parametrize("text", ['learned("uptake") > 0.5', 'learned("uptake") == 0.5'])
def test_it_is_no_condition(cel, text):
    with pytest.raises(ExpressionError, match="is for scores"):
        cel.condition(text)
    with pytest.raises(ExpressionError, match="for scores"):
        cel.condition('[learned("uptake")].exists(x, true)')


def test_without_a_learner_there_is_none():
    with pytest.raises(ExpressionError, match="write a `Learner` document"):
        compiler({}, {}).score('learned("uptake")')
