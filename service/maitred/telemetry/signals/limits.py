"""Metrics of limits, claims and pauses. Of each limit there is one series, however many subjects it has."""

import time
from collections.abc import Callable, Iterable, Iterator

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from maitred.engine.ports.observer import ClaimMoved, ClaimResult, DecisionMade, HoldsExpired, LimitsSeen

from . import names
from .instruments import Key, Tally

STALE_SECONDS = 30.0
"""Three looks that were missed: what is not known any more is not shown as if it were."""


class LimitMetrics:
    """Takes events on the telemetry thread; gauges are read on that of the exporter."""

    def __init__(self, meter: Meter, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: tuple[LimitsSeen, float] | None = None
        self._refusals = Tally(
            meter.create_counter(
                "maitred.limit.refusals", "{refusal}", "Refusals for want of a unit, by limit"
            )
        )
        self._claims = Tally(meter.create_counter("maitred.claims", "{claim}", "Claims answered"))
        self._redeemed = Tally(meter.create_counter("maitred.claims.redeemed", "{claim}", "Claims redeemed"))
        self._released = Tally(meter.create_counter("maitred.claims.released", "{claim}", "Claims released"))
        self._expired = Tally(
            meter.create_counter("maitred.holds.expired", "{hold}", "Holds given back because they expired")
        )
        self._gauge(meter, "maitred.limit.used_ratio", "1", "Taken units of the fullest subject", _ratios)
        self._gauge(meter, "maitred.limit.exhausted", "{subject}", "Subjects without a unit left", _exhausted)
        self._gauge(
            meter, "maitred.actions.paused", "{action}", "Actions that operators have stopped", _paused
        )

    def _gauge(
        self,
        meter: Meter,
        name: str,
        unit: str,
        description: str,
        show: Callable[[LimitsSeen], Iterator[Observation]],
    ) -> None:
        def read(_: CallbackOptions) -> Iterable[Observation]:
            seen = self._seen
            return show(seen[0]) if seen and self._clock() - seen[1] < STALE_SECONDS else ()

        meter.create_observable_gauge(name, [read], unit, description)

    def decided(self, event: DecisionMade) -> None:
        """Counts what limits refused; a retry was counted the first time."""
        if not event.replayed:
            for (limit, reason), count in event.limits.items():
                self._refusals.add(_refusal(limit, reason.name, names.DECIDED), count)

    def claim_moved(self, event: ClaimMoved) -> None:
        """Counts a claim that was answered, redeemed or released."""
        key: Key = ((names.ACTION, names.plain(event.action)), (names.REPLAYED, event.replayed))
        if event.result is ClaimResult.REDEEMED:
            self._redeemed.add(key)
        elif event.result is ClaimResult.RELEASED:
            self._released.add(key)
        else:
            self._claims.add((*key, (names.RESULT, event.result.value), (names.REASON, _reason(event))))
        if event.result is ClaimResult.DENIED and not event.replayed:
            self._refusals.add(_refusal(event.limit, _reason(event), names.CLAIMED))

    def expired(self, event: HoldsExpired) -> None:
        """Counts holds that were given back."""
        for action, count in event.actions.items():
            self._expired.add(((names.ACTION, names.plain(action)),), count)

    def seen(self, event: LimitsSeen) -> None:
        """Keeps what gauges show."""
        self._seen = event, self._clock()

    def flush(self) -> None:
        """Shows what was tallied to the next collection."""
        for tally in (self._refusals, self._claims, self._redeemed, self._released, self._expired):
            tally.flush()


def _reason(event: ClaimMoved) -> str:
    return event.reason.name if event.reason else ""


def _refusal(limit: str, reason: str, step: str) -> Key:
    return (names.LIMIT, names.plain(limit)), (names.REASON, reason), (names.REFUSED_AT, step)


def _ratios(seen: LimitsSeen) -> Iterator[Observation]:
    return (Observation(limit.used_ratio, {names.LIMIT: names.plain(limit.limit)}) for limit in seen.limits)


def _exhausted(seen: LimitsSeen) -> Iterator[Observation]:
    return (Observation(limit.exhausted, {names.LIMIT: names.plain(limit.limit)}) for limit in seen.limits)


def _paused(seen: LimitsSeen) -> Iterator[Observation]:
    yield Observation(seen.paused)
