"""What a batch looks up for a decision, and what the decision takes of the ledger."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import chain, islice
from typing import NamedTuple

from maitred.core.deciding.choose import Pick
from maitred.core.deciding.decide import Hold, Prepared, proposals_of
from maitred.core.deciding.decisions import Proposal
from maitred.core.limits.limits import (
    Counter,
    Limit,
    Need,
    OnFailure,
    SubjectPseudonym,
    Uncheckable,
    needs_of,
    parts_of,
)
from maitred.core.limits.lots import Origin, Part, Settled, Status, Take, lot_id
from maitred.core.limits.snapshot import Snapshot
from maitred.core.limits.windows import SESSION_KEY
from maitred.core.rules.ruleset import Action, ActionType
from maitred.core.values.digests import digest
from maitred.core.values.instants import MICROSECOND

from .view import View

_REUSE, _CONTENT = b"maitred.reuse", b"maitred.asked"
_SESSION = b"maitred.session"


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks for what, beside the question: what lots are known by.

    ``customer`` and ``fingerprint`` are not pseudonyms yet: who guesses a request could find it by its
    hash. ``session`` is empty where the request names none, and so is ``session_key``, what the store
    knows it by. ``subject_pseudonym`` is what counters know persons by.
    """

    decision_id: bytes
    fingerprint: bytes
    customer: str
    session: str
    subject_pseudonym: SubjectPseudonym
    session_key: bytes = field(init=False)

    def __post_init__(self) -> None:
        key = session_key_of(self.session, self.subject_pseudonym) if self.session else b""
        object.__setattr__(self, "session_key", key)


def session_key_of(session: str, subject_pseudonym: SubjectPseudonym) -> bytes:
    """What the store knows a session by."""
    return digest(_SESSION, subject_pseudonym(session))


class OwnClaim(NamedTuple):
    """An open claim of the customer, and the counters that it has a unit of.

    ``is_named`` is whether the checkout names it.
    """

    id: bytes
    action: str
    expires_at: datetime | None
    counters: frozenset[bytes]
    is_named: bool = False


class LedgerReads:
    """Looks up in the ledger what one decision wants to know: a ``LookUp`` over a batch's view.

    ``lost`` are counters of which another replica has taken the last unit in the meantime.
    """

    def __init__(
        self,
        prepared: Prepared,
        requester: Requester,
        lost: Collection[bytes] = (),
        claims: Sequence[OwnClaim] = (),
    ) -> None:
        self._prepared, self._requester, self._lost, self._claims = prepared, requester, lost, claims
        self._limits: dict[str, Limit] = {}
        self._needs: dict[str, tuple[Need, ...]] = {}
        self._actions: dict[str, Action] = {}
        self._reuses: dict[str, bytes] = {}
        self._view: View | None = None

    def over(self, view: View) -> "LedgerReads":
        """The same, reading by ``view``."""
        self._view = view
        return self

    def asks(self, actions: Sequence[Action]) -> tuple[list[Need], list[bytes]]:
        """What to read for these actions: counters, and keys of lots that the customer may hold."""
        self._actions.update((action.name, action) for action in actions)
        for limit in chain.from_iterable(action.limits for action in actions):
            if limit.key not in self._needs:
                self._limits[limit.key], self._needs[limit.key] = limit, self._needs_of(limit)
        needs = list(chain.from_iterable(self._needs.values()))
        return needs, [self._reuse(action) for action in self._actions.values() if self._can_reuse(action)]

    def __call__(self, actions: Sequence[Action]) -> Snapshot:
        """See ``LookUp``."""
        assert self._view
        view = self._view
        view.read(*self.asks(actions))
        own = frozenset(
            name
            for name, action in self._actions.items()
            if self._can_reuse(action) and view.holds(self._reuse(action))
        )
        holders = dict(self._holders()) if self._claims else {}
        return self._prepared.seen._replace(live=dict(self._live(view)), own=own, holders=holders)

    def takes(self, picks: Sequence[Pick]) -> list[Take]:
        """What the picks spend and hold at this step."""
        return [take for pick in picks if not pick.claimed for take in self._takes(pick.action)]

    def _needs_of(self, limit: Limit) -> tuple[Need, ...]:
        """None where an attribute is missing: choosing finds that out by itself."""
        question = self._prepared.question
        needs = needs_of(
            limit, question.facts, question.now, question.zone, self._requester.subject_pseudonym
        )
        return () if isinstance(needs, Uncheckable) else needs

    def _holders(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The customer's own open claims that have a unit, by key of the limit."""
        for key, limit in self._limits.items():
            for part, need in zip(parts_of(limit), self._needs[key], strict=False):
                ids = tuple(claim.id.hex() for claim in self._claims if need.counter.id in claim.counters)
                if ids:
                    yield part.key, ids

    def _live(self, view: View) -> Iterator[tuple[str, int]]:
        for key, limit in self._limits.items():
            needs = self._needs[key]
            if not needs:
                yield key, 0
            for part, need in zip(parts_of(limit), needs, strict=False):
                yield part.key, need.maximum if need.counter.id in self._lost else view.live(need)

    def _takes(self, action: Action) -> Iterator[Take]:
        if action.decided:
            yield self._take(Part.DECIDED, action, action.decided)
        if action.held:
            key = self._reuse(action) if self._can_reuse(action) else b""
            take = self._take(Part.HOLD, action, action.held)
            yield replace(take, hold_us=hold_us_of(action.held), reuse=(key,) if key else ())

    def _take(self, part: Part, action: Action, limits: Sequence[Limit]) -> Take:
        requester = self._requester
        origin = Origin(requester.decision_id, action.name)
        return Take(
            id=lot_id(part, origin),
            fingerprint=self._content,
            choices=(tuple(chain.from_iterable(self._needs[limit.key] for limit in limits)),),
            origin=origin,
            part=part,
        )

    @cached_property
    def _content(self) -> bytes:
        return digest(_CONTENT, self._requester.subject_pseudonym(self._requester.fingerprint.hex()))

    def _can_reuse(self, action: Action) -> bool:
        """Whether a hold may serve again: of nobody in particular it is known by its decision alone."""
        return bool(self._requester.customer and action.held)

    def _reuse(self, action: Action) -> bytes:
        """A hold serves again only for those whose units it has: at another location it may be another's."""
        key = self._reuses.get(action.name)
        if key is None:
            key = self._reuses[action.name] = self._new_reuse(action)
        return key

    def _new_reuse(self, action: Action) -> bytes:
        counters = [need.counter for limit in action.held for need in self._needs[limit.key]]
        whose = [text for counter in counters for text in (counter.limit, counter.subject, _session(counter))]
        return digest(
            _REUSE, self._requester.subject_pseudonym(self._requester.customer), action.name, *whose
        )


def _session(counter: Counter) -> str:
    """What is held in one session is not had in another where the limit is per session."""
    return counter.window if counter.window.startswith(SESSION_KEY) else ""


def holds_of(takes: Sequence[Take], answers: Sequence[Settled]) -> Mapping[str, Hold]:
    """What holds the units of a decision's takes, all of which were granted, by name of the action."""
    holds: dict[str, Hold] = {}
    for take, answer in zip(takes, answers, strict=True):
        assert take.origin
        if take.part is Part.HOLD:
            holds[take.origin.action] = Hold(answer.lot, answer.expires_at)
    return holds


def lost_by(takes: Sequence[Take], answers: Sequence[Settled]) -> Iterator[bytes]:
    """Ids of the counters of which there was none left any more, of each take that was not granted."""
    for take, answer in zip(takes, answers, strict=True):
        if answer.status is not Status.GRANTED and answer.refused:
            needs = chain.from_iterable(take.choices)
            yield from (need.counter.id for need in needs if need.counter.limit == answer.refused.limit)


def without_ledger(prepared: Prepared) -> tuple[Proposal, ...]:
    """What may be proposed where the ledger cannot answer: messages whose every limit says so."""
    open_ones = (
        Pick(score, action)
        for score, action in prepared.ranking
        if action.name not in prepared.seen.paused and _is_open(action)
    )
    picks = islice(open_ones, prepared.question.max_actions)
    return proposals_of(prepared.policy, prepared.question, picks)


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
