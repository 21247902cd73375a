"""From facts to situations: the atoms' truth by index, what follows from it by the deriver."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from maitred.core.conditions.index import Index, bits
from maitred.core.conditions.model import negate
from maitred.core.values.types import SITUATION, Facts

from .derivation import Derivation, Deriver, DeriverFactory, atoms_of
from .ruleset import Situation
from .suppressing import Suppressing

MAX_REMEMBERED_DERIVATIONS = 8_192
"""Distinct states of the atoms whose situations are kept as facts; beyond it the memo starts anew."""


@dataclass(frozen=True, slots=True)
class Situations:
    """The situations of one ruleset. ``names`` are those that conditions read.

    In ``index`` entry ``i`` is atom ``i`` and entry ``count + i`` its negation, so that one pass
    tells true, definitely false and unknown apart. ``suppressing`` are those that hold actions back.
    """

    names: tuple[str, ...]
    count: int
    index: Index
    deriver: Deriver
    suppressing: Suppressing
    remembered: dict[int, Facts] = field(default_factory=dict, compare=False)

    @classmethod
    def build(
        cls,
        situations: Sequence[Situation],
        used: Container[str],
        suppressing: Iterable[str],
        deriver: DeriverFactory,
    ) -> "Situations":
        """``used`` are the attributes that conditions read, ``suppressing`` the situations that hold back.

        Raises ``SituationError``.
        """
        back = Suppressing.of(situations, suppressing)
        atoms = atoms_of(situations)
        entries = (*atoms.values(), *map(negate, atoms.values()))
        names = (situation.name for situation in situations)
        kept = tuple(name for name in names if f"{SITUATION}{name}" in used or name in back.names)
        return cls(kept, len(atoms), Index.build(entries), deriver(situations), back)

    def facts(self, facts: Facts) -> Facts:
        """``situation.NAME`` for each in ``names`` whose truth is known, and what is held back."""
        clauses = self.index.true_clauses(facts)
        derived = self.remembered.get(clauses)
        if derived is None:
            derived = self._facts_of(self._derive(clauses))
            if len(self.remembered) >= MAX_REMEMBERED_DERIVATIONS:
                self.remembered.clear()
            self.remembered[clauses] = derived
        if self.suppressing.names:
            return {**derived, **self.suppressing.facts(facts, derived)}
        return derived

    def derivation(self, facts: Facts) -> Derivation:
        """The same with its support, for explanations."""
        return self._derive(self.index.true_clauses(facts))

    def _derive(self, clauses: int) -> Derivation:
        held = 0
        for clause in bits(clauses):
            held |= 1 << self.index.owner[clause]
        every = (1 << self.count) - 1
        true, false = held & every, held >> self.count
        return self.deriver.derive(true, every & ~(true | false))

    def _facts_of(self, derivation: Derivation) -> Facts:
        known = (name for name in self.names if name not in derivation.unknown)
        return {f"{SITUATION}{name}": name in derivation.holds for name in known}
