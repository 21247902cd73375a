"""What customers did, read for decisions: the events are the truth, what is kept in memory is a copy.

A customer's row says how often events of theirs were written. As long as it says the same, what was read
of them before is what there is; nothing is read then, and nothing opened. Own outcomes are read each time.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Any, NamedTuple

import orjson

from maitred.core.behaviour.events import AT, EventKind
from maitred.core.behaviour.history import (
    EVENTS,
    NEVER_US,
    NO_HISTORY,
    OUTCOMES,
    Deed,
    History,
    outcome_source,
)
from maitred.core.rules.policy import Policy
from maitred.core.values.instants import to_microseconds
from maitred.core.values.types import Item
from maitred.engine.customers.people import People
from maitred.engine.ports.store import EventRow, PastOutcome, Person, Transaction
from maitred.engine.ports.vault import SealBroken

MAX_KEPT_EVENTS = 200_000
"""Of all customers together, some 200 MB; those who were decided for last are kept."""


class _Kept(NamedTuple):
    """The events of a customer as of ``version``, as the ruleset of ``digest`` reads them."""

    version: int
    digest: str
    history: History
    size: int


class Asker(NamedTuple):
    """Whose history is wanted, and by the rules of which policy."""

    policy: Policy
    person: Person


class Histories:
    """Reads histories, and keeps those that were read last. Safe to use from many threads."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._size, self._lock = 0, Lock()

    def read(
        self, transaction: Transaction, askers: Iterable[Asker], *, keep: bool
    ) -> Mapping[tuple[str, bytes], History]:
        """The histories, by hash of the ruleset and the person's reference.

        They are kept where the transaction itself has written no events, which it may yet lose.
        """
        askers = [asker for asker in askers if asker.person.ref]
        histories = {_key(asker): self._known(asker) for asker in askers}
        missed = [asker for asker in askers if histories[_key(asker)] is None]
        rows = transaction.events({asker.person.ref for asker in missed}) if missed else {}
        for asker in missed:
            history = histories[_key(asker)] = self._history(asker, rows.get(asker.person.ref, ()))
            if keep:
                self._keep(asker, history)
        past = {asker.person.ref for asker in askers if _reads(asker.policy, OUTCOMES)}
        outcomes = transaction.outcomes_of(past) if past else {}
        return {
            _key(asker): _with_outcomes(
                asker.policy, histories[_key(asker)] or NO_HISTORY, outcomes.get(asker.person.ref, ())
            )
            for asker in askers
        }

    def _known(self, asker: Asker) -> History | None:
        """What needs no reading; ``None`` where the events have to be read."""
        policy, person = asker
        if not person.events or not _reads(policy, EVENTS):
            return NO_HISTORY
        with self._lock:
            kept = self._kept.get(person.ref)
            if not kept or (kept.version, kept.digest) != (person.events, policy.ruleset.hash):
                return None
            self._kept.move_to_end(person.ref)
            return kept.history

    def _history(self, asker: Asker, rows: Sequence[EventRow]) -> History:
        withdrawn: dict[bytes, int] = {}
        for row in rows:
            if row.withdraws:
                at_us = to_microseconds(row.happened_at)
                withdrawn[row.withdraws] = min(at_us, withdrawn.get(row.withdraws, at_us))
        deeds: dict[str, list[Deed]] = defaultdict(list)
        for row in rows:
            kind = asker.policy.ruleset.events.get(row.kind)
            if kind:
                deeds[f"{EVENTS}{kind.name}"].append(self._deed(asker.person, kind, row, withdrawn))
        return History(deeds)

    def _deed(self, person: Person, kind: EventKind, row: EventRow, withdrawn: Mapping[bytes, int]) -> Deed:
        body = self._body(person, row)
        at_us = to_microseconds(row.happened_at)
        over_us = min(to_microseconds(row.over_at), to_microseconds(row.happened_at + kind.retention))
        item = kind.item(body.get("fields", {}), row.happened_at, body.get("session", ""))
        return Deed(at_us, over_us, withdrawn.get(row.id, NEVER_US), item)

    def _body(self, person: Person, row: EventRow) -> Mapping[str, Any]:
        """What cannot be opened with the keys in use has happened all the same: its fields are absent."""
        try:
            body: Mapping[str, Any] = orjson.loads(self._people.open_event(person.key, row))
        except SealBroken:
            return {}
        return body

    def _keep(self, asker: Asker, history: History) -> None:
        ref, size = asker.person.ref, sum(map(len, history.deeds.values()))
        with self._lock:
            earlier = self._kept.pop(ref, None)
            self._size += size - (earlier.size if earlier else 0)
            self._kept[ref] = _Kept(asker.person.events, asker.policy.ruleset.hash, history, size)
            while self._size > MAX_KEPT_EVENTS and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1].size


def _key(asker: Asker) -> tuple[str, bytes]:
    return asker.policy.ruleset.hash, asker.person.ref


def _with_outcomes(policy: Policy, history: History, outcomes: Sequence[PastOutcome]) -> History:
    if not _reads(policy, OUTCOMES):
        return history
    # What was worked out of events stays; of outcomes it is worked out for this decision alone.
    of_outcomes = _over(policy, OUTCOMES)
    projections = {
        name: projection for name, projection in history.projections.items() if name not in of_outcomes
    }
    return History({**history.deeds, **_deeds_of(outcomes)}, projections)


def _over(policy: Policy, source: str) -> frozenset[str]:
    """The attributes that are computed over events, or over outcomes."""
    return frozenset(
        worker.computed.name for worker in policy.rememberers if worker.computed.over.startswith(source)
    )


def _reads(policy: Policy, source: str) -> bool:
    return any(name.startswith(source) for name in policy.reads_history)


def _deeds_of(outcomes: Sequence[PastOutcome]) -> Mapping[str, Sequence[Deed]]:
    deeds: dict[str, list[Deed]] = defaultdict(list)
    for kind, action, happened_at in outcomes:
        item: Item = {"action": action, AT: happened_at}
        deeds[outcome_source(kind)].append(Deed(to_microseconds(happened_at), NEVER_US, NEVER_US, item))
    return deeds
