"""The only place that talks to durable-rules.

Its C engine is driven directly: ``durable.engine.Host`` starts two timer threads, swallows
what an action raises, and cannot free a ruleset. Here rules have no actions. The engine is
asked which rule fires next, and what follows is asserted from outside.
"""

import weakref
from collections.abc import Collection, Iterable

from maitred.selftest import relying_on

from .plan import SLOT, SLOTS, START, Plan, fact

USE = "its C engine, driven without its host"

with relying_on("durable-rules", USE):
    import durable_rules_engine

_RULESET_NAME = "situations"
"""The engine knows rulesets by handle; the name may repeat."""

_ACCEPTED = 0


class EngineFailure(Exception):
    """The engine did not do what it should. The ``ChainingEngine`` is not used any more."""


class ChainingEngine:
    """One registration of one plan, for one thread at a time.

    It is freed with the object. After an exception out of ``run`` its states are in
    doubt: drop it and register anew.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._handle: int = durable_rules_engine.create_ruleset(_RULESET_NAME, plan.definition)
        free = weakref.finalize(self, durable_rules_engine.delete_ruleset, self._handle)
        free.atexit = False
        self._start = {slot: fact(START, slot) for slot in SLOTS}
        self._holds = {slot: [text.replace(SLOT, slot) for text in plan.holds] for slot in SLOTS}
        self._absent = {slot: [text.replace(SLOT, slot) for text in plan.absent] for slot in SLOTS}

    def run(self, true: Collection[int], possible: Collection[int]) -> tuple[list[int], list[int]]:
        """Returns what holds definitely and what holds possibly, given atoms that do.

        Both lists have the atoms first and then derived nodes in the order of derivation,
        so that each stands after what it follows from.
        """
        definite = _State(self._handle, self._plan.heads, self._holds[SLOTS[0]])
        perhaps = definite
        definite.begin(self._start[SLOTS[0]], true)
        if len(possible) != len(true):
            perhaps = _State(self._handle, self._plan.heads, self._holds[SLOTS[1]])
            perhaps.begin(self._start[SLOTS[1]], possible)
        for nodes in self._plan.settled:
            # Both are read before either is told: where they are one, it must not matter.
            impossible = [self._absent[SLOTS[0]][node] for node in nodes if node not in perhaps.known]
            doubtful = [self._absent[SLOTS[1]][node] for node in nodes if node not in definite.known]
            definite.tell(impossible)
            if perhaps is not definite:
                perhaps.tell(doubtful)
        durable_rules_engine.delete_state(self._handle, SLOTS[0])
        if perhaps is not definite:
            durable_rules_engine.delete_state(self._handle, SLOTS[1])
        return list(definite.known), list(perhaps.known)


class _State:
    """One state of the engine while a derivation runs."""

    def __init__(self, handle: int, heads: tuple[int, ...], holds: list[str]) -> None:
        self._handle = handle
        self._heads = heads
        self._holds = holds
        self._firings_left = len(heads) + 1
        self.known: dict[int, None] = {}

    def begin(self, start: str, atoms: Iterable[int]) -> None:
        """Opens the state and tells it the atoms that hold."""
        self._assert(start)
        if self._firings_left > len(self._heads):
            raise EngineFailure("no rule fired")
        self.known.update(dict.fromkeys(atoms))
        self.tell([self._holds[atom] for atom in self.known])

    def tell(self, facts: Iterable[str]) -> None:
        """Asserts the facts and derives all that follows."""
        needed = ",".join(filter(None, facts))
        if needed:
            self._assert(needed)

    def _assert(self, facts: str) -> None:
        offset = self._hand_over(facts)
        opened = durable_rules_engine.start_action_for_state(self._handle, offset)
        fired: str | None = opened[1] if opened else None
        while fired:
            self._fire(fired.split('"', 2)[1])
            fired = durable_rules_engine.complete_and_start_action(self._handle, offset)

    def _fire(self, rule: str) -> None:
        """Each rule can fire once: every fact is asserted once."""
        self._firings_left -= 1
        if self._firings_left < 0:
            raise EngineFailure("a rule fired twice")
        if rule == START:
            return
        node = self._heads[int(rule)]
        if node not in self.known:
            self.known[node] = None
            if self._holds[node]:
                self._hand_over(self._holds[node])

    def _hand_over(self, facts: str) -> int:
        verdict, offset = durable_rules_engine.assert_facts(self._handle, f"[{facts}]")
        if verdict != _ACCEPTED:
            raise EngineFailure(f"a fact was not accepted: {verdict}")
        return int(offset)
