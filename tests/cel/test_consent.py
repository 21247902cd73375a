"""What conditions ask of a customer's consent: a fact that is there or not, and never unknown."""

import pytest

from maitred.cel import compiler
from maitred.core.conditions.model import All, Literal, Present, Residual, negate
from maitred.core.conditions.scan import truth
from maitred.core.privacy.purposes import asks_of
from maitred.core.rules.expressions import ExpressionError
from maitred.core.values.types import Attribute, AttributeType, Fact, Kind

AGE = Attribute("customer.age", AttributeType(Kind.INT))
ASKS = {attribute.name: attribute for attribute in asks_of(["news", "tips-2"])}
NEWS, TIPS = Literal("~consent/news", Present()), Literal("~asked/tips-2", Present())


@pytest.fixture
def cel():
    return compiler({AGE.name: AGE, **ASKS}, {})


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ('consent.allowed("news")', NEWS),
        ("consent.allowed('news')", NEWS),
        ('consent . allowed ( "news" )', NEWS),
        ('!consent.allowed("news")', negate(NEWS)),
        ('consent.asked("tips-2")', TIPS),
        ('consent.allowed("news") && !consent.asked("tips-2")', All((NEWS, negate(TIPS)))),
    ],
)
def test_it_is_asked_of_one_fact(cel, text, condition):
    assert cel.condition(text).bind({}) == condition


def test_within_an_expression_that_stays_cel_it_is_the_same_fact(cel):
    text = 'customer.age % 2 == (consent.allowed("news") ? 0 : 1)'
    condition = cel.condition(text).bind({})
    assert isinstance(condition, Residual)
    assert condition.expression.reads == {"customer.age", "~consent/news"}
    for age, allowed in ((2, True), (3, True), (2, False), (3, False)):
        facts: dict[str, Fact] = {"customer.age": age, **({"~consent/news": True} if allowed else {})}
        assert truth(condition, facts, {}) is ((age % 2 == 0) is allowed)


def test_a_score_may_ask(cel):
    score = cel.score('consent.asked("news") ? 1.0 : 2.0').bind({})
    assert [score.expression.evaluate(facts) for facts in ({"~asked/news": True}, {})] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('consent.allowed("newz")', "there is no purpose `newz`: `Privacy` defines `news`, `tips-2`"),
        ("consent.allowed(news)", 'name the purpose in quotes: `consent.allowed("news")`'),
        ('consent.allowed("new" + "s")', 'name the purpose in quotes: `consent.allowed("news")`'),
        ("consent.allowed()", 'name the purpose in quotes: `consent.allowed("news")`'),
        ('consent.allowed("news"', 'name the purpose in quotes: `consent.allowed("news")`'),
        ('consent.granted("news")', 'of `consent` can be asked `consent.allowed("...")`'),
        ("consent.news", 'of `consent` can be asked `consent.allowed("...")`'),
    ],
)
def test_what_cannot_be_asked_is_told(cel, text, message):
    with pytest.raises(ExpressionError) as error:
        cel.condition(f"customer.age > 1 && {text}")
    assert message in error.value.message
    assert (error.value.line, error.value.column >= 21) == (1, True)


def test_without_purposes_there_is_nothing_to_ask():
    with pytest.raises(ExpressionError, match="write a `Privacy` document"):
        compiler({AGE.name: AGE}, {}).condition('consent.allowed("news")')


def test_places_in_a_text_that_asks_are_those_of_the_author(cel):
    with pytest.raises(ExpressionError) as error:
        cel.condition('consent.allowed("news") && customer.agee > 1')
    assert error.value.column == 28
