"""From facts to situations: the atoms' truth by index, what follows from it by a deriver behind a port.

While a situation holds that suppresses actions, they are held back; so they are while a wrong value hides
whether it does. A situation that cannot be told because an attribute is absent holds nothing back: most
attributes are absent most of the time. A value that is wrong is another matter. It was meant to tell
something, so a situation that would hold with some other value in its place counts as holding.

Whether it would is worked out over conditions in negation normal form: what a wrong value decides
is taken for true in either form, what an absent one decides for false in either form. ``holds`` and
``fails`` are kept apart for that, and are worked out stratum by stratum: of what is needed absent,
everything is known by then. Situations may need each other in circles; nothing holds by itself.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from maitred.core.conditions.index import Index, bits
from maitred.core.conditions.model import All, Any, Condition, Literal, Present, Unknown, negate
from maitred.core.conditions.scan import Memo, truth
from maitred.core.values.types import OWN, SITUATION, Facts

from .ruleset import Atom, Member, Situation

SUPPRESSED = f"{OWN}suppressed/"
"""The fact is there while a situation holds actions back; no rule file can name it."""
MAX_REMEMBERED_DERIVATIONS = 8_192
"""Distinct states of the atoms whose situations are kept as facts; beyond it the memo starts anew."""


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


def not_suppressed_by(name: str) -> Condition:
    """True unless the situation holds back."""
    return Literal(SUPPRESSED + name, Present(), wanted=False)


def is_derived(attribute: str) -> bool:
    """Returns whether a fact follows from situations, and goes where what they read goes."""
    return attribute.startswith((SITUATION, SUPPRESSED))


@dataclass(frozen=True, slots=True)
class Suppressing:
    """The situations that hold back, and in ``strata`` all they are made of, lowest first."""

    names: tuple[str, ...]
    strata: tuple[tuple[Situation, ...], ...]

    @classmethod
    def of(cls, situations: Sequence[Situation], names: Iterable[str]) -> "Suppressing":
        """Takes ``names``, those that hold some action back."""
        wanted = tuple(sorted(names))
        by_name = {situation.name: situation for situation in situations}
        return cls(wanted, _strata(by_name, _made_of(by_name, wanted)))

    def facts(self, facts: Facts, situations: Facts) -> Facts:
        """Returns a fact for each situation that holds back.

        ``situations`` are those whose truth is known.
        """
        states = {name: situations.get(SITUATION + name) for name in self.names}
        hidden = {name for name, state in states.items() if state is None}
        possible = self._possible(facts) if hidden else frozenset()
        back = (name for name, state in states.items() if state or (name in hidden and name in possible))
        return {SUPPRESSED + name: True for name in back}

    def _possible(self, facts: Facts) -> frozenset[str]:
        """Returns those that hold, or would if what is wrong were right."""
        asking = _Asking(facts)
        for stratum in self.strata:
            asking.settle(stratum)
        return frozenset(asking.holds)


class _Asking:
    """One pass over the strata. ``holds`` may hold, ``fails`` may not hold; one may be in both."""

    def __init__(self, facts: Facts) -> None:
        self._facts, self._memo = facts, Memo()
        self.holds: set[str] = set()
        self.fails: set[str] = set()

    def settle(self, stratum: Sequence[Situation]) -> None:
        """What holds is built up from nothing, what fails is what is left of everything."""
        while fresh := [
            situation for situation in stratum if situation.name not in self.holds and self._holds(situation)
        ]:
            self.holds.update(situation.name for situation in fresh)
        self.fails.update(situation.name for situation in stratum)
        while firm := [
            situation for situation in stratum if situation.name in self.fails and not self._fails(situation)
        ]:
            self.fails.difference_update(situation.name for situation in firm)

    def _holds(self, situation: Situation) -> bool:
        return (
            all(map(self._is_so, situation.all))
            and (not situation.any or any(map(self._is_so, situation.any)))
            and all(map(self._is_not_so, situation.none))
        )

    def _fails(self, situation: Situation) -> bool:
        return (
            any(map(self._is_not_so, situation.all))
            or (bool(situation.any) and all(map(self._is_not_so, situation.any)))
            or any(map(self._is_so, situation.none))
        )

    def _is_so(self, member: Member) -> bool:
        return self._may_be(member.condition) if isinstance(member, Atom) else member in self.holds

    def _is_not_so(self, member: Member) -> bool:
        return self._may_be(negate(member.condition)) if isinstance(member, Atom) else member in self.fails

    def _may_be(self, condition: Condition) -> bool:
        match condition:
            case All(terms):
                return all(map(self._may_be, terms))
            case Any(terms):
                return any(map(self._may_be, terms))
        answer = truth(condition, self._facts, self._memo)
        return answer.error is not None if isinstance(answer, Unknown) else answer


def _made_of(by_name: Mapping[str, Situation], names: Iterable[str]) -> set[str]:
    """Returns the situations, and all they are made of."""
    reached = set(names)
    for name in (queue := list(reached)):
        situation = by_name[name]
        members = (*situation.all, *situation.any, *situation.none)
        fresh = {member for member in members if isinstance(member, str)} - reached
        reached |= fresh
        queue += fresh
    return reached


def _strata(by_name: Mapping[str, Situation], names: set[str]) -> tuple[tuple[Situation, ...], ...]:
    """A situation is above those whose absence it needs, and not below the others it needs."""
    level = dict.fromkeys(sorted(names), 0)
    # Circles of absence are refused when the ruleset is loaded, so this comes to an end.
    for _ in range(len(level) + 1):
        raised = {name: _level(by_name[name], level) for name in level}
        if raised == level:
            break
        level = raised
    count = max(level.values(), default=-1) + 1
    return tuple(
        tuple(by_name[name] for name, height in level.items() if height == number) for number in range(count)
    )


def _level(situation: Situation, level: Mapping[str, int]) -> int:
    needed = [level[member] for member in (*situation.all, *situation.any) if isinstance(member, str)]
    absent = [level[member] + 1 for member in situation.none if isinstance(member, str)]
    return max((level[situation.name], *needed, *absent))


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
        """Returns ``situation.NAME`` for each in ``names`` whose truth is known, and what is held back."""
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
        """Returns the same with its support, for explanations."""
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
