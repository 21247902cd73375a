"""The ledger's life as simply as it can be said: a list of units, counted by looking at each.

Slow, in memory, one batch after another. It shares the values of ``core`` (needs, operations,
answers) and none of its arithmetic: no counters, no table of moves.
"""

import math
from dataclasses import dataclass, field, replace

from maitred.core.limits.lots import Confirm, Refused, Release, Settled, Status, Take


@dataclass
class ModelUnit:
    counter: bytes
    lot: bytes
    taken: int
    rolling: bool
    firm: bool
    end: float


@dataclass
class ModelLot:
    fingerprint: bytes
    granted: Settled
    state: str
    expires: int | None
    reuse: bytes = b""
    changed: int = 0


@dataclass
class Model:
    """``live`` are the units that count; a unit that is given back leaves the list."""

    live: list[ModelUnit] = field(default_factory=list)
    lots: dict[bytes, ModelLot] = field(default_factory=dict)
    steps: dict[bytes, tuple[object, Settled]] = field(default_factory=dict)
    last: dict[bytes, int] = field(default_factory=dict)

    def batch(self, now, operations):
        self.now = now
        self.clocks = {counter: max(now, last) for counter, last in self.last.items()}
        for lot_id, lot in self.lots.items():
            if lot.state == "held" and lot.expires <= now:
                self.give_back(lot_id, "expired")
        return [self.one(operation) for operation in operations]

    def one(self, operation):
        if isinstance(operation, Take):
            return self.take(operation)
        return self.step(operation)

    def take(self, take):
        if take.id in self.lots:
            lot = self.lots[take.id]
            if lot.fingerprint != take.fingerprint:
                return Settled(Status.OTHER_CONTENT, take.id)
            return replace(lot.granted, replayed=True)
        for choice, needs in enumerate(() if take.denied else take.choices):
            own = self.own(take, choice)
            if own:
                return Settled(Status.GRANTED, own, choice, self.lots[own].expires, reused=True)
            if self.missing(needs) is None:
                at = self.add(take.id, needs)
                expires = None if take.hold_us is None else at + take.hold_us
                answer = Settled(Status.GRANTED, take.id, choice, expires)
                state = "confirmed" if expires is None else "held"
                key = take.reuse[choice] if take.reuse else b""
                self.lots[take.id] = ModelLot(take.fingerprint, answer, state, expires, key, self.now)
                return answer
        answer = Settled(Status.DENIED, take.id, refused=take.denied or self.missing(take.choices[0]))
        self.lots[take.id] = ModelLot(take.fingerprint, answer, "denied", None, changed=self.now)
        return answer

    def own(self, take, choice):
        key = take.reuse[choice] if take.reuse else b""
        held = (id_ for id_, lot in self.lots.items() if lot.state == "held" and lot.reuse == key)
        return next(held, None) if key else None

    def step(self, operation):
        content = (type(operation), operation.fingerprint, operation.lot)
        if operation.id in self.steps:
            before, answer = self.steps[operation.id]
            if before != content:
                return Settled(Status.OTHER_CONTENT, operation.lot)
            return replace(answer, replayed=True)
        if operation.lot not in self.lots:
            return Settled(Status.UNKNOWN_LOT, operation.lot)
        status, refused = self.stepped(operation, self.lots[operation.lot])
        answer = Settled(status, operation.lot, refused=refused)
        self.steps[operation.id] = (content, answer)
        return answer

    def stepped(self, operation, lot):
        if lot.state == "denied":
            return Status.NOT_GRANTED, None
        if lot.state == "released":
            return Status.ALREADY_RELEASED, None
        if isinstance(operation, Release) and operation.held_only and lot.state == "confirmed":
            return Status.ALREADY_CONFIRMED, None
        if isinstance(operation, Release):
            self.give_back(operation.lot, "released")
            return Status.RELEASED, None
        assert isinstance(operation, Confirm)
        if lot.state == "confirmed":
            return Status.ALREADY_CONFIRMED, None
        needs = operation.also
        if lot.state == "expired":
            if operation.again is None:
                return Status.NOTHING_LEFT, None
            needs = (*(need for need in operation.again if not need.firm), *operation.also)
        has = {unit.counter for unit in self.live if unit.lot == operation.lot}
        needs = tuple(need for need in needs if need.counter.id not in has)
        short = self.missing(needs)
        if short:
            return Status.NOTHING_LEFT, short
        self.add(operation.lot, needs)
        lot.state, lot.changed = "confirmed", self.now
        return Status.CONFIRMED, None

    def give_back(self, lot_id, state):
        """Of a hold that expires the firm units stay."""
        lot = self.lots[lot_id]
        lot.state, lot.changed = state, lot.expires if state == "expired" else self.now
        stay = [unit for unit in self.live if unit.lot != lot_id or (unit.firm and state == "expired")]
        self.live = stay

    def clock(self, counter):
        return self.clocks.get(counter, self.now)

    def count(self, need):
        since = -1 if need.lookback_us is None else self.clock(need.counter.id) - need.lookback_us
        return sum(unit.counter == need.counter.id and unit.taken > since for unit in self.live)

    def missing(self, needs):
        short = [need for need in needs if self.count(need) >= need.maximum]
        first = min(short, key=lambda need: (need.reason.precedence, need.counter.limit), default=None)
        return first and Refused(first.counter.limit, first.reason)

    def add(self, lot_id, needs):
        at = max((self.clock(need.counter.id) for need in needs), default=self.now)
        for need in needs:
            rolling = need.lookback_us is not None
            self.live.append(ModelUnit(need.counter.id, lot_id, at, rolling, need.firm, end_of(need, at)))
            self.last[need.counter.id] = max(self.last.get(need.counter.id, 0), at)
        return at

    def forget(self, before, lots, counters):
        """Only those lots and counters are still there; nothing may be gone that can count."""
        for lot_id in self.lots.keys() - lots:
            lot = self.lots.pop(lot_id)
            assert lot.state != "held"
            assert lot.changed < before
            assert all(unit.end < before for unit in self.live if unit.lot == lot_id)
        self.live = [unit for unit in self.live if unit.lot in lots]
        assert all(unit.end < before for unit in self.live if unit.counter not in counters)
        self.live = [unit for unit in self.live if unit.counter in counters]
        self.steps = {key: step for key, step in self.steps.items() if step[0][2] in lots}


def end_of(need, at):
    if need.lookback_us is not None:
        return at + need.lookback_us
    if need.counter.resets_at is not None:
        return need.counter.resets_at.timestamp() * 1e6
    return math.inf if need.counter.window == "lifetime" else at
