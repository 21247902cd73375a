"""How limits stand: what operators see of them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice

from maitred.core.instants import MICROSECOND
from maitred.core.limits import PACE_SUFFIX, Heat, Veil, parts_of, subject_of
from maitred.core.policy import Policy
from maitred.core.windows import Session

from .calls import LimitsCall, LimitView
from .errors import CallError, Code, store_calls
from .nearest import did_you_mean
from .observer import Fullness
from .ports import Store, Tally, TallyAsk
from .rulesets import Rulesets
from .views import FORECAST_LOOKBACK, Part, Placed, fullness_of, views_of
from .words import LEDGER_UNREAD

CUSTOMER_ID = "customer.id"
READ_MOST = 2_000
"""Subjects of a limit that are read to tell which are the fullest, where each has a maximum of its own.

More locations than all but the largest chains have; some tens of milliseconds.
"""
READ_MOST_IN_ALL = 20_000
"""Where there are many limits, fewer subjects of each: some tenths of a second."""
SEEN_MOST_IN_ALL = 5_000
"""The same where nobody waits for it, but decisions share the processor with it."""


class Standings:
    """Shows limits. ``now`` gives aware UTC, ``veil`` what counters know persons by."""

    def __init__(self, store: Store, rulesets: Rulesets, now: Callable[[], datetime], veil: Veil) -> None:
        self._store, self._rulesets, self._now, self._veil = store, rulesets, now, veil

    def limits(self, call: LimitsCall) -> Sequence[LimitView]:
        """See ``api.Operator.limits``."""
        policy = self._rulesets.in_force()
        parts = _asked_for(policy, call)
        return self._views(Placed(policy, call.location_id, self._veil), parts, call.most)

    def of_customer(self, customer_id: str) -> Sequence[LimitView]:
        """What counts for one customer alone; limits of households and the like are not among them.

        Empty while no ruleset is in force. Raises ``CallError``.
        """
        policy = self._rulesets.active
        if policy is None:
            return ()
        parts = {key: part for key, part in _parts(policy).items() if part.limit.per == (CUSTOMER_ID,)}
        placed, now = Placed(policy, "", self._veil), self._now()
        asks = [self._ask_of(part, placed, customer_id) for part in parts.values()]
        return list(chain.from_iterable(views_of(placed, parts, self._read(now, asks, READ_MOST), now, 0)))

    def _ask_of(self, part: Part, placed: Placed, customer_id: str) -> TallyAsk:
        limit = part.limit
        subject = subject_of(limit.per, {CUSTOMER_ID: customer_id}, limit.letter_case)
        return _ask(part, placed)._replace(subject_start=self._veil(subject))

    def fullness(self) -> Sequence[Fullness]:
        """How full limits are that are not per person: a bounded number, whoever comes.

        Empty while no ruleset is in force. Raises ``CallError``.
        """
        policy = self._rulesets.active
        if policy is None:
            return ()
        parts = {key: part for key, part in _parts(policy).items() if not _is_personal(part)}
        names = sorted({part.limit.name for part in parts.values()})
        placed, now = Placed(policy, "", self._veil), self._now()
        asks = [_ask(part, placed) for part in {part.limit.name: part for part in parts.values()}.values()]
        tallies = self._read(now, asks, _share(SEEN_MOST_IN_ALL, len(asks)))
        found = views_of(placed, parts, tallies, now, 0)
        full = {each[0].name: fullness_of(each) for each in found if each}
        return [Fullness(name, *full.get(name, (0.0, 0))) for name in names]

    def _views(self, placed: Placed, parts: Mapping[str, Part], most: int) -> Sequence[LimitView]:
        now = self._now()
        by_name = {part.limit.name: part for part in parts.values()}.values()
        persons = [_ask(part, placed) for part in by_name if _is_personal(part)]
        others = [_ask(part, placed) for part in by_name if not _is_personal(part)]
        each = max(most, _share(READ_MOST_IN_ALL, len(others)))
        tallies = [*self._read(now, persons, most), *self._read(now, others, each)]
        views = views_of(placed, parts, tallies, now, most)
        return list(chain.from_iterable(islice(rows, most) for rows in views))

    def _read(self, now: datetime, asks: Sequence[TallyAsk], most: int) -> Sequence[Tally]:
        with store_calls(LEDGER_UNREAD):
            return self._store.tallies(now, asks, FORECAST_LOOKBACK // MICROSECOND, most)


def _share(in_all: int, limits: int) -> int:
    return min(READ_MOST, max(1, in_all // max(1, limits)))


def _parts(policy: Policy) -> dict[str, Part]:
    """Every limit and pace there is by key, each with the names of the actions it applies to."""
    users: dict[str, list[str]] = defaultdict(list)
    for action in policy.by_name.values():
        for limit in action.limits:
            users[limit.key].append(action.name)
    return {
        part.key: Part(part, tuple(sorted(users[key])))
        for key, limit in policy.limits.items()
        for part in parts_of(limit)
    }


def _asked_for(policy: Policy, call: LimitsCall) -> Mapping[str, Part]:
    """Those that the call chooses. Raises ``CallError``: there is none of that name."""
    if call.action and call.action not in policy.by_name:
        near = did_you_mean(call.action, policy.by_name)
        raise CallError(Code.NOT_FOUND, f"no such action{near}")
    if call.location_id and policy.location(call.location_id) is None:
        near = did_you_mean(call.location_id, policy.locations or ())
        raise CallError(Code.NOT_FOUND, f"unknown location{near}")
    parts = _parts(policy)
    names = {part.limit.name for part in parts.values()}
    if call.limit and call.limit not in names:
        raise CallError(Code.NOT_FOUND, f"no such limit{did_you_mean(call.limit, sorted(names))}")
    return {
        key: part
        for key, part in parts.items()
        if call.limit in {"", part.limit.name, part.limit.name.removesuffix(PACE_SUFFIX)}
        and (not call.action or call.action in part.actions)
    }


def _is_personal(part: Part) -> bool:
    """Whether it has as many subjects as there are people."""
    return part.limit.heat is Heat.PERSON or isinstance(part.limit.window, Session)


def _ask(part: Part, placed: Placed) -> TallyAsk:
    limit = part.limit
    return TallyAsk(limit.name, limit.lookback_us, placed.subject(limit))
