"""Counters as a batch has them in hand: live units by kind, by look-back, and how fast they came of late."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import exp

from maitred.core.values.instants import LAST_INSTANT, to_microseconds
from maitred.core.values.windows import LIFETIME

from .limits import Need
from .lots import Unit, Weight

LAST_US = to_microseconds(LAST_INSTANT)
FADE_US = 15 * 60 * 1_000_000
"""A forecast follows a rush within minutes, and does not jump with every unit."""


@dataclass(slots=True)
class CounterState:
    """One counter as read: live units by kind, and the first and last instant a unit was taken at.

    A counter whose window is over is forgotten before the lots that have units in it, and made anew
    where somebody takes from that window once more: what was taken ``since_us`` counts in it.

    ``recent`` counts the live units of each lookback (microseconds) a batch asks for. ``lately``
    is the sum of the live units, each weighing ``e ** (-age / FADE_US)`` as of ``last_us``: at a
    steady pace that is the number taken in ``FADE_US``, whatever the window, in one number.
    """

    held: int = 0
    used: int = 0
    last_us: int = 0
    since_us: int = 0
    floor_us: int = 0
    recent: dict[int, int] = field(default_factory=dict)
    lately: float = 0.0

    def live(self, lookback_us: int | None) -> int:
        """The units that count."""
        return self.held + self.used if lookback_us is None else self.recent[lookback_us]

    def counts(self, unit: Unit) -> bool:
        """Whether the unit was taken from this counter, and not from one that was forgotten."""
        return self.since_us <= unit.taken_us <= self.last_us

    def weigh(self, weight: Weight, times: int = 1) -> None:
        """Counts a unit in, or out (-1)."""
        self.held += times * weight.held
        self.used += times * weight.used

    def taken(self, unit: Unit) -> None:
        """A unit has become live."""
        # Of several in one batch, later ones may have been taken at an earlier instant.
        self.since_us = min(self.since_us, unit.taken_us) if self.last_us else unit.taken_us
        last_us = max(self.last_us, unit.taken_us)
        self.lately = faded(self.lately, last_us - self.last_us) + faded(1.0, last_us - unit.taken_us)
        self.last_us = last_us
        if unit.rolling:
            for lookback in self.recent:
                self.recent[lookback] += unit.taken_us > self.floor_us - lookback

    def given_back(self, unit: Unit) -> None:
        """A unit has stopped being live."""
        self.lately = max(0.0, self.lately - faded(1.0, self.last_us - unit.taken_us))
        if unit.rolling:
            for lookback in self.recent:
                self.recent[lookback] -= unit.taken_us > self.floor_us - lookback


def floor_us(now_us: int, last_us: int) -> int:
    """The instant a counter is at: that of the clock, but never before its last."""
    return max(now_us, last_us)


def faded(weight: float, age_us: int) -> float:
    """What is left of a weight in ``CounterState.lately`` after so long."""
    return weight * exp(-age_us / FADE_US)


def over_us(needs: Iterable[Need], at: int) -> int | None:
    """From when on no unit of the needs that is taken at ``at`` counts; ``None`` is never.

    The end of a session is not known: it is taken to be over, and those who forget what is
    over wait for longer than a session lasts.
    """
    end: int | None = at
    for need in needs:
        end = later(end, end_us(need, at))
    return end


def end_us(need: Need, at: int) -> int | None:
    """The same of one need."""
    if need.lookback_us is not None:
        end = at + need.lookback_us
    elif need.counter.resets_at is not None:
        end = to_microseconds(need.counter.resets_at)
    else:
        return None if need.counter.window == LIFETIME.key else at
    return end if end < LAST_US else None


def later(one_us: int | None, other_us: int | None) -> int | None:
    """The later of two instants; ``None`` is never."""
    return None if one_us is None or other_us is None else max(one_us, other_us)
