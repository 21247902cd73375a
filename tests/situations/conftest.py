from collections.abc import Callable, Sequence

import pytest

from maitred.core.conditions.model import TRUE
from maitred.core.rules.ruleset import Atom, Situation
from maitred.situations.derive import MemoDeriver, assemble
from maitred.situations.graph import build, split
from maitred.situations.plan import plan


def _members(text: str) -> tuple[Atom | str, ...]:
    return tuple(Atom(word[1:], TRUE) if word.startswith("?") else word for word in text.split())


def _situation(name: str, all_: str = "", any_: str = "", none: str = "") -> Situation:
    return Situation(name, all=_members(all_), any=_members(any_), none=_members(none))


def _unproven(situations: Sequence[Situation]) -> MemoDeriver:
    graph = build(situations)
    parts = split(graph)
    return assemble(graph, parts, [plan(graph, part) for part in parts])


@pytest.fixture(scope="session")
def situation() -> Callable[..., Situation]:
    """Members by name, separated by blanks; ``?text`` is an atom."""
    return _situation


@pytest.fixture(scope="session")
def unproven() -> Callable[[Sequence[Situation]], MemoDeriver]:
    """A deriver without the trial run in a child process, for tests that make many."""
    return _unproven
