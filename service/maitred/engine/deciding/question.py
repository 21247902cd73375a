"""A decision under way: what it has to read of the ledger, what it takes, and what it comes to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice

from maitred.core.deciding.choose import Chosen, Pick, Reach, Wanted, choose
from maitred.core.deciding.decide import Hold, proposals_of
from maitred.core.deciding.decisions import Decision, Proposal, Question
from maitred.core.deciding.ranking import Ranking
from maitred.core.limits.limits import (
    Limit,
    Need,
    OnFailure,
    SubjectPseudonym,
    Unknown,
    needs_of,
    parts_of,
    subject_of,
)
from maitred.core.limits.lots import Origin, Settled, Status, Take
from maitred.core.limits.snapshot import Shortage, Snapshot
from maitred.core.rules.policy import Policy
from maitred.core.rules.ruleset import Action, ActionType
from maitred.core.values.digests import digest
from maitred.core.values.instants import MICROSECOND

from .view import View

_LOT, _REUSE, _CONTENT = b"maitred.lot", b"maitred.reuse", b"maitred.asked"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what, beside the question: what lots are known by.

    ``customer`` and ``fingerprint`` are not veiled yet: who guesses a request could find it by its
    hash. ``session`` is empty where the request names none. ``paused`` are the
    actions stopped when it was asked. ``veil`` is what counters know persons by.
    """

    decision_id: bytes
    fingerprint: bytes
    customer: str
    session: str
    paused: frozenset[str]
    veil: SubjectPseudonym


class Deciding:
    """Goes on as far as it can without the ledger, and then with what a batch reads for it.

    ``limited`` is whether it could not do without.
    """

    def __init__(self, policy: Policy, question: Question, asked: Asked, reach: Reach) -> None:
        self.policy, self.question, self.asked = policy, question, asked
        self._reach = reach
        self._ranking = Ranking(policy, question.facts)
        self._limits: dict[str, Limit] = {}
        self._needs: dict[str, tuple[Need, ...]] = {}
        self._takes: list[Take] | None = None
        self._looked_at: dict[str, Action] = {}
        self._lost: dict[str, Need] = {}
        self._holds: dict[str, Hold] = {}
        self._reuses: dict[str, bytes] = {}
        self.snapshot = Snapshot(paused=asked.paused)
        self._chosen = self._choose()
        self.limited = self.waits

    @property
    def waits(self) -> bool:
        """Whether it cannot go on before something has been read."""
        return isinstance(self._chosen, Wanted)

    def wants(self) -> tuple[list[Need], list[bytes]]:
        """What to read: needs, and keys of lots that are held for the same customer and session."""
        actions = self._chosen.actions if isinstance(self._chosen, Wanted) else ()
        self._looked_at.update((action.name, action) for action in actions)
        for limit in chain.from_iterable(action.limits for action in actions):
            if limit.key not in self._needs:
                self._limits[limit.key], self._needs[limit.key] = limit, self._needs_of(limit)
        needs = list(chain.from_iterable(self._needs.values()))
        return needs, [self._reuse(action) for action in self._looked_at.values() if self._can_reuse(action)]

    def start_again(self) -> None:
        """Forgets what the ledger said, but not for what it has to be asked."""
        self._holds = {}
        if self._looked_at:
            self._chosen = Wanted(tuple(self._looked_at.values()))

    def go_on(self, view: View) -> None:
        """Chooses by what has been read."""
        live = dict(self._live(view))
        own = frozenset(
            name
            for name, action in self._looked_at.items()
            if self._can_reuse(action) and view.holds(self._reuse(action))
        )
        self.snapshot = Snapshot(live, own, self.asked.paused)
        self._chosen, self._takes = self._choose(), None
        missed = self._missed()
        if missed:
            self._chosen = Wanted(missed)

    def _choose(self) -> Chosen | Wanted:
        return choose(self.policy, self.question, self._ranking, self.snapshot, self._reach)

    def _missed(self) -> tuple[Action, ...]:
        """Refused by counters that others share, without a look at what it may hold already."""
        refused = (self.policy.by_name[name] for name in self.shortages if name not in self._looked_at)
        return tuple(action for action in refused if self._can_reuse(action))

    def takes(self) -> list[Take]:
        """What the picks need at this step."""
        if self._takes is None:
            self._takes = [self._take(pick.action) for pick in self.picks if pick.action.held]
        return self._takes

    def settled(self, takes: Sequence[Take], answers: Sequence[Settled]) -> bool:
        """Whether every take was granted. Those lost are known as used up from then on."""
        for take, answer in zip(takes, answers, strict=True):
            assert take.origin
            action = self.policy.by_name[take.origin.action]
            if answer.status is Status.GRANTED:
                # What is spent at once does not go back, though its lot may be used again for a while.
                until = answer.expires_at if action.waiting else None
                self._holds[action.name] = Hold(answer.lot, until)
            elif answer.refused:
                self._lose(action, answer.refused.limit)
        return all(answer.status is Status.GRANTED for answer in answers)

    @property
    def picks(self) -> Sequence[Pick]:
        """What is to be proposed; nothing while it waits."""
        return () if isinstance(self._chosen, Wanted) else self._chosen.picks

    @property
    def shortages(self) -> Mapping[str, Shortage]:
        """Why actions that hold were refused, by name; nothing while it waits."""
        return {} if isinstance(self._chosen, Wanted) else self._chosen.shortages

    @property
    def candidates(self) -> int:
        """How many actions the index left possible."""
        return self._ranking.candidates

    def without_ledger(self) -> tuple[Proposal, ...]:
        """What may be proposed where the ledger cannot answer: messages whose every limit says so."""
        open_ones = (
            Pick(score, action)
            for score, action in self._ranking
            if action.name not in self.asked.paused and _is_open(action)
        )
        picks = islice(open_ones, self.question.max_actions)
        return proposals_of(self.policy, self.question, picks)

    def decision(self) -> Decision:
        """What it came to."""
        proposals = proposals_of(self.policy, self.question, self.picks, self._holds)
        return Decision(proposals, self.candidates)

    def _needs_of(self, limit: Limit) -> tuple[Need, ...]:
        """None where an attribute is missing: choosing finds that out by itself."""
        question = self.question
        found = needs_of(limit, question.facts, question.now, question.zone, self.asked.veil)
        return () if isinstance(found, Unknown) else found

    def _live(self, view: View) -> Iterator[tuple[str, int]]:
        for key, limit in self._limits.items():
            needs = self._needs[key]
            if not needs:
                yield key, 0
            for part, need in zip(parts_of(limit), needs, strict=False):
                yield part.key, need.maximum if part.key in self._lost else view.live(need)

    def _lose(self, action: Action, limit_name: str) -> None:
        for limit in action.held:
            for part, need in zip(parts_of(limit), self._needs[limit.key], strict=False):
                if part.name == limit_name:
                    self._lost[part.key] = need

    def _take(self, action: Action) -> Take:
        asked = self.asked
        return Take(
            id=lot_id_of(asked.decision_id, action.name),
            fingerprint=self._content,
            choices=(tuple(chain.from_iterable(self._needs[limit.key] for limit in action.held)),),
            hold_us=hold_us_of(action.waiting or action.held),
            reuse=(self._reuse(action),) if self._can_reuse(action) else (),
            origin=Origin(asked.decision_id, action.name),
        )

    @cached_property
    def _content(self) -> bytes:
        return digest(_CONTENT, self.asked.veil(self.asked.fingerprint.hex()))

    def _can_reuse(self, action: Action) -> bool:
        return bool(self.asked.session and action.held)

    def _reuse(self, action: Action) -> bytes:
        """A hold serves again only for those whose units it has: at another location it may be another's."""
        found = self._reuses.get(action.name)
        if found is None:
            found = self._reuses[action.name] = self._new_reuse(action)
        return found

    def _new_reuse(self, action: Action) -> bytes:
        asked = self.asked
        per = sorted({name for limit in action.held for name in limit.per})
        whose = asked.veil(subject_of(tuple(per), self.question.facts))
        return digest(_REUSE, asked.veil(asked.customer), asked.session, action.name, whose)


def _is_open(action: Action) -> bool:
    limits = action.limits
    return (
        action.type is ActionType.MESSAGE
        and bool(limits)
        and all(limit.on_failure is OnFailure.OPEN for limit in limits)
    )


def hold_us_of(limits: Sequence[Limit]) -> int:
    """How long a lot of these limits is held (microseconds): the shortest counts."""
    return min(limit.hold for limit in limits) // MICROSECOND


def lot_id_of(decision_id: bytes, action: str) -> bytes:
    """The lot that a decision takes for an action: a retry lands on the same one."""
    return digest(_LOT, decision_id.hex(), action)
