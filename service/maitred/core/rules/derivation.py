"""The port behind which situations are derived from what is known to be true."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from maitred.core.conditions.model import Condition

from .ruleset import Atom, Situation


class SituationError(Exception):
    """Situations that cannot be run. ``faults`` are pairs of situation name and message."""

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Derivation:
    """What follows from a set of atoms.

    A situation is in ``holds`` when it follows from the atoms known to be true, in
    ``unknown`` when it would need an atom whose truth is not known, and in neither when
    it is definitely false. ``because`` gives for each that holds its direct support, as
    member texts and situation names: ``{"vip_at_risk": ("service_failure", "...")}``.
    """

    holds: frozenset[str]
    unknown: frozenset[str]
    because: tuple[tuple[str, tuple[str, ...]], ...]


class Deriver(Protocol):
    """Forward chaining over one ruleset's situations. Safe to call from many threads."""

    def derive(self, true: int, unknown: int) -> Derivation:
        """Bit ``i`` of the masks is atom ``i`` of ``atoms_of(situations)``; disjoint masks."""
        ...


DeriverFactory = Callable[[Sequence[Situation]], Deriver]
"""Raises ``SituationError``; every limit of the engine behind it is checked here."""


def atoms_of(situations: Sequence[Situation]) -> dict[str, Condition]:
    """The distinct atoms by text, in order of first appearance: atom ``i`` is the ``i``-th of them."""
    atoms: dict[str, Condition] = {}
    for situation in situations:
        for member in (*situation.all, *situation.any, *situation.none):
            if isinstance(member, Atom):
                atoms.setdefault(member.text, member.condition)
    return atoms
