"""Why an action is proposed or refused, down to attribute and value."""

import pytest
from tests.core.deciding.test_decide import policy_of

from maitred.core.conditions.model import (
    All,
    Any,
    Expression,
    Literal,
    OneOf,
    Residual,
    Unknown,
    Within,
    negate,
)
from maitred.core.explaining.explain import why_of
from maitred.core.explaining.unfolding import Unfolding
from maitred.core.explaining.words import shortfall_words
from maitred.core.rules.ruleset import Action, ActionType, Atom, Requirement, Situation
from maitred.core.rules.situations import Derivation
from maitred.core.values.types import Invalid

VIP = Literal("situation.vip", OneOf(frozenset({True})))
UPSET = Literal("situation.upset", OneOf(frozenset({True})), wanted=False)
ADULT = Literal("customer.age", Within(18))
GOLD = Literal("customer.tier", OneOf(frozenset({"gold"})))
DERIVATION = Derivation(frozenset({"vip"}), frozenset(), (("vip", ("tier is gold",)),))
FACTS = {"situation.vip": True, "situation.upset": False, "customer.age": 30}


def unfolding_of(facts, derivation, *situations):
    return Unfolding(
        policy_of(), facts, {}, derivation, {situation.name: situation for situation in situations}
    )


def lines_of(condition, derivation):
    chosen = Action("a", "A", ActionType.OFFER, requirements=(Requirement("r", "", condition),))
    return why_of(chosen, unfolding_of(FACTS, derivation))


def test_a_situation_is_told_by_its_chain_and_only_by_it():
    assert lines_of(VIP, DERIVATION) == ("vip because tier is gold", "scores 0")


def test_what_holds_beside_a_situation_is_told_too():
    assert lines_of(All((VIP, UPSET, ADULT)), DERIVATION) == (
        "not situation.upset",
        "customer.age >= 18, is 30",
        "vip because tier is gold",
        "scores 0",
    )


def test_a_situation_whose_chain_is_not_known_is_told_as_it_is():
    assert lines_of(Any((VIP,)), None) == ("situation.vip", "scores 0")


ADULTS = Situation("adult", all=(Atom("customer.age >= 18", ADULT),))
GOLDEN = Situation("vip", all=("adult",), any=(Atom('customer.tier == "gold"', GOLD),))
CALM = Situation("calm", none=("vip", Atom("customer.age >= 18", ADULT)))
WRONG = Invalid('is "Gold", not one of basic, gold')


def shortfall(condition, facts, holds=(), unknown=()):
    derivation = Derivation(frozenset(holds), frozenset(unknown), ())
    unfolding = unfolding_of(facts, derivation, ADULTS, GOLDEN, CALM)
    known = {f"situation.{name}": name in holds for name in ("adult", "vip", "calm") if name not in unknown}
    return shortfall_words(condition, {**facts, **known}, {}, unfolding.background)


def test_a_situation_that_is_not_known_is_told_by_what_is_not():
    words = shortfall(VIP, {}, unknown=("adult", "vip"))
    assert words == "needs vip: customer.age is absent; customer.tier is absent"
    words = shortfall(negate(VIP), {"customer.tier": WRONG}, unknown=("adult", "vip"))
    assert words == ('needs no vip: customer.age is absent; customer.tier is "Gold", not one of basic, gold')


def test_a_situation_that_does_not_hold_is_told_by_what_it_lacks():
    words = shortfall(VIP, {"customer.age": 12, "customer.tier": "basic"})
    assert words == (
        'needs vip: needs adult (needs customer.age >= 18, is 12); needs customer.tier = "gold", is "basic"'
    )
    calm = Literal("situation.calm", OneOf(frozenset({True})))
    words = shortfall(calm, {"customer.age": 30, "customer.tier": "gold"}, holds=("adult", "vip"))
    assert words == (
        'needs calm: needs no vip (adult (customer.age >= 18, is 30) and customer.tier = "gold", is "gold");'
        " needs not (customer.age >= 18), and customer.age >= 18, is 30"
    )


def test_a_situation_that_must_not_hold_is_told_by_what_it_rests_on():
    words = shortfall(negate(VIP), {"customer.age": 30, "customer.tier": "gold"}, holds=("adult", "vip"))
    assert words == 'needs no vip: adult (customer.age >= 18, is 30) and customer.tier = "gold", is "gold"'


def test_situations_in_a_circle_come_to_an_end():
    one, other = Situation("vip", any=("adult",)), Situation("adult", any=("vip",))
    unfolding = unfolding_of({}, Derivation(frozenset(), frozenset({"vip", "adult"}), ()), one, other)
    assert shortfall_words(VIP, {}, {}, unfolding.background) == "needs vip"
    unfolding = unfolding_of({}, Derivation(frozenset(), frozenset(), ()), one, other)
    words = shortfall_words(VIP, {"situation.vip": False}, {}, unfolding.background)
    assert words == "needs vip: needs adult (needs vip)"


def test_an_expression_that_reads_a_situation_is_unfolded_as_well():
    expression = Expression(
        "situation.vip ? a : b", frozenset({"situation.vip"}), lambda _: Unknown(missing="situation.vip")
    )
    words = shortfall(Residual(expression), {"customer.age": 30}, unknown=("vip",))
    assert words == "needs situation.vip ? a : b, needs vip: customer.tier is absent"


@pytest.mark.parametrize(
    ("facts", "missing", "error"),
    [
        ({"customer.age": 3}, "customer.tier", None),
        ({"customer.tier": WRONG}, "customer.age", None),
        ({"customer.age": 3, "customer.tier": WRONG}, None, "customer.tier"),
    ],
)
def test_the_cause_of_an_unknown_situation_is_an_attribute(facts, missing, error):
    unfolding = unfolding_of(facts, Derivation(frozenset(), frozenset({"adult", "vip"}), ()), ADULTS, GOLDEN)
    cause = unfolding.cause(Unknown(missing="situation.vip"))
    assert cause.missing == missing
    assert error is None or error in cause.error


def test_other_unknowns_are_their_own_cause():
    unknown = Unknown(missing="customer.age")
    assert unfolding_of({}, None).cause(unknown) is unknown
