"""Choosing among the actions that hold: limits filter, alternatives stand in, the best are picked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, unique
from itertools import islice
from typing import NamedTuple

from .conditions import Unknown
from .decisions import Question
from .policy import Policy, gates_of
from .ranking import Ranked, score_of
from .reasons import Reason
from .rules import Action
from .scan import Memo, truth
from .snapshot import Shortage, Snapshot, is_read, keys_taken, shortage_of
from .values import Facts

LOOK_AHEAD = 4
"""Candidates read beyond those wanted: where some are used up, no second read is needed."""

_OUT_OF_STOCK = frozenset({Reason.CAPACITY_EXHAUSTED, Reason.PACED})
"""Reasons that hand over to alternatives: there is none left, for whoever asks."""


@unique
class Reach(Enum):
    """How far to choose: until enough are picked, through all, or through all that have been read."""

    ENOUGH = "enough"
    ALL = "all"
    KNOWN = "known"


class Pick(NamedTuple):
    """An action to be proposed. ``substitute_for`` is the one whose place it takes."""

    score: float
    action: Action
    substitute_for: str = ""


class Chosen(NamedTuple):
    """The picks, best first, and the shortage of every action that was refused for one, by name."""

    picks: tuple[Pick, ...]
    shortages: Mapping[str, Shortage]


class Wanted(NamedTuple):
    """Nothing can be chosen before the limits of these actions have been read."""

    actions: tuple[Action, ...]


def choose(
    policy: Policy,
    question: Question,
    ranking: Iterable[Ranked],
    snapshot: Snapshot,
    reach: Reach = Reach.ENOUGH,
) -> Chosen | Wanted:
    """Picks as many actions as are asked for; ``Wanted`` where the snapshot does not tell enough.

    ``ranking`` can be gone through again from its beginning.
    """
    choosing = _Choosing(policy, question.facts, snapshot, question.max_actions)
    place = 0
    try:
        for place, (score, action) in enumerate(ranking):  # noqa: B007 -- how far it came
            if choosing.is_full() and reach is Reach.ENOUGH:
                break
            if reach is not Reach.KNOWN or is_read(action, snapshot):
                choosing.consider(score, action)
    except _NotReadError:
        ahead = None if reach is Reach.ALL else place + question.max_actions + LOOK_AHEAD
        return Wanted(_unread(policy, islice(ranking, ahead), snapshot))
    return Chosen(tuple(choosing.picks), choosing.shortages)


class _NotReadError(Exception):
    """The limits of an action are not in the snapshot."""


@dataclass(slots=True)
class _Choosing:
    """One pass over the ranking."""

    policy: Policy
    facts: Facts
    snapshot: Snapshot
    most: int
    picks: list[Pick] = field(default_factory=list)
    shortages: dict[str, Shortage] = field(default_factory=dict)
    proposed: set[str] = field(default_factory=set)
    taken: dict[str, int] = field(default_factory=dict)
    memo: Memo = field(default_factory=dict)

    def consider(self, score: float, action: Action) -> None:
        """Picks the action, or what stands in for it."""
        if not self._is_open(action):
            return
        shortage = self._shortage(action)
        if shortage is None:
            self._pick(Pick(score, action))
        elif shortage.reason in _OUT_OF_STOCK:
            self._stand_in(action, action.name)

    def is_full(self) -> bool:
        return len(self.picks) == self.most

    def _is_open(self, action: Action) -> bool:
        return action.name not in self.snapshot.paused and action.name not in self.proposed

    def _shortage(self, action: Action) -> Shortage | None:
        """Once enough are picked, what they have taken is no reason any more: others rank before."""
        if not action.limits:
            return None
        if not is_read(action, self.snapshot):
            raise _NotReadError
        found = shortage_of(action, self.facts, self.snapshot, {} if self.is_full() else self.taken)
        if found:
            self.shortages.setdefault(action.name, found)
        return found

    def _stand_in(self, exhausted: Action, place_of: str) -> bool:
        """Picks the first alternative that holds, theirs included; whether there was one."""
        return not self.is_full() and any(
            self._take_place(self.policy.by_name[name], place_of) for name in exhausted.alternatives
        )

    def _take_place(self, other: Action, place_of: str) -> bool:
        score = self._score(other)
        if score is None:
            return False
        shortage = self._shortage(other)
        if shortage is None:
            self._pick(Pick(score, other, place_of))
            return True
        return shortage.reason in _OUT_OF_STOCK and self._stand_in(other, place_of)

    def _score(self, action: Action) -> float | None:
        """The score of an alternative that holds."""
        gates = gates_of(action)
        if not (
            self._is_open(action)
            and all(truth(gate.condition, self.facts, self.memo) is True for gate in gates)
        ):
            return None
        score = score_of(action, self.facts, self.memo)
        return None if isinstance(score, Unknown) else score

    def _pick(self, pick: Pick) -> None:
        if self.is_full():
            return
        self.picks.append(pick)
        self.proposed.add(pick.action.name)
        for key in keys_taken(pick.action):
            self.taken[key] = self.taken.get(key, 0) + 1


def _unread(policy: Policy, candidates: Iterable[Ranked], snapshot: Snapshot) -> tuple[Action, ...]:
    """Those of the candidates, and of what could stand in for them, whose limits are to be read."""
    unread = (action for _, action in candidates if not is_read(action, snapshot))
    found = {each.name: each for action in unread for each in _with_alternatives(policy, action)}
    return tuple(each for each in found.values() if not is_read(each, snapshot))


def _with_alternatives(policy: Policy, action: Action) -> Iterator[Action]:
    """The action and everything that may stand in for it; rings are refused when rules are loaded."""
    yield action
    for name in action.alternatives:
        yield from _with_alternatives(policy, policy.by_name[name])
