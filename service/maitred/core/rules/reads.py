"""What an action reads of a customer, by whatever way: its conditions, score, treatments, limits.

Situations are followed to their last atom, also where they must *not* hold: who learns that
something is not so has learnt of it as well.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from maitred.core.conditions.model import reads as condition_reads
from maitred.core.limits.limits import reads_of as limit_reads
from maitred.core.values.types import HOLD_EXPIRES, LIST, SITUATION

from .ruleset import Action, Atom, Situation
from .treatments import placeholders

# CEL lets blanks and comments stand around the point. Text in quotes is taken for a name too, which
# at worst asks for a consent too many.
_BETWEEN = r"(?:\s|//[^\n]*+)*+"
_LIST = re.compile(rf"\blist{_BETWEEN}\.{_BETWEEN}`?([A-Za-z_]\w*)")
_KEPT_TEXTS = 4_096
"""Rows of a table share their texts."""

Way = tuple[str, ...]
"""Through what something is read, the action's own first: ``("score",)``, ``("condition x",)``."""


@dataclass(frozen=True, slots=True)
class SituationReads:
    """By name of a situation: what its own atoms read, the situations it is made of, and all it reads."""

    own: Mapping[str, frozenset[str]]
    members: Mapping[str, tuple[str, ...]]
    every: Mapping[str, frozenset[str]]
    _ways: dict[tuple[str, str], Way] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, situations: Sequence[Situation]) -> "SituationReads":
        """Situations may depend on each other in circles."""
        own: dict[str, frozenset[str]] = {}
        members: dict[str, tuple[str, ...]] = {}
        for situation in situations:
            read, named = _direct(situation)
            own[situation.name], members[situation.name] = read, named
        return cls(own, members, _closure(own, members))

    def reads(self, name: str) -> frozenset[str]:
        """Returns the attributes behind a name that a rule reads: itself, or all that a situation reads."""
        if not name.startswith(SITUATION):
            return frozenset((name,))
        return self.every.get(name.removeprefix(SITUATION), frozenset())

    def way(self, name: str, attribute: str) -> Way:
        """Returns the shortest way from a name that a rule reads to an attribute, by names of situations."""
        if not name.startswith(SITUATION):
            return ()
        key = (name, attribute)
        if key not in self._ways:
            self._ways[key] = self._way(name.removeprefix(SITUATION), attribute)
        return self._ways[key]

    def _way(self, start: str, attribute: str) -> Way:
        came: dict[str, str | None] = {start: None}
        for current in (queue := [start]):
            if attribute in self.own.get(current, ()):
                return tuple(reversed(list(_back(came, current))))
            fresh = [member for member in self.members.get(current, ()) if member not in came]
            came.update(dict.fromkeys(fresh, current))
            queue += dict.fromkeys(fresh)
        return ()


def _back(came: Mapping[str, str | None], last: str) -> Iterator[str]:
    name: str | None = last
    while name is not None:
        yield name
        name = came[name]


def _direct(situation: Situation) -> tuple[frozenset[str], tuple[str, ...]]:
    read: set[str] = set()
    named: list[str] = []
    for member in (*situation.all, *situation.any, *situation.none):
        if isinstance(member, Atom):
            names = condition_reads(member.condition) | lists_named(member.text)
            read.update(name for name in names if not name.startswith(SITUATION))
            named += [name.removeprefix(SITUATION) for name in sorted(names) if name.startswith(SITUATION)]
        else:
            named.append(member)
    return frozenset(read), tuple(named)


def _closure(
    own: Mapping[str, frozenset[str]], members: Mapping[str, tuple[str, ...]]
) -> dict[str, frozenset[str]]:
    """Sets as bits: long chains of situations would be slow with sets of names."""
    names = sorted(frozenset().union(*own.values()))
    bit = {name: 1 << number for number, name in enumerate(names)}
    masks = {name: sum(bit[attribute] for attribute in read) for name, read in own.items()}
    made_of_it: dict[str, list[str]] = {}
    for name, named in members.items():
        for member in named:
            made_of_it.setdefault(member, []).append(name)
    for name in (queue := [name for name, mask in masks.items() if mask]):
        for holder in made_of_it.get(name, ()):
            if masks[name] & ~masks[holder]:
                masks[holder] |= masks[name]
                queue.append(holder)
    sets: dict[int, frozenset[str]] = {}
    for mask in masks.values():
        if mask not in sets:
            sets[mask] = frozenset(name for name in names if bit[name] & mask)
    return {name: sets[mask] for name, mask in masks.items()}


@lru_cache(maxsize=_KEPT_TEXTS)
def lists_named(text: str) -> frozenset[str]:
    """The lists (``list.pizzas``) that an expression may read, by its text: conditions hold their values."""
    return frozenset(f"{LIST}{name}" for name in _LIST.findall(text))


def names_read(action: Action) -> Iterator[tuple[str, frozenset[str]]]:
    """Yields what an action reads without following situations, each with where it does."""
    for need in action.requirements:
        yield f"condition `{need.rule}`", condition_reads(need.condition) | lists_named(need.text)
    if action.score.expression:
        yield "score", action.score.expression.reads | lists_named(action.score.expression.text)
    for channel, treatment in sorted(action.treatments.items()):
        yield f"treatment `{channel}`", frozenset(placeholders(treatment)) - {HOLD_EXPIRES}
    if action.suppressed_by:
        yield "what holds it back", frozenset(f"{SITUATION}{name}" for name in action.suppressed_by)
    for trial in action.trials:
        for name, other in trial.actions.items():
            yield f"arm `{name}` of experiment `{trial.experiment}`", _words_read(other)
    for limit in action.limits:
        yield f"limit `{limit.name}`", frozenset(limit_reads(limit))


def _words_read(action: Action) -> frozenset[str]:
    """Returns what the score and the treatments read."""
    names = frozenset().union(*map(placeholders, action.treatments.values())) - {HOLD_EXPIRES}
    expression = action.score.expression
    return names | expression.reads | lists_named(expression.text) if expression else names


def attributes_read(action: Action, situations: SituationReads) -> frozenset[str]:
    """Returns every attribute that the action reads, and every list."""
    names = frozenset().union(*(names for _, names in names_read(action)))
    return frozenset().union(*(situations.reads(name) for name in names))


def way_to(action: Action, situations: SituationReads, attribute: str) -> Way:
    """Returns how the action comes to read an attribute; the shortest way, empty where it does not."""
    ways = [
        (place, *(f"situation `{name}`" for name in situations.way(name, attribute)))
        for place, names in names_read(action)
        for name in sorted(names)
        if attribute in situations.reads(name)
    ]
    return min(ways, key=len, default=())
