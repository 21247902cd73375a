"""What a batch looks up for a decision, and what the decision takes of the ledger."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import NamedTuple

from maitred.core.deciding.choose import Pick
from maitred.core.deciding.decide import Hold, Prepared, proposals_of
from maitred.core.deciding.decisions import Proposal
from maitred.core.deciding.snapshot import Snapshot
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
from maitred.core.limits.lots import Origin, Part, Settled, Status, Take, lots_begin, own_lot_id
from maitred.core.rules.ruleset import Action, ActionType
from maitred.core.values.instants import MICROSECOND, from_microseconds, to_microseconds
from maitred.core.values.texts import digest, digest_of, lengthened
from maitred.core.values.windows import SESSION_KEY
from maitred.engine.ports.ledger import Ledger

_REUSE, _CONTENT = b"maitred.reuse", b"maitred.asked"
_SESSION = b"maitred.session"


class Requester(NamedTuple):
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
    session_key: bytes = b""

    @classmethod
    def of(
        cls,
        decision_id: bytes,
        fingerprint: bytes,
        customer: str,
        session: str,
        subject_pseudonym: SubjectPseudonym,
    ) -> "Requester":
        """With the key of the session."""
        key = session_key_of(session, subject_pseudonym) if session else b""
        return cls(decision_id, fingerprint, customer, session, subject_pseudonym, key)


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


class View:
    """Counters and held lots as one transaction reads them, and what its batch takes counted on top.

    Lots that the batch itself moves (``moved``) may be given back before its decisions settle.
    """

    def __init__(self, ledger: Ledger, now: datetime, moved: Collection[bytes] = ()) -> None:
        self._ledger, self._now, self._moved = ledger, now, moved
        self._live: dict[tuple[bytes, int | None], int] = {}
        self._taken: dict[bytes, int] = {}
        self._holds: dict[bytes, Hold] = {}
        self._asked: set[bytes] = set()
        self._taken_keys: set[bytes] = set()

    def read(self, needs: Sequence[Need], keys: Collection[bytes] = ()) -> None:
        """Reads what has not been read: counters, and lots that are held under keys of ``Take.reuse``."""
        unread: dict[tuple[bytes, int | None], Need] = {}
        for need in needs:
            place = _place(need)
            if place not in self._live:
                unread[place] = need
        if unread:
            counts = self._ledger.read_counts(self._now, list(unread.values()))
            self._live.update(zip(unread, [count.live for count in counts], strict=True))
        unasked = [key for key in keys if key not in self._asked]
        if unasked:
            self._asked.update(unasked)
            for key, (lot, expires_us) in self._ledger.read_held(self._now, unasked).items():
                self._holds[key] = Hold(lot, from_microseconds(expires_us))

    def live(self, need: Need) -> int:
        """Units that count against the need, those taken in this batch included."""
        counter = need.counter.id
        return self._live[counter, need.lookback_us] + self._taken.get(counter, 0)

    def is_held(self, key: bytes) -> bool:
        """Whether a lot is held under the key, or this batch takes one."""
        return key in self._holds or key in self._taken_keys

    def hold(self, key: bytes) -> Hold | None:
        """The lot held under the key, where nothing in this batch can give it back."""
        hold = self._holds.get(key)
        return None if hold is None or hold.lot in self._moved else hold

    def take(self, take: Take) -> None:
        """Counts what this batch is about to take; nothing where a lot that is held serves."""
        for key in take.reuse:
            if self.is_held(key):
                return
            self._taken_keys.add(key)
        for need in take.choices[0]:
            self._taken[need.counter.id] = self._taken.get(need.counter.id, 0) + 1


def _place(need: Need) -> tuple[bytes, int | None]:
    return need.counter.id, need.lookback_us


class _Common(NamedTuple):
    """What the takes of one decision have in common: when it is made, their ids' begin, their fingerprint."""

    decided_us: int
    begin: bytes
    content: bytes


class LedgerReads:
    """Looks up in the ledger what one decision wants to know: a ``LookUp`` over a batch's view.

    ``person`` is the reference of the customer, empty for nobody. ``lost`` are counters of which somebody
    else has taken the last unit in the meantime, and keys of lots that would have served and did not.
    """

    def __init__(
        self,
        prepared: Prepared,
        requester: Requester,
        person: bytes,
        lost: Collection[bytes] = (),
        claims: Sequence[OwnClaim] = (),
    ) -> None:
        self._prepared, self._requester, self._lost, self._claims = prepared, requester, lost, claims
        self._needs: dict[str, tuple[Need, ...]] = {}
        self._counted: list[tuple[str, Need | None]] = []
        """Keys of limits and paces, with what one unit takes: nothing of those that cannot be checked."""
        self._reuses: dict[str, bytes] = {}
        """The keys of lots that may serve again, by action: empty where none may."""
        self._customer = person.hex()
        """The customer as these keys have them."""
        self._whose: dict[str, str] = {}
        """Whose the units of a limit are, as these keys have it, by key of the limit."""
        self._view: View | None = None

    def over(self, view: View) -> "LedgerReads":
        """The same, reading by ``view``."""
        self._view = view
        return self

    def asks(self, actions: Sequence[Action]) -> tuple[list[Need], list[bytes]]:
        """What is still to be read for these actions: counters, and keys of lots that may serve again."""
        needs: list[Need] = []
        keys: list[bytes] = []
        for action in actions:
            if action.name in self._reuses:
                continue
            for limit in action.limits:
                if limit.key not in self._needs:
                    needs.extend(self._enter(limit))
            self._reuses[action.name] = key = self._reuse(action)
            if key:
                keys.append(key)
        return needs, keys

    def __call__(self, actions: Sequence[Action]) -> Snapshot:
        """See ``LookUp``."""
        assert self._view
        view = self._view
        needs, keys = self.asks(actions)
        # What was asked for first has been read for the whole batch.
        if needs or keys:
            view.read(needs, keys)
        own = frozenset([name for name, key in self._reuses.items() if key and self._is_own(key, view)])
        holders = dict(self._holders()) if self._claims else {}
        read = self._live if self._lost else View.live
        live = {key: read(view, need) if need else 0 for key, need in self._counted}
        seen = self._prepared.seen
        return Snapshot(live, own, seen.paused, seen.rejected, seen.claimed, holders, seen.learned)

    def takes(self, picks: Sequence[Pick]) -> tuple[list[Take], dict[str, Hold]]:
        """What the picks spend and hold at this step, and what is held for them already, by action."""
        standing: dict[str, Hold] = {}
        taking: list[Action] = []
        for pick in picks:
            if pick.claimed:
                continue
            action = pick.action
            hold = self._standing(action)
            if hold:
                standing[action.name] = hold
            if action.decided or (action.held and not hold):
                taking.append(action)
        if not taking:
            return [], standing
        now = self._prepared.question.now
        begin = lots_begin(self._requester.decision_id, now)
        common = _Common(to_microseconds(now), begin, self._content())
        return [take for action in taking for take in self._takes(action, common, standing)], standing

    def _enter(self, limit: Limit) -> tuple[Need, ...]:
        """Works out what a unit of a limit takes."""
        needs = self._needs[limit.key] = self._needs_of(limit)
        if needs:
            self._counted.extend(
                [(part.key, need) for part, need in zip(parts_of(limit), needs, strict=True)]
            )
        else:
            self._counted.append((limit.key, None))
        return needs

    def _needs_of(self, limit: Limit) -> tuple[Need, ...]:
        """None where an attribute is missing: choosing finds that out by itself."""
        question = self._prepared.question
        needs = needs_of(
            limit, question.facts, question.now, question.zone, self._requester.subject_pseudonym
        )
        return () if isinstance(needs, Uncheckable) else needs

    def _holders(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The customer's own open claims that have a unit, by key of the limit."""
        for key, need in self._counted:
            claims = [claim for claim in self._claims if need and need.counter.id in claim.counters]
            if claims:
                yield key, tuple([claim.id.hex() for claim in claims])

    def _is_own(self, key: bytes, view: View) -> bool:
        return view.is_held(key) and key not in self._lost

    def _live(self, view: View, need: Need) -> int:
        return need.maximum if need.counter.id in self._lost else view.live(need)

    def _standing(self, action: Action) -> Hold | None:
        """The lot that serves the action without another take."""
        key = self._reuses.get(action.name)
        return self._view.hold(key) if key and self._view else None

    def _takes(self, action: Action, common: "_Common", standing: Collection[str]) -> Iterator[Take]:
        decided_us, begin, content = common
        origin = Origin(self._requester.decision_id, action.name, decided_us)
        if action.decided:
            needs, part = self._units(action.decided), Part.DECIDED
            yield Take(own_lot_id(part, origin, begin), content, (needs,), None, (), origin, part)
        if action.held and action.name not in standing:
            needs, part = self._units(action.held), Part.HOLD
            key = self._reuses.get(action.name) or self._reuse(action)
            reuse, hold_us = (key,) if key else (), hold_us_of(action.held)
            lot = own_lot_id(part, origin, begin)
            yield Take(lot, content, (needs,), hold_us, reuse, origin, part)

    def _units(self, limits: Sequence[Limit]) -> tuple[Need, ...]:
        return tuple(chain.from_iterable([self._needs[limit.key] for limit in limits]))

    def _content(self) -> bytes:
        """What stands for the request in its lots."""
        return digest(_CONTENT, self._requester.subject_pseudonym(self._requester.fingerprint.hex()))

    def _reuse(self, action: Action) -> bytes:
        """What a hold of the action that serves again is known by; empty where none does.

        It serves only those whose units it has: at another location it may be another's. Of nobody in
        particular a hold is known by its decision alone.
        """
        name = action.name
        if not (self._customer and action.held):
            return b""
        whose = [self._whose.get(limit.key) or self._subjects(limit) for limit in action.held]
        return digest_of(_REUSE, f"{self._customer}{len(name)}:{name}{''.join(whose)}")

    def _subjects(self, limit: Limit) -> str:
        counters = [need.counter for need in self._needs[limit.key]]
        texts = [text for counter in counters for text in (counter.limit, counter.subject, _session(counter))]
        whose = self._whose[limit.key] = lengthened(*texts)
        return whose


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
    """Yields counters of which there was none left any more, of each take that was not granted.

    With them the keys of lots that were held and should have served: calls of the same batch come first, and
    may have spent them.
    """
    for take, answer in zip(takes, answers, strict=True):
        if answer.status is not Status.GRANTED and answer.refused:
            needs = chain.from_iterable(take.choices)
            yield from (need.counter.id for need in needs if need.counter.limit == answer.refused.limit)
            yield from take.reuse


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
