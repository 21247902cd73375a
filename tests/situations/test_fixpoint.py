"""The law of this room: whatever the graph, the outcome is the naive least fixpoint."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maitred.core.conditions.model import TRUE
from maitred.core.rules.ruleset import Atom, Situation
from maitred.core.rules.situations import SituationError, atoms_of
from maitred.situations.graph import build

TRUE_, UNKNOWN, FALSE = "true", "unknown", "false"
ATOMS = tuple(Atom(f"atom{i}", TRUE) for i in range(6))


@dataclass
class Case:
    situations: list[Situation]
    states: list[dict[str, str]]


def least(situations, certain, refused):
    """Situations that follow when ``refused`` tells which of the ``none`` members stand in the way."""
    held: set[str] = set()

    def holds(member):
        return member in held if isinstance(member, str) else certain(member)

    changed = True
    while changed:
        changed = False
        for s in situations:
            fine = all(map(holds, s.all)) and (not s.any or any(map(holds, s.any)))
            if fine and not any(map(refused, s.none)) and s.name not in held:
                held.add(s.name)
                changed = True
    return held


def naive(situations, state):
    """Alternating fixpoint: needs no strata, so it shares no idea with what it judges."""
    definite: set[str] = set()
    while True:
        possible = least(
            situations,
            lambda atom: state[atom.text] != FALSE,
            lambda m, d=definite: m in d if isinstance(m, str) else state[m.text] == TRUE_,
        )
        again = least(
            situations,
            lambda atom: state[atom.text] == TRUE_,
            lambda m, p=possible: m in p if isinstance(m, str) else state[m.text] != FALSE,
        )
        if again == definite:
            return definite, possible
        definite = again


@st.composite
def stratified(draw):
    levels = draw(st.lists(st.integers(0, 3), min_size=1, max_size=12))
    names = [f"s{i}" for i in range(len(levels))]

    def some(level, max_size):
        pool = [*ATOMS, *(name for name, at in zip(names, levels, strict=True) if at <= level)]
        return tuple(draw(st.lists(st.sampled_from(pool), max_size=max_size)))

    situations = []
    for name, level in zip(names, levels, strict=True):
        members = {"all": some(level, 3), "any": some(level, 3), "none": some(level - 1, 2)}
        if not any(members.values()):
            members["all"] = (ATOMS[0],)
        situations.append(Situation(name, **members))
    truths = st.sampled_from((TRUE_, UNKNOWN, FALSE))
    state = st.fixed_dictionaries({atom.text: truths for atom in ATOMS})
    return Case(situations, draw(st.lists(state, min_size=4, max_size=12)))


def masks(situations, state):
    texts = list(atoms_of(situations))
    return (
        sum(1 << i for i, text in enumerate(texts) if state[text] == TRUE_),
        sum(1 << i for i, text in enumerate(texts) if state[text] == UNKNOWN),
    )


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=stratified())
def test_outcome_is_the_naive_fixpoint(unproven, case):
    deriver = unproven(case.situations)
    for state in case.states:
        definite, possible = naive(case.situations, state)
        outcome = deriver.derive(*masks(case.situations, state))
        assert outcome.holds == definite
        assert outcome.unknown == possible - definite


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=stratified())
def test_what_is_told_suffices_and_goes_round_in_no_circle(unproven, case):
    deriver = unproven(case.situations)
    by_name = {s.name: s for s in case.situations}
    for state in case.states:
        outcome = deriver.derive(*masks(case.situations, state))
        because = dict(outcome.because)
        assert set(because) == outcome.holds
        for name, support in because.items():
            members = {m if isinstance(m, str) else m.text for m in by_name[name].all}
            choices = {m if isinstance(m, str) else m.text for m in by_name[name].any}
            assert members <= set(support)
            assert not choices or choices & set(support)
            for member in support:
                assert member in outcome.holds or state.get(member) == TRUE_ or member.startswith("none of ")
        assert not in_circle(because)


def in_circle(because):
    grounded: set[str] = set()
    while fresh := {
        n for n, s in because.items() if n not in grounded and not (set(s) & set(because)) - grounded
    }:
        grounded |= fresh
    return set(because) - grounded


@settings(max_examples=150, deadline=None)
@given(
    links=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(("all", "any", "none")), st.integers(0, 5)), max_size=14
    )
)
def test_exactly_cycles_through_none_are_refused(links):
    members: dict[int, dict[str, list[Atom | str]]] = {
        i: {"all": [ATOMS[0]], "any": [], "none": []} for i in range(6)
    }
    for start, kind, end in links:
        members[start][kind].append(f"s{end}")
    situations = [
        Situation(f"s{i}", tuple(kinds["all"]), tuple(kinds["any"]), tuple(kinds["none"]))
        for i, kinds in members.items()
    ]
    if any(kind == "none" and reaches(links, end, start) for start, kind, end in links):
        with pytest.raises(SituationError, match="needs none of"):
            build(situations)
    else:
        build(situations)


def reaches(links, start, end):
    reached = {start}
    while fresh := {b for a, _, b in links if a in reached} - reached:
        reached |= fresh
    return end in reached
