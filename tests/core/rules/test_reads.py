"""What an action reads, against a walk that follows every way there is."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from maitred.core.conditions.model import Expression, Literal, Present
from maitred.core.limits.limits import Counts, Limit, LimitKind
from maitred.core.rules.expressions import Score
from maitred.core.rules.reads import SituationReads, attributes_read, lists_named, way_to
from maitred.core.rules.ruleset import Action, ActionType, Atom, Requirement, Situation
from maitred.core.rules.treatments import Placeholder, Treatment
from maitred.core.values.types import HOLD_EXPIRES
from maitred.core.values.windows import Lifetime

NAMES = ["s0", "s1", "s2", "s3", "s4"]
ATTRIBUTES = [f"customer.a{number}" for number in range(6)]
LISTS = ["list.l0", "list.l1"]


def read(name):
    """A condition on one attribute, and its text; a list is known by the text alone."""
    condition = Literal("basket.any" if name.startswith("list.") else name, Present())
    return f"has({name})", condition


def atom(name):
    return Atom(*read(name))


def some(rng, names, max_size=3):
    return tuple(rng.choice(names) for _ in range(rng.randint(0, max_size)))


def situations_of(rng):
    """Five situations that are made of each other, in circles too."""
    members = [*NAMES, *map(atom, ATTRIBUTES + LISTS)]
    return tuple(
        Situation(name, some(rng, members), some(rng, members), some(rng, members)) for name in NAMES
    )


def action_of(rng):
    readable = [*ATTRIBUTES, *LISTS, *(f"situation.{name}" for name in NAMES)]
    shown = [*some(rng, ATTRIBUTES), HOLD_EXPIRES]
    maximum = rng.choice([5, "customer.a5"])
    return Action(
        name="a",
        title="A",
        type=ActionType.OFFER,
        requirements=tuple(Requirement(f"r{n}", *read(name)) for n, name in enumerate(some(rng, readable))),
        treatments={"pos": Treatment(show=tuple(map(Placeholder, shown)))},
        score=Score(constant=1.0),
        limits=(
            Limit("l", LimitKind.CAPACITY, some(rng, ATTRIBUTES, 1), maximum, Lifetime(), Counts.CLAIMED),
        ),
    )


randoms = st.integers(0, 2**32).map(random.Random)


def walk(name, situations, visited=frozenset()):
    """Every attribute and list behind a name, by recursion, each situation once on a way."""
    if not name.startswith("situation."):
        return {name} if name != "basket.any" else set()
    if name in visited:
        return set()
    situation = next(candidate for candidate in situations if f"situation.{candidate.name}" == name)
    reads = set()
    for member in (*situation.all, *situation.any, *situation.none):
        if isinstance(member, str):
            reads |= walk(f"situation.{member}", situations, visited | {name})
        else:
            reads.add(member.text.removeprefix("has(").removesuffix(")"))
    return reads


def naive(action, situations):
    named = [need.text.removeprefix("has(").removesuffix(")") for need in action.requirements]
    named += [part.attribute for part in action.treatments["pos"].show if part.attribute != HOLD_EXPIRES]
    (limit,) = action.limits
    named += [*limit.per, *([limit.maximum] if isinstance(limit.maximum, str) else [])]
    return set().union(*(walk(name, situations) for name in named))


@given(randoms)
def test_all_that_can_be_reached_is_read_and_nothing_else(rng):
    situations, action = situations_of(rng), action_of(rng)
    reads = attributes_read(action, SituationReads.of(situations))
    assert reads - {"basket.any"} == naive(action, situations)


@given(randoms)
def test_there_is_a_way_to_everything_that_is_read(rng):
    situations, action = situations_of(rng), action_of(rng)
    known = SituationReads.of(situations)
    by_name = {situation.name: situation for situation in situations}
    for attribute in attributes_read(action, known) - {"basket.any"}:
        place, *names = way_to(action, known, attribute)
        assert place.split(" ")[0] in ("condition", "treatment", "limit")
        steps = [name.removeprefix("situation `").removesuffix("`") for name in names]
        for step, following in pairwise(steps):
            definition = by_name[step]
            assert following in (*definition.all, *definition.any, *definition.none)
        if steps:
            last = by_name[steps[-1]]
            assert f"has({attribute})" in {
                member.text for member in (*last.all, *last.any, *last.none) if not isinstance(member, str)
            }


def test_there_is_no_way_to_what_is_not_read():
    action = Action("a", "A", ActionType.OFFER)
    known = SituationReads.of((Situation("s", all=(atom("customer.a0"),)),))
    assert way_to(action, known, "customer.a0") == ()
    assert known.way("situation.s", "customer.a1") == ()
    assert known.reads("situation.unknown") == frozenset()


def test_a_score_reads():
    score = Score(expression=Expression("customer.a1 in list.x", frozenset({"customer.a1"}), lambda _: 1.0))
    action = Action("a", "A", ActionType.OFFER, score=score)
    known = SituationReads.of(())
    assert attributes_read(action, known) == {"customer.a1", "list.x"}
    assert way_to(action, known, "list.x") == ("score",)


def test_long_chains_of_situations_take_no_time():
    count = 1_000
    situations = [Situation(f"s{n}", all=(f"s{n + 1}",)) for n in range(count)]
    situations.append(Situation(f"s{count}", all=(atom("customer.a0"),)))
    known = SituationReads.of(situations)
    assert known.reads("situation.s0") == {"customer.a0"}
    assert len(known.way("situation.s0", "customer.a0")) == count + 1


def test_lists_are_found_however_they_are_written():
    assert lists_named("x in list.a && y in list . b || list// list.\n .\n c == list.`d`") == {
        "list.a",
        "list.b",
        "list.c",
        "list.d",
    }
    assert lists_named("checklist.a == mylist.b") == frozenset()


def test_hostile_texts_are_searched_in_time():
    assert lists_named("list" + " // " * 2_500) == frozenset()
    assert lists_named("list//" * 1_600) == frozenset()
