from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.conditions.model import All, Any, Literal, OneOf
from maitred.core.rules.ruleset import Action, ActionType, Atom, Situation, Suppression
from maitred.core.rules.situations import Suppressing
from maitred.core.values.types import Invalid

WRONG = Invalid("is not a bool")
NAMES = ("a", "b", "c", "d")


def atom(name):
    return Atom(name, Literal(name, OneOf(frozenset({True}))))


A, B, C = map(atom, "abc")


def held_back(situations, facts, known=None):
    """Whether the last of the situations holds back, where its truth is ``known`` or not."""
    name = situations[-1].name
    held = {} if known is None else {f"situation.{name}": known}
    return bool(Suppressing.of(situations, [name]).facts(facts, held))


def test_a_known_situation_holds_back_while_it_holds():
    assert held_back([Situation("s", all=(A,))], {"a": True}, known=True)
    assert not held_back([Situation("s", all=(A,))], {"a": WRONG}, known=False)


@pytest.mark.parametrize(
    ("situation", "facts", "expected"),
    [
        (Situation("s", all=(A,)), {}, False),
        (Situation("s", all=(A,)), {"a": WRONG}, True),
        (Situation("s", all=(A, B)), {"a": WRONG, "b": True}, True),
        (Situation("s", all=(A, B)), {"a": WRONG}, False),
        (Situation("s", any=(A, B)), {"a": WRONG}, True),
        (Situation("s", all=(B,), none=(A,)), {"b": True}, False),
        (Situation("s", all=(B,), none=(A,)), {"a": WRONG, "b": True}, True),
        (Situation("s", all=(B,), none=(A,)), {"a": True, "b": WRONG}, False),
        (Situation("s", all=(Atom("x", All((A.condition, B.condition))),)), {"a": WRONG}, False),
        (Situation("s", all=(Atom("x", Any((A.condition, B.condition))),)), {"a": WRONG}, True),
    ],
)
def test_a_wrong_value_holds_back_and_an_absent_one_does_not(situation, facts, expected):
    assert held_back([situation], facts) is expected


def test_it_goes_through_other_situations_and_their_absence():
    calm = Situation("calm", all=(A,))
    upset = Situation("upset", all=(B,), none=("calm",))
    assert held_back([calm, upset], {"a": WRONG, "b": True})
    assert not held_back([calm, upset], {"b": True})
    assert not held_back([calm, upset], {"a": True, "b": WRONG})


def test_situations_in_a_circle_do_not_hold_by_themselves():
    one, other = Situation("one", any=("other", A)), Situation("other", any=("one", B))
    assert not held_back([one, other], {})
    assert held_back([one, other], {"a": WRONG})
    calm = Situation("calm", none=("one",), all=(C,))
    assert held_back([one, other, calm], {"a": WRONG, "b": False, "c": True})
    assert not held_back([one, other, calm], {"a": WRONG, "c": True})


def test_a_long_chain_of_situations_comes_to_an_end():
    chain = [Situation("s0", all=(A,)), *(Situation(f"s{n}", all=(f"s{n - 1}",)) for n in range(1, 1500))]
    assert held_back(chain, {"a": WRONG})


def members(names):
    return st.lists(st.sampled_from(names), max_size=2, unique=True).map(tuple)


@st.composite
def situations(draw):
    """Each may be made of atoms and of those before it."""
    made: list[Situation] = []
    for number in range(draw(st.integers(1, 4))):
        known = [*map(atom, NAMES), *(situation.name for situation in made)]
        made.append(Situation(f"s{number}", draw(members(known)), draw(members(known)), draw(members(known))))
    return made


def kleene(situation, by_name, facts):
    """True, false or ``None`` for unknown."""

    def value(member):
        if isinstance(member, Atom):
            fact = facts.get(member.text)
            return None if isinstance(fact, Invalid) else fact
        return kleene(by_name[member], by_name, facts)

    def every(values):
        return False if False in values else (None if None in values else True)

    def negated(fact):
        return None if fact is None else not fact

    parts = [value(member) for member in situation.all]
    parts += [negated(value(member)) for member in situation.none]
    if situation.any:
        parts.append(negated(every([negated(value(member)) for member in situation.any])))
    return every(parts)


STATES = st.sampled_from([True, False, None, WRONG])


@given(situations(), st.fixed_dictionaries(dict.fromkeys(NAMES, STATES)))
def test_it_holds_back_wherever_another_value_would_make_it_hold(made, states):
    facts = {name: state for name, state in states.items() if state is not None}
    by_name = {situation.name: situation for situation in made}
    last, wrong = made[-1], [name for name, state in facts.items() if state is WRONG]
    worlds = (
        {**facts, **dict(zip(wrong, world, strict=True))}
        for world in product((True, False), repeat=len(wrong))
    )
    known = kleene(last, by_name, facts)
    could = any(kleene(last, by_name, world) is True for world in worlds)
    held = held_back(made, facts, known)
    assert held >= could
    assert held <= (known is not False)
    if not wrong:
        assert held is (known is True)


def test_what_is_held_back_meets_everything_given():
    offer = Action("x", "X", ActionType.OFFER, labels={"tone": "cheerful"})
    assert Suppression(frozenset({ActionType.OFFER})).applies_to(offer)
    assert Suppression(labels=frozenset({("tone", "cheerful")})).applies_to(offer)
    assert not Suppression(frozenset({ActionType.SERVICE}), frozenset({("tone", "cheerful")})).applies_to(
        offer
    )
    assert not Suppression(frozenset({ActionType.OFFER}), frozenset({("tone", "sober")})).applies_to(offer)
