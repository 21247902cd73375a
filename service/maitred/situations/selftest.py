"""Tries out what this room uses of durable-rules."""

from maitred.core.conditions.model import TRUE
from maitred.core.rules.ruleset import Atom, Situation
from maitred.selftest import relying_on

from .engine import USE, Engine
from .graph import build, split
from .plan import plan


def self_test() -> None:
    """Derives one situation from another. Raises ``Unfit``."""
    atom = Atom("atom", TRUE)
    graph = build([Situation("first", all=(atom,)), Situation("second", all=("first",))])
    (part,) = split(graph)
    with relying_on("durable-rules", USE):
        engine = Engine(plan(graph, part))
        for true, everything in (((0,), [0, 1, 2]), ((), [])):
            holds, possible = engine.run(true, true)
            if not sorted(holds) == sorted(possible) == everything:
                raise ValueError(f"derived {holds} of {everything}")
