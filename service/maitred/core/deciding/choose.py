"""Choosing among the actions that hold, as they are ranked: limits filter, alternatives stand in."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, unique
from itertools import islice
from typing import NamedTuple

from maitred.core.conditions.scan import Memo
from maitred.core.learning.draws import Draws
from maitred.core.limits.limits import Counts
from maitred.core.rules.experiments import as_assigned
from maitred.core.rules.ruleset import Action
from maitred.core.values.reasons import OUT_OF_STOCK
from maitred.core.values.types import Facts

from .decisions import Question
from .policy import Policy
from .ranking import Ranked, Ranking, score_if_it_holds
from .snapshot import Claimed, Shortage, Snapshot, is_read, keys_taken, limits_checked, room_of, shortage_of

LOOK_AHEAD = 4
"""Candidates read beyond those wanted: where some are used up, no second read is needed."""
MAX_LOOKED_AT = 512
"""Limits that one decision looks at: others wait while their counters are read, some ten milliseconds.
Where all of them are used up, actions behind that have limits of their own are not asked for."""
_NO_FACTS: Facts = {}
MAX_TOLD = 256
"""Limits that are looked at where an explanation is all that they are for."""


@unique
class Reach(Enum):
    """How far to choose: until enough are picked, through all, or through all that have been read."""

    ENOUGH = "enough"
    ALL = "all"
    KNOWN = "known"


class Pick(NamedTuple):
    """An action to be proposed. ``substitute_for`` is the one whose place it takes.

    ``claimed`` is the claim that the checkout names for it.
    """

    score: float
    action: Action
    substitute_for: str = ""
    claimed: Claimed | None = None


class Chosen(NamedTuple):
    """The picks, best first, and the shortage of every action that was refused for one, by name.

    ``refused`` are those of them that would have been picked: they do not depend on how far was chosen.
    ``unranked`` are those of the picks that are not there by their rank.
    """

    picks: tuple[Pick, ...]
    shortages: Mapping[str, Shortage]
    refused: tuple[Action, ...] = ()
    unranked: tuple[Action, ...] = ()


class Wanted(NamedTuple):
    """Nothing can be chosen before the limits of these actions have been read."""

    actions: tuple[Action, ...]


def choose(
    policy: Policy,
    question: Question,
    ranking: Ranking,
    snapshot: Snapshot,
    reach: Reach = Reach.ENOUGH,
    *,
    named: Collection[str] = (),
) -> Chosen | Wanted:
    """Picks as many actions as are asked for; ``Wanted`` where the snapshot does not tell enough.

    ``ranking`` can be gone through again from its beginning. How the limits of ``named`` actions stand
    is asked for, however many others are.
    """
    facts, max_picks = question.facts, question.max_actions
    if reach is Reach.ENOUGH and not (snapshot.paused or snapshot.rejected or snapshot.claimed):
        first = _first_ones(policy, facts, ranking, snapshot, max_picks)
        if first:
            return first
    best = _begins_unread(ranking, snapshot, max_picks, reach)
    if best:
        return Wanted(_unread(policy, facts, ranking, snapshot, _ahead(max_picks, reach, len(best.limits))))
    choosing = _Choosing(policy, facts, snapshot, max_picks, reach, named, ranking.draws)
    place = 0
    try:
        for place, (score, action) in enumerate(ranking):  # noqa: B007 -- how far it came
            if choosing.is_over():
                break
            choosing.consider(score, action)
        choosing.carry_stand_ins()
    except _NotReadError:
        rest = islice(ranking, place, None)
        ahead = _ahead(max_picks, reach, len(choosing.looked_at))
        return Wanted(_unread(policy, facts, rest, snapshot, ahead))
    unranked = tuple([pick.action for pick in choosing.picks if pick.substitute_for or pick.claimed])
    return Chosen(tuple(choosing.picks), choosing.shortages, tuple(choosing.refused), unranked)


def _first_ones(
    policy: Policy, facts: Facts, ranking: Ranking, snapshot: Snapshot, max_picks: int
) -> Chosen | Wanted | None:
    """Picks the first candidates where nothing is held back, and nothing stands against any of them.

    So it is nearly always. ``None`` where something may stand against one: ``_Choosing`` would pick the
    same, and looks at each for more reasons.
    """
    picks: list[Pick] = []
    rooms: dict[str, int] = {}
    looked_at = 0
    for score, action in ranking if max_picks else ():
        if action.limits:
            looked_at += len(action.limits)
            if not is_read(action, snapshot):
                ahead = _ahead(max_picks, Reach.ENOUGH, looked_at)
                return None if picks else Wanted(_unread(policy, facts, ranking, snapshot, ahead))
            if looked_at > MAX_TOLD or not _takes_room(action, facts, snapshot, rooms):
                return None
        if action.groups:
            return None
        picks.append(Pick(score, action))
        if len(picks) == max_picks:
            break
    return Chosen(tuple(picks), {})


def _takes_room(action: Action, facts: Facts, snapshot: Snapshot, rooms: dict[str, int]) -> bool:
    """Counts off from ``rooms`` what the action takes; false where a limit has no unit left."""
    for part in limits_checked(action, snapshot):
        room = rooms.get(part.key)
        if room is None:
            room = room_of(part, facts, snapshot)
        if room <= 0:
            return False
        # What counts later is looked at only.
        is_taken = part.counts is Counts.DECIDED or part.counts is Counts.PRESENTED
        rooms[part.key] = room - is_taken
    return True


def stand_ins_of(policy: Policy, action: Action, facts: Facts = _NO_FACTS) -> Iterator[Action]:
    """Everything that may stand in for the action, each once, in the order in which it is asked for.

    Each is as the arm has it that the facts name. One that is reached by several ways counts by the first:
    ways may be thousands, actions are not.
    """
    seen: set[str] = set()
    names = list(reversed(action.alternatives))
    while names:
        name = names.pop()
        if name not in seen:
            seen.add(name)
            stand_in = policy.assigned(name, facts)
            yield stand_in
            names.extend(reversed(stand_in.alternatives))


def _begins_unread(
    ranking: Iterable[Ranked], snapshot: Snapshot, max_picks: int, reach: Reach
) -> Action | None:
    """The best action where nothing is known of its limits, as where nothing was read yet."""
    for _, action in ranking:
        if max_picks == 0 or reach is Reach.KNOWN or is_read(action, snapshot):
            return None
        name = action.name
        held_back = name in snapshot.paused or name in snapshot.rejected or name in snapshot.claimed
        return None if held_back else action
    return None


def _ahead(max_picks: int, reach: Reach, looked_at: int) -> int:
    """How many more actions to read: about twice as many each time, so that there are few times.

    ``looked_at`` is how many limits have been asked for.
    """
    least = max_picks + LOOK_AHEAD if reach is Reach.ENOUGH else MAX_TOLD
    return min(max(least, looked_at), max(1, MAX_LOOKED_AT - looked_at + 1))


class _NotReadError(Exception):
    """The limits of an action are not in the snapshot."""


@dataclass(slots=True)
class _Choosing:
    """One pass over the ranking. ``looked_at`` are the keys of the limits that were asked for.

    ``rooms`` are the units that were left of each of them, before the picks have ``taken`` some.
    ``grouped`` counts the picks of each group, ``carried`` those that the checkout has claimed, of which
    ``considered`` have been looked at.
    """

    policy: Policy
    facts: Facts
    snapshot: Snapshot
    max_picks: int
    reach: Reach
    named: Collection[str]
    draws: Draws
    picks: list[Pick] = field(default_factory=list)
    shortages: dict[str, Shortage] = field(default_factory=dict)
    proposed: set[str] = field(default_factory=set)
    looked_at: set[str] = field(default_factory=set)
    rooms: dict[str, int] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    grouped: dict[str, int] = field(default_factory=dict)
    carried: int = 0
    considered: int = 0
    refused: list[Action] = field(default_factory=list)
    memo: Memo = field(default_factory=dict)

    def consider(self, score: float, action: Action) -> None:
        """Picks the action, or what stands in for it."""
        if action.name in self.snapshot.claimed:
            self._carry(score, action)
            return
        if self.is_enough() or not self._is_open(action):
            return
        crowded_out = self._is_crowded_out(action)
        if crowded_out and self.reach is Reach.ENOUGH:
            return
        shortage = self._shortage(action)
        if crowded_out:
            return
        if shortage and not self.is_full():
            self.refused.append(action)
        if shortage is None:
            self._pick(Pick(score, action))
        elif shortage.reason in OUT_OF_STOCK:
            self._stand_in(action)

    def is_full(self) -> bool:
        return len(self.picks) - self.carried == self.max_picks

    def is_enough(self) -> bool:
        """Whether nobody asks for what follows, but for what the checkout has claimed."""
        return self.is_full() and self.reach is Reach.ENOUGH

    def is_over(self) -> bool:
        """Whether what follows changes nothing."""
        return self.is_enough() and self.considered == len(self.snapshot.claimed)

    def carry_stand_ins(self) -> None:
        """What stands in only is not ranked, and stays claimed all the same."""
        for name in self.snapshot.claimed:
            action = self.policy.by_name.get(name)
            if action and action.stand_in_only and name not in self.proposed:
                action = as_assigned(action, self.facts)
                score = score_if_it_holds(self.policy, action, self.facts, self.memo, self.draws)
                if score is not None:
                    self._carry(score, action)

    def _carry(self, score: float, action: Action) -> None:
        """Proposes what the checkout has claimed once more: it takes no unit, and nobody's place."""
        self.considered += 1
        if action.name in self.snapshot.paused:
            return
        if self._shortage(action) is None:
            claimed = self.snapshot.claimed[action.name]
            self.picks.append(Pick(score, action, claimed=claimed))
            self.carried += 1
            self.proposed.add(action.name)
            for group in action.groups:
                self.grouped[group.name] = self.grouped.get(group.name, 0) + 1

    def _is_open(self, action: Action) -> bool:
        name = action.name
        snapshot = self.snapshot
        held_back = name in snapshot.paused or name in snapshot.rejected or name in snapshot.claimed
        return not (held_back or name in self.proposed or self._is_passed_over(action))

    def _is_crowded_out(self, action: Action) -> bool:
        """Whether as many of one of its groups as may be stand in the answer already."""
        return bool(action.groups) and any(
            self.grouped.get(group.name, 0) >= group.at_most for group in action.groups
        )

    def _is_passed_over(self, action: Action) -> bool:
        """Whether nobody asks how its limits stand."""
        if not action.limits:
            return False
        if self.reach is Reach.KNOWN:
            return not is_read(action, self.snapshot)
        if action.name in self.named:
            return False
        looked_at = len(self.looked_at)
        if looked_at < MAX_TOLD or (looked_at < MAX_LOOKED_AT and not self.is_full()):
            return False
        return any(limit.key not in self.looked_at for limit in action.limits)

    def _shortage(self, action: Action) -> Shortage | None:
        """Once enough are picked, what they have taken is no reason any more: others rank before."""
        if not action.limits:
            return None
        self.looked_at.update([limit.key for limit in action.limits])
        if not is_read(action, self.snapshot):
            raise _NotReadError
        taken = {} if self.is_full() else self.taken
        if self._has_room(action, taken):
            return None
        shortage = shortage_of(action, self.facts, self.snapshot, taken)
        if shortage:
            self.shortages.setdefault(action.name, shortage)
        return shortage

    def _has_room(self, action: Action, taken: Mapping[str, int]) -> bool:
        """Whether every limit has a unit left, as ``shortage_of`` would find out action by action."""
        if action.name in self.snapshot.claimed:
            return False
        for part in limits_checked(action, self.snapshot):
            room = self.rooms.get(part.key)
            if room is None:
                room = self.rooms[part.key] = room_of(part, self.facts, self.snapshot)
            if room <= taken.get(part.key, 0):
                return False
        return True

    def _stand_in(self, exhausted: Action) -> None:
        """Picks the first alternative that holds, theirs included: chains of them may be hundreds long."""
        tried: set[str] = set()
        names = list(reversed(exhausted.alternatives))
        while names and not self.is_full():
            name = names.pop()
            if name in tried:
                continue
            tried.add(name)
            other = self.policy.assigned(name, self.facts)
            score = self._score(other)
            if score is None or self._is_crowded_out(other):
                continue
            shortage = self._shortage(other)
            if shortage is None:
                self._pick(Pick(score, other, exhausted.name))
                return
            if shortage.reason in OUT_OF_STOCK:
                names.extend(reversed(other.alternatives))

    def _score(self, action: Action) -> float | None:
        """The score of an alternative that holds."""
        if not self._is_open(action):
            return None
        return score_if_it_holds(self.policy, action, self.facts, self.memo, self.draws)

    def _pick(self, pick: Pick) -> None:
        if self.is_full():
            return
        self.picks.append(pick)
        self.proposed.add(pick.action.name)
        for group in pick.action.groups:
            self.grouped[group.name] = self.grouped.get(group.name, 0) + 1
        if not pick.action.limits:
            return
        for key in keys_taken(pick.action, self.snapshot):
            self.taken[key] = self.taken.get(key, 0) + 1


def _unread(
    policy: Policy, facts: Facts, candidates: Iterable[Ranked], snapshot: Snapshot, limit: int
) -> tuple[Action, ...]:
    """The first of the candidates, and of what could stand in for them, whose limits are to be read.

    So many, or a few more. One whose own limits are known as another shares them may have
    alternatives of which nothing is known.
    """
    unread: dict[str, Action] = {}
    for _, action in candidates:
        if len(unread) >= limit:
            break
        if not is_read(action, snapshot):
            unread[action.name] = action
        if action.alternatives:
            stand_ins = stand_ins_of(policy, action, facts)
            unread.update((other.name, other) for other in stand_ins if not is_read(other, snapshot))
    return tuple(unread.values())
