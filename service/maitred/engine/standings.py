"""How limits stand: what operators see of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice

from maitred.core.limits import PACE_SUFFIX, hides_subject, parts_of, subject_of
from maitred.core.policy import Policy
from maitred.core.windows import Rolling, Session

from .calls import LimitsCall, LimitView
from .deciding import MICROSECOND
from .errors import CallError, Code
from .nearest import did_you_mean
from .observer import Fullness
from .ports import Store, StoreDown, Tally, TallyAsk
from .rulesets import Rulesets
from .views import FORECAST_LOOKBACK, LOCATION_ID, Part, Placed, fullness_of, views_of

READ_MOST = 2_000
"""Subjects of a limit that are read to tell which are the fullest, where each has a maximum of its own.

More locations than all but the largest chains have; some tens of milliseconds.
"""


class Standings:
    """Shows limits. ``now`` gives aware UTC."""

    def __init__(self, store: Store, rulesets: Rulesets, now: Callable[[], datetime]) -> None:
        self._store, self._rulesets, self._now = store, rulesets, now

    def limits(self, call: LimitsCall) -> Sequence[LimitView]:
        """See ``api.Operator.limits``."""
        policy = self._rulesets.active
        if policy is None:
            raise CallError(Code.NO_RULESET, "no valid ruleset is in force")
        parts = _asked_for(policy, call)
        return self._views(Placed(policy, call.location_id), parts, call.most)

    def fullness(self) -> Sequence[Fullness]:
        """How full limits are that are not per person: a bounded number, whoever comes.

        Empty while no ruleset is in force. Raises ``CallError``.
        """
        policy = self._rulesets.active
        if policy is None:
            return ()
        parts = {key: part for key, part in _parts(policy).items() if not _is_personal(part)}
        views = defaultdict(list)
        for view in self._views(Placed(policy, ""), parts, READ_MOST):
            if view.maximum is not None:
                views[view.name].append(view)
        return [Fullness(name, *fullness_of(each)) for name, each in views.items()]

    def _views(self, placed: Placed, parts: Mapping[str, Part], most: int) -> Sequence[LimitView]:
        now = self._now()
        personal = [part for part in parts.values() if _is_personal(part)]
        others = [part for part in parts.values() if not _is_personal(part)]
        try:
            tallies = [
                *self._tallies(now, placed, personal, most),
                *self._tallies(now, placed, others, max(most, READ_MOST)),
            ]
        except StoreDown as down:
            raise CallError(Code.STORE_DOWN, "the ledger cannot be read, try again") from down
        views = views_of(placed, parts, tallies, now, most)
        return list(chain.from_iterable(islice(each, most) for each in views))

    def _tallies(self, now: datetime, placed: Placed, parts: Iterable[Part], most: int) -> Sequence[Tally]:
        asks = {part.limit.name: _ask(part, placed.location_id) for part in parts}
        return self._store.tallies(now, list(asks.values()), FORECAST_LOOKBACK // MICROSECOND, most)


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
        raise CallError(Code.NOT_FOUND, f"no action `{call.action}`{near}")
    if call.location_id and policy.location(call.location_id) is None:
        near = did_you_mean(call.location_id, policy.locations or ())
        raise CallError(Code.NOT_FOUND, f"unknown location `{call.location_id}`{near}")
    parts = _parts(policy)
    names = {part.limit.name for part in parts.values()}
    if call.limit and call.limit not in names:
        raise CallError(Code.NOT_FOUND, f"no limit `{call.limit}`{did_you_mean(call.limit, sorted(names))}")
    return {
        key: part
        for key, part in parts.items()
        if call.limit in {"", part.limit.name, part.limit.name.removesuffix(PACE_SUFFIX)}
        and (not call.action or call.action in part.actions)
    }


def _is_personal(part: Part) -> bool:
    """Whether it has as many subjects as there are people."""
    return hides_subject(part.limit) or isinstance(part.limit.window, Session)


def _ask(part: Part, location_id: str) -> TallyAsk:
    limit = part.limit
    lookback = limit.window.duration // MICROSECOND if isinstance(limit.window, Rolling) else None
    start = ""
    if location_id and limit.per[:1] == (LOCATION_ID,) and not _is_personal(part):
        start = subject_of((LOCATION_ID,), {LOCATION_ID: location_id}, limit.letter_case)
    return TallyAsk(limit.name, lookback, start)
