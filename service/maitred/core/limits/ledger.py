"""The ledger's arithmetic: a batch of operations on counters and lots that were read before.

The store locks and reads what a batch touches into a ``LedgerBatch``, the batch is settled here, and
the store writes down what the book says has changed. Operations are settled in their order,
each sees what those before it did, and each is all or nothing.

Time never steps back for a counter: a unit is taken at the batch's instant, or at the last
instant of the counters it is taken from where that is later. So a hold is never shorter, and a
rolling window never forgets sooner, than promised by any clock that was right at the time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import exp
from typing import Any

from maitred.core.values.instants import to_microseconds

from .limits import Counter, Need
from .lots import (
    MOVES,
    STAYS,
    WEIGHTS,
    Confirm,
    Event,
    Lot,
    Move,
    Operation,
    Refused,
    Release,
    Settled,
    Status,
    Step,
    Take,
    Unit,
    UnitState,
    Weight,
)
from .windows import LAST_INSTANT, LIFETIME

FADE_US = 15 * 60 * 1_000_000
"""A forecast follows a rush within minutes, and does not jump with every unit."""

_LAST_US = to_microseconds(LAST_INSTANT)


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
                self.recent[lookback] += 1

    def given_back(self, unit: Unit) -> None:
        """A unit has stopped being live."""
        self.lately = max(0.0, self.lately - faded(1.0, self.last_us - unit.taken_us))
        if unit.rolling:
            for lookback in self.recent:
                self.recent[lookback] -= unit.taken_us > self.floor_us - lookback


@dataclass(slots=True)
class LedgerBatch:
    """What a batch reads and changes. ``rows`` by counter id, lots and steps by id.

    ``reusable`` are the lots that are held, by the key they can be used again under.

    ``touched``, ``moved`` and ``stepped`` are the ids of what has changed; ``added`` and
    ``removed`` the units of rolling windows with the lots they are of; one that is in both
    was added first.
    """

    now_us: int
    rows: Mapping[bytes, CounterState]
    lots: dict[bytes, Lot] = field(default_factory=dict)
    steps: dict[bytes, Step] = field(default_factory=dict)
    touched: dict[bytes, Counter | None] = field(default_factory=dict)
    moved: dict[bytes, None] = field(default_factory=dict)
    stepped: dict[bytes, None] = field(default_factory=dict)
    added: dict[tuple[Unit, bytes], None] = field(default_factory=dict)
    removed: dict[tuple[Unit, bytes], None] = field(default_factory=dict)
    reusable: dict[bytes, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.rows.values():
            row.floor_us = floor_us(self.now_us, row.last_us)
        for lot in self.lots.values():
            self._offer(lot)

    def settle(self, operations: Iterable[Operation]) -> list[Settled]:
        """The answers to the operations, in their order."""
        return [self._settle(operation) for operation in operations]

    def expire(self, lot_ids: Iterable[bytes]) -> int:
        """Gives back those of the lots that are held and due; says how many."""
        due = [lot for lot in map(self.lots.__getitem__, lot_ids) if is_due(lot, self.now_us)]
        for lot in due:
            self._move(lot, MOVES[lot.state, Event.DUE])
        return len(due)

    def forget(self, lot_ids: Iterable[bytes]) -> None:
        """Takes the units of lots that are over out of the counts; the lots are to go."""
        for lot in map(self.lots.__getitem__, lot_ids):
            self._weigh(lot, UnitState.RELEASED)

    def _settle(self, operation: Operation) -> Settled:
        match operation:
            case Take():
                earlier = self.lots.get(operation.id)
                return _replay_take(earlier, operation) if earlier else self._take(operation)
            case Confirm():
                return self._step(operation, Event.CONFIRM)
            case Release():
                return self._step(operation, Event.RELEASE)

    def _take(self, take: Take) -> Settled:
        if take.denied:
            return self._open(take, UnitState.DENIED, refused=take.denied, over_us=self.now_us)
        shortages = []
        for choice, needs in enumerate(take.choices):
            own = self.reusable.get(take.reuse[choice]) if take.reuse else None
            if own:
                return Settled(Status.GRANTED, own, choice, self.lots[own].expires_us, reused=True)
            shortage = self._shortage(needs)
            if shortage is None:
                return self._grant(take, choice, needs)
            shortages.append(shortage)
        return self._open(take, UnitState.DENIED, refused=shortages[0], over_us=self.now_us)

    def _grant(self, take: Take, choice: int, needs: Sequence[Need]) -> Settled:
        at = self._instant(needs)
        state = UnitState.CONFIRMED if take.hold_us is None else UnitState.HELD
        expires = None if take.hold_us is None else at + take.hold_us
        return self._open(
            take,
            state,
            choice=choice,
            units=self._add(take.id, needs, at, state),
            expires_us=expires,
            reuse=take.reuse[choice] if take.reuse else b"",
            over_us=_later(over_us(needs, at), expires or at),
        )

    def _open(self, take: Take, state: UnitState, **fields: Any) -> Settled:
        lot = Lot(take.id, take.fingerprint, state, origin=take.origin, **fields)
        self._put(lot)
        return _taken(lot)

    def _step(self, operation: Confirm | Release, event: Event) -> Settled:
        earlier = self.steps.get(operation.id)
        if earlier:
            return _replay_step(earlier, operation, event)
        lot = self.lots.get(operation.lot)
        if lot is None:
            return Settled(Status.UNKNOWN_LOT, operation.lot)
        status, refused = self._moved(lot, operation, event)
        step = Step(operation.id, operation.fingerprint, operation.lot, event, status, refused)
        self.steps[step.id] = step
        self.stepped[step.id] = None
        return Settled(status, lot.id, refused=refused)

    def _moved(self, lot: Lot, operation: Confirm | Release, event: Event) -> tuple[Status, Refused | None]:
        move = MOVES.get((lot.state, event))
        if move is None:
            return STAYS[lot.state, event], None
        if isinstance(operation, Release) and operation.held_only and lot.state is UnitState.CONFIRMED:
            return Status.ALREADY_CONFIRMED, None
        if not isinstance(operation, Confirm):
            self._move(lot, move)
            return move.status, None
        if move.again and operation.again is None:
            return Status.NOTHING_LEFT, None
        plain = [need for need in operation.again or () if not need.firm] if move.again else ()
        needs = _beyond(lot, (*plain, *operation.also))
        shortage = self._shortage(needs)
        if shortage:
            return Status.NOTHING_LEFT, shortage
        self._confirm(lot, move, needs)
        return move.status, None

    def _confirm(self, lot: Lot, move: Move, needs: Sequence[Need]) -> None:
        """Confirms the units that are live, and ``needs`` on top."""
        at = self._instant(needs)
        more = self._add(lot.id, needs, at, move.state)
        over = _later(lot.over_us, over_us(needs, at))
        self._move(replace(lot, units=lot.live, over_us=over), move, more)

    def _move(self, lot: Lot, move: Move, more: tuple[Unit, ...] = ()) -> None:
        """Counts the lot's units as the move says; ``more`` are counted already."""
        self._weigh(lot, move.state)
        moved = replace(lot, state=move.state, units=lot.units + more)
        self._put(moved if moved.live else replace(moved, over_us=self.now_us))

    def _weigh(self, lot: Lot, state: UnitState) -> None:
        """Counts the lot's units as those of a lot in ``state``."""
        for unit in lot.units:
            before, after = WEIGHTS[lot.state][unit.firm], WEIGHTS[state][unit.firm]
            row = self.rows.get(unit.counter)
            # Without a row: its window has ended so long ago that the counter is gone.
            if before == after or row is None or not row.counts(unit):
                continue
            row.weigh(before, -1)
            row.weigh(after)
            self.touched.setdefault(unit.counter)
            if not any(after):
                row.given_back(unit)
                if unit.rolling:
                    self.removed[unit, lot.id] = None

    def _shortage(self, needs: Sequence[Need]) -> Refused | None:
        """Why the needs cannot be had together: of several reasons the first by precedence."""
        short = [need for need in needs if self.rows[need.counter.id].live(need.lookback_us) >= need.maximum]
        if not short:
            return None
        first = min(short, key=lambda need: (need.reason.precedence, need.counter.limit))
        return Refused(first.counter.limit, first.reason)

    def _instant(self, needs: Sequence[Need]) -> int:
        return max((self.rows[need.counter.id].floor_us for need in needs), default=self.now_us)

    def _add(self, lot_id: bytes, needs: Sequence[Need], at: int, state: UnitState) -> tuple[Unit, ...]:
        """Units for the needs, counted as those of a lot in ``state``."""
        units = tuple(Unit(need.counter.id, at, need.lookback_us is not None, need.firm) for need in needs)
        for need, unit in zip(needs, units, strict=True):
            row = self.rows[unit.counter]
            row.weigh(WEIGHTS[state][unit.firm])
            row.taken(unit)
            self.touched[unit.counter] = need.counter
            if unit.rolling:
                self.added[unit, lot_id] = None
        return units

    def _put(self, lot: Lot) -> None:
        self.lots[lot.id] = lot
        self.moved[lot.id] = None
        self._offer(lot)

    def _offer(self, lot: Lot) -> None:
        """Lets the lot be used again exactly while it is held."""
        if not lot.reuse:
            return
        if lot.state is UnitState.HELD and not is_due(lot, self.now_us):
            self.reusable[lot.reuse] = lot.id
        elif self.reusable.get(lot.reuse) == lot.id:
            del self.reusable[lot.reuse]


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
        end = _later(end, _end_us(need, at))
    return end


def _end_us(need: Need, at: int) -> int | None:
    if need.lookback_us is not None:
        end = at + need.lookback_us
    elif need.counter.resets_at is not None:
        end = to_microseconds(need.counter.resets_at)
    else:
        return None if need.counter.window == LIFETIME.key else at
    return end if end < _LAST_US else None


def _later(one_us: int | None, other_us: int | None) -> int | None:
    return None if one_us is None or other_us is None else max(one_us, other_us)


def is_due(lot: Lot, now_us: int) -> bool:
    """Whether the lot's hold has come to its end."""
    return lot.state is UnitState.HELD and lot.expires_us is not None and lot.expires_us <= now_us


def _beyond(lot: Lot, needs: Sequence[Need]) -> tuple[Need, ...]:
    """The needs that the lot has no live unit for."""
    has = {unit.counter for unit in lot.live}
    return tuple(need for need in needs if need.counter.id not in has)


def _taken(lot: Lot) -> Settled:
    status = Status.DENIED if lot.state is UnitState.DENIED else Status.GRANTED
    return Settled(status, lot.id, lot.choice, lot.expires_us, lot.refused)


def _replay_take(lot: Lot, take: Take) -> Settled:
    """A grant stays a grant and a denial a denial, whatever has become of the lot."""
    if lot.fingerprint != take.fingerprint:
        return Settled(Status.OTHER_CONTENT, lot.id)
    return replace(_taken(lot), replayed=True)


def _replay_step(step: Step, operation: Confirm | Release, event: Event) -> Settled:
    same = (step.fingerprint, step.lot, step.event) == (operation.fingerprint, operation.lot, event)
    if not same:
        return Settled(Status.OTHER_CONTENT, operation.lot)
    return Settled(step.status, step.lot, refused=step.refused, replayed=True)
