"""How limits stand, as operators see them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import chain, islice
from typing import NamedTuple

from maitred.core.deciding.policy import Policy
from maitred.core.deciding.snapshot import window_words
from maitred.core.limits.limits import (
    PACE_SUFFIX,
    LetterCase,
    Limit,
    LockRank,
    SubjectPseudonym,
    known_maximum,
    parts_of,
    scope_in,
    subject_of,
    values_in,
)
from maitred.core.rules.ruleset import Location
from maitred.core.values.instants import MICROSECOND
from maitred.core.values.nearest import did_you_mean
from maitred.core.values.texts import folded
from maitred.core.values.types import CUSTOMER_ID, LOCATION, LOCATION_ID, Fact, Facts, Value
from maitred.core.values.windows import LIFETIME, ROLLING_KEY, Calendar, Rolling, Session, Window, span_of
from maitred.engine.calls import LimitsCall, LimitView
from maitred.engine.deciding.rulesets import Rulesets
from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.messages import LEDGER_UNREAD
from maitred.engine.ports.observer import Fullness
from maitred.engine.ports.store import CounterQuery, CounterSummary, LedgerReader, store_calls

FORECAST_LOOKBACK = timedelta(minutes=15)
"""The present pace is that of the last quarter of an hour: long enough to smooth, short enough to warn."""
FORECAST_AHEAD = timedelta(days=7)
"""What a quarter of an hour says of next month is not worth telling."""
ACTIONS_TOLD_MAX = 100
"""A limit may apply to a hundred thousand; each row has them."""
PSEUDONYM_BYTES = 6
"""Enough to tell the subjects of one table apart."""
_PERSON = b"maitred.told"


class LimitPart(NamedTuple):
    """A limit or a pace, and the names of the actions it applies to."""

    limit: Limit
    actions: tuple[str, ...]


class ReportScope(NamedTuple):
    """The rules in force and the location that is looked at; empty for all of them.

    ``subject_pseudonym`` is what counters know by whose values may be personal.
    """

    policy: Policy
    location_id: str
    subject_pseudonym: SubjectPseudonym

    def subject(self, limit: Limit) -> str:
        """Returns what the subjects of the location's counters begin with; empty where that is not known."""
        if not self.location_id or limit.per[:1] != (LOCATION_ID,):
            return ""
        subject_text = subject_of((LOCATION_ID,), {LOCATION_ID: self.location_id}, limit.letter_case)
        if not limit.hides_subject:
            return subject_text
        return self.subject_pseudonym(subject_text) if limit.per == (LOCATION_ID,) else ""

    def values(self, limit: Limit, subject: str) -> tuple[Value, ...] | None:
        """Returns the values of a counter's subject; ``None`` where only a pseudonym is known.

        Raises ``ValueError`` where it is no subject of the limit as it is now.
        """
        if not limit.hides_subject:
            return values_in(limit, subject)
        start = self.subject(limit)
        return (str(_folded(limit, self.location_id)),) if start and subject.startswith(start) else None

    def admits(self, limit: Limit, facts: Facts) -> bool:
        """Returns whether the subject of these facts counts here; that of a pseudonym is not known."""
        if not self.location_id or LOCATION_ID not in limit.per:
            return True
        return _same(limit, facts.get(LOCATION_ID), self.location_id)

    def facts(self, limit: Limit, values: Sequence[Value]) -> Facts:
        """Returns what a subject's values tell, and what is known of its location."""
        by_name: Facts = dict(zip(limit.per, values, strict=True))
        location = self._location(limit, by_name)
        return {**location.attributes, **by_name} if location else by_name

    def _location(self, limit: Limit, by_name: Facts) -> Location | None:
        if LOCATION_ID not in by_name:
            return None
        location_id = str(by_name[LOCATION_ID])
        if limit.letter_case is LetterCase.IGNORE:
            known = self.policy.locations or {}
            location_id = next((name for name in known if folded(name) == folded(location_id)), location_id)
        return self.policy.location(location_id)

    def resets_at(self, limit: Limit, facts: Facts, now: datetime) -> datetime | None:
        """When the civil window of now ends; ``None`` for others, and where the zone is not known."""
        location = self._location(limit, facts)
        zone = location.zone if location else getattr(limit.window, "zone", None)
        if not isinstance(limit.window, Calendar) or limit.window.of or not zone:
            return None
        return span_of(limit.window, now, zone).end

    def locations(self) -> Iterator[Location]:
        """Yields those that are known, in order."""
        if self.location_id:
            chosen = self.policy.location(self.location_id)
            yield from (chosen,) if chosen else ()
        elif self.policy.locations:
            yield from (self.policy.locations[location] for location in sorted(self.policy.locations))


def views_of(
    scope: ReportScope,
    parts: Mapping[str, LimitPart],
    tallies: Iterable[CounterSummary],
    now: datetime,
    max_rows: int,
) -> Sequence[Sequence[LimitView]]:
    """Returns the rows of each limit, by name, the fullest first; where nothing was taken so many at most."""
    rows: dict[str, list[LimitView]] = defaultdict(list)
    shown: dict[str, set[str]] = defaultdict(set)
    for tally in tallies:
        part = _part_of(tally, parts)
        view = _touched(scope, part, tally, now) if part else None
        if part and view:
            rows[view.name].append(view)
            shown[part.limit.key].add(view.subject)
    for key, part in parts.items():
        if len(rows[part.limit.name]) < max_rows:
            rows[part.limit.name].extend(_untouched(scope, part, shown[key], now, max_rows))
    return [sorted(rows[name], key=_order) for name in sorted(rows)]


def fullness_of(views: Sequence[LimitView]) -> tuple[float, int]:
    """Returns the greatest ratio of units that are taken, and how many subjects have none left."""
    known = [(view.used + view.held, view.maximum) for view in views if view.maximum is not None]
    ratios = [taken / maximum if maximum else float(taken > 0) for taken, maximum in known]
    return max(ratios, default=0.0), sum(taken >= maximum for taken, maximum in known)


def _part_of(tally: CounterSummary, parts: Mapping[str, LimitPart]) -> LimitPart | None:
    """Of which limit it is a counter; none where it was one of an earlier ruleset."""
    part = parts.get(tally.limit) or parts.get(f"{tally.limit}@{scope_in(tally.subject)}")
    return part if part and _is_key_of(part.limit.window, tally.window) else None


def _is_key_of(window: Window, key: str) -> bool:
    match window:
        case Rolling():
            return key == ROLLING_KEY
        case Calendar(period):
            return key.startswith(f"{period.value}/")
        case Session():
            return key.startswith("session/")
        case _:
            return key == LIFETIME.key


def _touched(scope: ReportScope, part: LimitPart, tally: CounterSummary, now: datetime) -> LimitView | None:
    limit = part.limit
    try:
        values = scope.values(limit, tally.subject)
    except ValueError:
        return None
    facts = {} if values is None else scope.facts(limit, values)
    subject = (
        _subject_words(limit, facts) if facts or not limit.per else f"{_of(limit)} {pseudonym(tally.subject)}"
    )
    if not scope.admits(limit, facts):
        return None
    if isinstance(limit.window, Session):
        subject = ", ".join(filter(None, (subject, f"session {pseudonym(tally.window)}")))
    maximum = known_maximum(limit, facts)
    return LimitView(
        name=limit.name,
        kind=limit.kind,
        subject=_with_scope(limit, subject),
        window=_window_words(limit.window, tally.window),
        counts=limit.counts.value,
        used=tally.live - tally.live_held,
        held=tally.live_held,
        maximum=maximum,
        resets_at=tally.resets_at,
        exhausted_at=exhausted_at(limit.window, tally, maximum, now),
        actions=part.actions[:ACTIONS_TOLD_MAX],
        also=limit.also,
    )


def _window_words(window: Window, key: str) -> str:
    """Windows of an instant are several at once: which one it is, is told by its first day."""
    if isinstance(window, Calendar) and window.of:
        return f"{window_words(window)} from {key.rpartition('/')[2]}"
    return window_words(window)


def _untouched(
    scope: ReportScope, part: LimitPart, shown: set[str], now: datetime, max_rows: int
) -> Iterator[LimitView]:
    """Rows of those who have taken nothing, where it is known who they are."""
    limit = part.limit
    for facts in _subjects(scope, limit):
        subject = _with_scope(limit, _subject_words(limit, facts))
        if subject not in shown and max_rows > 0:
            shown.add(subject)
            max_rows -= 1
            yield _empty(part, subject, known_maximum(limit, facts), scope.resets_at(limit, facts, now))
    if not shown and not (scope.location_id and LOCATION_ID in limit.per):
        yield _empty(part, _with_scope(limit, f"any {_of(limit)}"), known_maximum(limit, {}), None)


def _subjects(scope: ReportScope, limit: Limit) -> Iterator[Facts]:
    """Yields the facts of each subject, where the rules tell all of them."""
    if isinstance(limit.window, Session) or (limit.hides_subject and not scope.subject(limit)):
        return
    if not limit.per:
        yield {}
    elif all(name.startswith(LOCATION) for name in limit.per):
        for location in scope.locations():
            facts: Facts = {**location.attributes, LOCATION_ID: location.id}
            if all(name in facts for name in limit.per):
                subject = {name: _folded(limit, facts[name]) for name in limit.per}
                # Of a subject that is more than one location only what makes it is known.
                yield {**facts, **subject} if LOCATION_ID in limit.per else subject


def _empty(part: LimitPart, subject: str, maximum: int | None, resets_at: datetime | None) -> LimitView:
    limit = part.limit
    return LimitView(
        name=limit.name,
        kind=limit.kind,
        subject=subject,
        window=window_words(limit.window),
        counts=limit.counts.value,
        used=0,
        held=0,
        maximum=maximum,
        resets_at=resets_at,
        actions=part.actions[:ACTIONS_TOLD_MAX],
        also=limit.also,
    )


def exhausted_at(
    window: Window, tally: CounterSummary, maximum: int | None, now: datetime
) -> datetime | None:
    """When the last unit goes at the present pace; ``None`` where it does not within this window.

    Units leave a rolling window as they came: evenly, as far as a count can tell.
    """
    if maximum is None or tally.live >= maximum:
        return None
    pace = tally.recent / FORECAST_LOOKBACK.total_seconds()
    if isinstance(window, Rolling):
        pace -= tally.live / window.duration.total_seconds()
    if pace <= 0:
        return None
    seconds = (maximum - tally.live) / pace
    if seconds > FORECAST_AHEAD.total_seconds():
        return None
    at = now + timedelta(seconds=seconds)
    end = now + window.duration if isinstance(window, Rolling) else tally.resets_at
    return at if end is None or at < end else None


def pseudonym(text: str) -> str:
    """Returns what stands for a person in a table: also where what is counted by is the id itself."""
    data = text.encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=PSEUDONYM_BYTES, person=_PERSON).hexdigest()


def _of(limit: Limit) -> str:
    """``customer and location``; ``session`` where the window is one and nothing else tells."""
    names = [name.removesuffix(".id") for name in limit.per]
    return " and ".join(names) or "session"


def _subject_words(limit: Limit, facts: Facts) -> str:
    return ", ".join(f"{name.removesuffix('.id')} {facts[name]}" for name in limit.per)


def _with_scope(limit: Limit, subject: str) -> str:
    return ", ".join(filter(None, (subject, f"action {limit.scope}" if limit.scope else "")))


def _same(limit: Limit, value: object, location_id: str) -> bool:
    return value == _folded(limit, location_id)


def _folded(limit: Limit, value: Fact) -> Fact:
    """Returns the value as the limit counts by it."""
    ignored = limit.letter_case is LetterCase.IGNORE
    return folded(value) if ignored and isinstance(value, str) else value


def _order(view: LimitView) -> tuple[float, str]:
    taken = view.used + view.held
    return (-taken / view.maximum if view.maximum else -float(taken), view.subject)


READ_MAX = 2_000
"""Subjects of a limit that are read to tell which are the fullest, where each has a maximum of its own.

More locations than all but the largest chains have; some tens of milliseconds.
"""
READ_MAX_IN_ALL = 20_000
"""Where there are many limits, fewer subjects of each: some tenths of a second."""
SEEN_MAX_IN_ALL = 5_000
"""The same where nobody waits for it, but decisions share the processor with it."""


class LimitReport:
    """Shows limits. ``now`` gives aware UTC, ``subject_pseudonym`` what counters know persons by."""

    def __init__(
        self,
        store: LedgerReader,
        rulesets: Rulesets,
        now: Callable[[], datetime],
        subject_pseudonym: SubjectPseudonym,
    ) -> None:
        self._store, self._rulesets, self._now, self._subject_pseudonym = (
            store,
            rulesets,
            now,
            subject_pseudonym,
        )

    def limits(self, call: LimitsCall) -> Sequence[LimitView]:
        """See ``api.Operator.limits``."""
        policy = self._rulesets.in_force()
        parts = _asked_for(policy, call)
        scope = ReportScope(policy, call.location_id, self._subject_pseudonym)
        return self._views(scope, parts, call.max_subjects, call.at or self._now())

    def of_customer(self, customer_id: str) -> Sequence[LimitView]:
        """Returns what counts for one customer alone; limits of households and the like are not among them.

        Empty while no ruleset is in force. Raises ``CallError``.
        """
        policy = self._rulesets.active
        if policy is None:
            return ()
        parts = {key: part for key, part in _parts(policy).items() if part.limit.per == (CUSTOMER_ID,)}
        scope, now = ReportScope(policy, "", self._subject_pseudonym), self._now()
        asks = [self._ask_of(part, scope, customer_id) for part in parts.values()]
        return list(chain.from_iterable(views_of(scope, parts, self._read(now, asks, READ_MAX), now, 0)))

    def _ask_of(self, part: LimitPart, scope: ReportScope, customer_id: str) -> CounterQuery:
        limit = part.limit
        subject = subject_of(limit.per, {CUSTOMER_ID: customer_id}, limit.letter_case)
        return _ask(part, scope)._replace(subject_start=self._subject_pseudonym(subject))

    def fullness(self) -> Sequence[Fullness]:
        """Returns how full limits are that are not per person: a bounded number, whoever comes.

        Empty while no ruleset is in force. Raises ``CallError``.
        """
        policy = self._rulesets.active
        if policy is None:
            return ()
        parts = {key: part for key, part in _parts(policy).items() if not _is_personal(part)}
        names = sorted({part.limit.name for part in parts.values()})
        scope, now = ReportScope(policy, "", self._subject_pseudonym), self._now()
        asks = [_ask(part, scope) for part in {part.limit.name: part for part in parts.values()}.values()]
        tallies = self._read(now, asks, _share(SEEN_MAX_IN_ALL, len(asks)))
        views = views_of(scope, parts, tallies, now, 0)
        full = {rows[0].name: fullness_of(rows) for rows in views if rows}
        return [Fullness(name, *full.get(name, (0.0, 0))) for name in names]

    def _views(
        self, scope: ReportScope, parts: Mapping[str, LimitPart], max_rows: int, now: datetime
    ) -> Sequence[LimitView]:
        by_name = {part.limit.name: part for part in parts.values()}.values()
        persons = [_ask(part, scope) for part in by_name if _is_personal(part)]
        others = [_ask(part, scope) for part in by_name if not _is_personal(part)]
        share = max(max_rows, _share(READ_MAX_IN_ALL, len(others)))
        tallies = [*self._read(now, persons, max_rows), *self._read(now, others, share)]
        views = views_of(scope, parts, tallies, now, max_rows)
        return list(chain.from_iterable(islice(rows, max_rows) for rows in views))

    def _read(self, now: datetime, asks: Sequence[CounterQuery], max_rows: int) -> Sequence[CounterSummary]:
        with store_calls(LEDGER_UNREAD):
            return self._store.tallies(now, asks, FORECAST_LOOKBACK // MICROSECOND, max_rows)


def _share(in_all: int, limits: int) -> int:
    return min(READ_MAX, max(1, in_all // max(1, limits)))


def _parts(policy: Policy) -> dict[str, LimitPart]:
    """Returns every limit and pace there is by key, each with the names of the actions it applies to."""
    users: dict[str, list[str]] = defaultdict(list)
    for action in policy.by_name.values():
        for limit in action.limits:
            users[limit.key].append(action.name)
    return {
        part.key: LimitPart(part, tuple(sorted(users[key])))
        for key, limit in policy.limits.items()
        for part in parts_of(limit)
    }


def _asked_for(policy: Policy, call: LimitsCall) -> Mapping[str, LimitPart]:
    """Returns those that the call chooses. Raises ``CallError``: there is none of that name."""
    if call.action and call.action not in policy.by_name:
        near = did_you_mean(call.action, policy.by_name)
        raise CallError(Code.NOT_FOUND, f"no such action{near}", Cause.UNKNOWN_ACTION)
    if call.location_id and policy.location(call.location_id) is None:
        near = did_you_mean(call.location_id, policy.locations or ())
        raise CallError(Code.NOT_FOUND, f"unknown location{near}", Cause.UNKNOWN_LOCATION)
    parts = _parts(policy)
    names = {part.limit.name for part in parts.values()}
    if call.limit and call.limit not in names:
        near = did_you_mean(call.limit, sorted(names))
        raise CallError(Code.NOT_FOUND, f"no such limit{near}", Cause.UNKNOWN_LIMIT)
    return {
        key: part
        for key, part in parts.items()
        if call.limit in {"", part.limit.name, part.limit.name.removesuffix(PACE_SUFFIX)}
        and (not call.action or call.action in part.actions)
    }


def _is_personal(part: LimitPart) -> bool:
    """Returns whether it has as many subjects as there are people."""
    return part.limit.heat is LockRank.PERSON or isinstance(part.limit.window, Session)


def _ask(part: LimitPart, scope: ReportScope) -> CounterQuery:
    limit = part.limit
    is_shared = limit.heat is not LockRank.PERSON
    return CounterQuery(limit.name, limit.lookback_us, scope.subject(limit), is_shared)
