from maitred.core.conditions.derivation import Derivation
from maitred.core.conditions.model import All, Any, Literal, OneOf, Within
from maitred.core.explaining.explain import why_of
from maitred.core.rules.ruleset import Action, ActionType, Requirement

VIP = Literal("situation.vip", OneOf(frozenset({True})))
UPSET = Literal("situation.upset", OneOf(frozenset({True})), wanted=False)
ADULT = Literal("customer.age", Within(18))
DERIVATION = Derivation(frozenset({"vip"}), frozenset(), (("vip", ("tier is gold",)),))
FACTS = {"situation.vip": True, "situation.upset": False, "customer.age": 30}


def lines_of(condition, derivation):
    action = Action("a", "A", ActionType.OFFER, requirements=(Requirement("r", "", condition),))
    return why_of(action, FACTS, {}, derivation)


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
