"""The ledger's arithmetic: a batch of operations on counters and lots that were read before.

The store locks and reads what a batch touches into a ``Book``, the batch is settled here, and
the store writes down what the book says has changed. Operations are settled in their order,
each sees what those before it did, and each is all or nothing.

Time never steps back for a counter: a unit is taken at the batch's instant, or at the last
instant of the counters it is taken from where that is later. So a hold is never shorter, and a
rolling window never forgets sooner, than promised by any clock that was right at the time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .limits import Counter, Need
from .lots import (
    LIVE,
    MOVES,
    STAYS,
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
)


@dataclass(slots=True)
class Row:
    """One counter as read: live units by kind, and the last instant a unit was taken at.

    ``recent`` counts the live units of each lookback (microseconds) a batch asks for.
    """

    held: int = 0
    used: int = 0
    last_us: int = 0
    floor_us: int = 0
    recent: dict[int, int] = field(default_factory=dict)

    def live(self, lookback_us: int | None) -> int:
        """The units that count."""
        return self.held + self.used if lookback_us is None else self.recent[lookback_us]


@dataclass(slots=True)
class Book:
    """What a batch reads and changes. ``rows`` by counter id, lots and steps by id.

    ``reusable`` are the lots that are held, by the key they can be used again under.

    ``touched``, ``moved`` and ``stepped`` are the ids of what has changed; ``added`` and
    ``removed`` the units of rolling windows with the lots they are of; one that is in both
    was added first.
    """

    now_us: int
    rows: Mapping[bytes, Row]
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
        shortages = []
        for choice, needs in enumerate(take.choices):
            own = self.reusable.get(take.reuse[choice]) if take.reuse else None
            if own:
                return Settled(Status.GRANTED, own, choice, self.lots[own].expires_us, reused=True)
            shortage = self._shortage(needs)
            if shortage is None:
                return self._grant(take, choice, needs)
            shortages.append(shortage)
        return self._open(Lot(take.id, take.fingerprint, UnitState.DENIED, refused=shortages[0]))

    def _grant(self, take: Take, choice: int, needs: Sequence[Need]) -> Settled:
        at = self._instant(needs)
        held = take.hold_us is not None
        units = self._add(take.id, needs, at, held=held)
        state = UnitState.HELD if held else UnitState.CONFIRMED
        expires = None if take.hold_us is None else at + take.hold_us
        reuse = take.reuse[choice] if take.reuse else b""
        return self._open(Lot(take.id, take.fingerprint, state, choice, units, expires, reuse=reuse))

    def _open(self, lot: Lot) -> Settled:
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
        if not isinstance(operation, Confirm):
            self._move(lot, move)
            return move.status, None
        if move.again and operation.again is None:
            return Status.NOTHING_LEFT, None
        needs = (*(operation.again or ()), *operation.also) if move.again else _beyond(lot, operation.also)
        shortage = self._shortage(needs)
        if shortage:
            return Status.NOTHING_LEFT, shortage
        self._confirm(lot, move, needs)
        return move.status, None

    def _confirm(self, lot: Lot, move: Move, needs: Sequence[Need]) -> None:
        more = self._add(lot.id, needs, self._instant(needs), held=False)
        if move.again:
            self._put(replace(lot, state=move.state, units=more))
        else:
            self._move(lot, move, more)

    def _move(self, lot: Lot, move: Move, more: tuple[Unit, ...] = ()) -> None:
        """Counts the lot's units as the move says; ``more`` are counted already."""
        gone = lot.state in LIVE and move.state not in LIVE
        for unit in lot.units if move.held or move.used else ():
            row = self.rows[unit.counter]
            row.held += move.held
            row.used += move.used
            self.touched.setdefault(unit.counter)
            if gone and unit.rolling:
                self._forget(row, unit, lot.id)
        self._put(replace(lot, state=move.state, units=lot.units + more))

    def _forget(self, row: Row, unit: Unit, lot_id: bytes) -> None:
        for lookback in row.recent:
            row.recent[lookback] -= unit.taken_us > row.floor_us - lookback
        self.removed[unit, lot_id] = None

    def _shortage(self, needs: Sequence[Need]) -> Refused | None:
        """Why the needs cannot be had together: of several reasons the first by precedence."""
        short = [
            (need.reason, need.counter.limit)
            for need in needs
            if self.rows[need.counter.id].live(need.lookback_us) >= need.maximum
        ]
        if not short:
            return None
        reason, limit = min(short)
        return Refused(limit, reason)

    def _instant(self, needs: Sequence[Need]) -> int:
        return max((self.rows[need.counter.id].floor_us for need in needs), default=self.now_us)

    def _add(self, lot_id: bytes, needs: Sequence[Need], at: int, *, held: bool) -> tuple[Unit, ...]:
        units = tuple(Unit(need.counter.id, at, need.lookback_us is not None) for need in needs)
        for need, unit in zip(needs, units, strict=True):
            row = self.rows[unit.counter]
            row.held += held
            row.used += not held
            row.last_us = max(row.last_us, at)
            self.touched[unit.counter] = need.counter
            if unit.rolling:
                self.added[unit, lot_id] = None
                for lookback in row.recent:
                    row.recent[lookback] += 1
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


def is_due(lot: Lot, now_us: int) -> bool:
    """Whether the lot's hold has come to its end."""
    return lot.state is UnitState.HELD and lot.expires_us is not None and lot.expires_us <= now_us


def counters_of(operations: Iterable[Operation]) -> dict[bytes, Counter]:
    """Every counter that the operations may take a unit of, by id."""
    return {need.counter.id: need.counter for need in needs_in(operations)}


def needs_in(operations: Iterable[Operation]) -> Iterable[Need]:
    """Every need of the operations."""
    for operation in operations:
        match operation:
            case Take(choices=choices):
                for needs in choices:
                    yield from needs
            case Confirm(again=again, also=also):
                yield from again or ()
                yield from also
            case Release():
                pass


def _beyond(lot: Lot, needs: Sequence[Need]) -> tuple[Need, ...]:
    """The needs that the lot has no unit for yet."""
    has = {unit.counter for unit in lot.units}
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
