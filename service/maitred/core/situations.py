"""From facts to situations: the atoms' truth by index, what follows from it by the deriver."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .conditions import negate
from .derivation import Derivation, Deriver, DeriverFactory, atoms_of
from .index import Index
from .rules import Situation
from .values import Facts

MAX_REMEMBERED_DERIVATIONS = 8_192
"""Distinct states of the atoms whose situations are kept as facts; beyond it the memo starts anew."""


@dataclass(frozen=True, slots=True)
class Situations:
    """The situations of one ruleset.

    In ``index`` entry ``i`` is atom ``i`` and entry ``count + i`` its negation, so that one pass
    tells true, definitely false and unknown apart.
    """

    names: tuple[str, ...]
    count: int
    index: Index
    deriver: Deriver
    remembered: dict[int, Facts] = field(default_factory=dict, compare=False)

    @classmethod
    def build(cls, situations: Sequence[Situation], deriver: DeriverFactory) -> "Situations":
        """Raises ``SituationError``."""
        atoms = atoms_of(situations)
        entries = (*atoms.values(), *map(negate, atoms.values()))
        names = tuple(situation.name for situation in situations)
        return cls(names, len(atoms), Index.build(entries), deriver(situations))

    def facts(self, facts: Facts) -> Facts:
        """``situation.NAME`` for each that holds or definitely does not; absent where unknown."""
        held = self._held(facts)
        found = self.remembered.get(held)
        if found is None:
            found = self._facts_of(self._derive(held))
            if len(self.remembered) >= MAX_REMEMBERED_DERIVATIONS:
                self.remembered.clear()
            self.remembered[held] = found
        return found

    def derivation(self, facts: Facts) -> Derivation:
        """The same with its support, for explanations."""
        return self._derive(self._held(facts))

    def _held(self, facts: Facts) -> int:
        held = 0
        for entry in self.index.matches(self.index.candidates(facts), facts, {}):
            held |= 1 << entry
        return held

    def _derive(self, held: int) -> Derivation:
        every = (1 << self.count) - 1
        true, false = held & every, held >> self.count
        return self.deriver.derive(true, every & ~(true | false))

    def _facts_of(self, derivation: Derivation) -> Facts:
        known = (name for name in self.names if name not in derivation.unknown)
        return {f"situation.{name}": name in derivation.holds for name in known}
