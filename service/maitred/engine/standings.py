"""How limits stand: what operators see of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from maitred.core.limits import Heat, Limit, heat_of, maximum_of, parts_of, subject_values
from maitred.core.policy import Policy
from maitred.core.snapshot import window_words
from maitred.core.values import Facts
from maitred.core.windows import Rolling

from .calls import LimitsCall, LimitView
from .deciding import MICROSECOND
from .errors import CallError, Code
from .ports import Store, StoreDown, Tally, TallyAsk
from .rulesets import Rulesets

FORECAST_LOOKBACK = timedelta(minutes=15)
"""The present pace is that of the last quarter of an hour: long enough to smooth, short enough to warn."""


class Standings:
    """Shows limits. ``now`` gives aware UTC."""

    def __init__(self, store: Store, rulesets: Rulesets, now: Callable[[], datetime]) -> None:
        self._store, self._rulesets, self._now = store, rulesets, now

    def limits(self, call: LimitsCall) -> Sequence[LimitView]:
        """See ``api.Operator.limits``."""
        policy = self._rulesets.active
        if policy is None:
            raise CallError(Code.NO_RULESET, "no valid ruleset is in force")
        users = _users(policy, call)
        now = self._now()
        asks = {limit.name: TallyAsk(limit.name, _lookback_us(limit)) for limit in _parts(users)}
        try:
            tallies = self._store.tallies(
                now, list(asks.values()), FORECAST_LOOKBACK // MICROSECOND, call.most
            )
        except StoreDown as down:
            raise CallError(Code.STORE_DOWN, "the ledger cannot be read, try again") from down
        return sorted(_views(policy, users, tallies, call.location_id, now), key=_order)


def _users(policy: Policy, call: LimitsCall) -> Mapping[Limit, tuple[str, ...]]:
    """The limits asked for, each with the names of the actions it applies to."""
    if call.action and call.action not in policy.by_name:
        raise CallError(Code.NOT_FOUND, f"no action `{call.action}`")
    found: dict[Limit, list[str]] = {}
    for action in policy.by_name.values():
        for limit in action.limits:
            found.setdefault(limit, []).append(action.name)
    if call.limit and not any(limit.name == call.limit for limit in found):
        raise CallError(Code.NOT_FOUND, f"no limit `{call.limit}`")
    return {
        limit: tuple(sorted(names))
        for limit, names in found.items()
        if call.limit in {"", limit.name} and (not call.action or call.action in names)
    }


def _parts(limits: Mapping[Limit, object]) -> Iterator[Limit]:
    return (part for limit in limits for part in parts_of(limit))


def _lookback_us(limit: Limit) -> int | None:
    return limit.window.duration // MICROSECOND if isinstance(limit.window, Rolling) else None


def _views(
    policy: Policy,
    users: Mapping[Limit, tuple[str, ...]],
    tallies: Sequence[Tally],
    location_id: str,
    now: datetime,
) -> Iterator[LimitView]:
    parts = {part.key: (part, names) for limit, names in users.items() for part in parts_of(limit)}
    seen: set[str] = set()
    for tally in tallies:
        key, facts = _key(tally, parts), Facts()
        if key not in parts:
            continue
        part, names = parts[key]
        seen.add(key)
        facts = _facts(part, tally, policy)
        if not location_id or facts.get("location.id", location_id) == location_id:
            yield _view(part, names, tally, facts, now)
    for key, (part, names) in parts.items():
        if key not in seen and not part.per:
            yield _view(part, names, _untouched(part), {}, now)


def _key(tally: Tally, parts: Mapping[str, object]) -> str:
    """The key of the limit that the tally is of; where each action has units, the last value tells."""
    if tally.limit in parts:
        return tally.limit
    values = subject_values(tally.subject) if tally.subject else ("",)
    return f"{tally.limit}@{values[-1]}"


def _facts(limit: Limit, tally: Tally, policy: Policy) -> Facts:
    """What the subject tells, and what is known of its location."""
    if heat_of(limit.per) is Heat.PERSON:
        return {}
    facts: Facts = dict(zip(limit.per, subject_values(tally.subject), strict=False))
    location = policy.location(str(facts.get("location.id", "")))
    return {**facts, **location.attributes} if location else facts


def _view(limit: Limit, names: tuple[str, ...], tally: Tally, facts: Facts, now: datetime) -> LimitView:
    maximum = maximum_of(limit, facts)
    return LimitView(
        name=limit.name,
        kind=limit.kind,
        subject=_subject_words(limit, tally, facts),
        window=window_words(limit.window),
        counts=limit.counts.value,
        used=tally.live - min(tally.held, tally.live),
        held=min(tally.held, tally.live),
        maximum=maximum,
        resets_at=tally.resets_at,
        exhausted_at=_exhausted_at(limit, tally, maximum, now),
        actions=names,
    )


def _subject_words(limit: Limit, tally: Tally, facts: Facts) -> str:
    names = [name.removesuffix(".id") for name in limit.per]
    if heat_of(limit.per) is Heat.PERSON:
        return f"{' and '.join(names)} {tally.subject}"
    told = [f"{name} {facts[attribute]}" for name, attribute in zip(names, limit.per, strict=True)]
    return ", ".join([*told, *([f"action {limit.scope}"] if limit.scope else [])])


def _exhausted_at(limit: Limit, tally: Tally, maximum: int | None, now: datetime) -> datetime | None:
    """When the last unit goes at the present pace, where that is before the count begins anew."""
    if maximum is None or tally.recent <= 0 or tally.live >= maximum:
        return None
    try:
        at = now + FORECAST_LOOKBACK * ((maximum - tally.live) / tally.recent)
    except OverflowError:
        return None
    end = now + limit.window.duration if isinstance(limit.window, Rolling) else tally.resets_at
    return at if end is None or at < end else None


def _untouched(limit: Limit) -> Tally:
    return Tally(limit.name, "", "", None, held=0, used=0, live=0, recent=0.0)


def _order(view: LimitView) -> tuple[str, float, str]:
    full = (view.used + view.held) / view.maximum if view.maximum else 0.0
    return view.name, -full, view.subject
