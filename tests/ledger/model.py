"""The ledger's life as simply as it can be said: a list of units, counted by looking at each.

Slow, in memory, one batch after another. It shares the values of ``core`` (needs, operations,
answers) and none of its arithmetic: no counters, no table of moves.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from maitred.core.limits.lots import (
    Claim,
    Confirm,
    GiveBack,
    Origin,
    Part,
    Presentation,
    Redeem,
    Refused,
    Release,
    Settled,
    Status,
    Take,
    spent_by,
)
from maitred.core.values.reasons import Reason


@dataclass
class ModelUnit:
    counter: bytes
    lot: bytes
    taken: int
    rolling: bool
    end: float


@dataclass
class ModelLot:
    fingerprint: bytes
    granted: Settled
    state: str
    expires: int | None
    reuse: bytes = b""
    changed: int = 0
    part: Part = Part.OTHER
    origin: Origin | None = None
    place: str = ""

    @property
    def live(self):
        return self.state in {"held", "confirmed"}


@dataclass
class Model:
    """``live`` are the units that count; a unit that is given back leaves the list."""

    live: list[ModelUnit] = field(default_factory=list)
    lots: dict[bytes, ModelLot] = field(default_factory=dict)
    steps: dict[bytes, tuple[tuple[Any, ...], Settled]] = field(default_factory=dict)
    last: dict[bytes, int] = field(default_factory=dict)

    def batch(self, now, operations):
        self.now = now
        self.clocks = {counter: max(now, last) for counter, last in self.last.items()}
        for lot_id, lot in self.lots.items():
            if lot.state == "held" and lot.expires <= now:
                self.give_back(lot_id, "expired")
        return [self.one(operation) for operation in operations]

    def one(self, operation):
        match operation:
            case Take():
                return self.take(operation)
            case Claim():
                return self.claim(operation)
            case Redeem():
                return self.redeem(operation)
            case Presentation():
                return self.present(operation)
            case GiveBack():
                return self.give(operation)
            case Confirm() | Release():
                return self.step(operation)

    def replay(self, operation):
        lot = self.lots[operation.id]
        if lot.fingerprint != operation.fingerprint:
            return Settled(Status.OTHER_CONTENT, operation.id)
        return lot.granted._replace(replayed=True)

    def take(self, take):
        if take.id in self.lots:
            return self.replay(take)
        for choice, needs in enumerate(take.choices):
            own = self.own(take, choice)
            if own:
                return Settled(Status.GRANTED, own, choice, self.lots[own].expires, reused=True)
            if self.missing(needs) is None:
                key = take.reuse[choice] if take.reuse else b""
                return self.open(take, needs, take.hold_us, choice=choice, reuse=key, part=take.part)
        return self.deny(take, self.missing(take.choices[0]), part=take.part)

    def open(self, operation, needs, hold_us, *, at=None, lot=b"", choice=0, **about):
        """A lot with these units, held or spent at once."""
        lot = lot or operation.id
        taken = self.add(lot, needs, at)
        expires = None if hold_us is None else taken + hold_us
        answer = Settled(Status.GRANTED, lot, choice, expires)
        state = "confirmed" if expires is None else "held"
        self.lots[lot] = ModelLot(
            operation.fingerprint, answer, state, expires, changed=self.now, origin=operation.origin, **about
        )
        return answer

    def deny(self, operation, refused, **about):
        answer = Settled(Status.DENIED, operation.id, refused=refused)
        self.lots[operation.id] = ModelLot(
            operation.fingerprint, answer, "denied", None, changed=self.now, origin=operation.origin, **about
        )
        return answer

    def claim(self, claim):
        if claim.id in self.lots:
            return self.replay(claim)
        if claim.id in self.steps:
            content, answer = self.steps[claim.id]
            if content != (Claim, claim.fingerprint, answer.lot):
                return Settled(Status.OTHER_CONTENT, claim.id)
            return answer._replace(replayed=True)
        place = self.place_for(claim)
        live = self.serving(claim, place)
        if live is None:
            return self.claim_anew(claim, place)
        if self.lots[live].state == "confirmed":
            return self.deny(claim, Refused("claim", Reason.ALREADY_REDEEMED), part=Part.CLAIM, place=place)
        if self.lots[live].origin.action != claim.origin.action:
            return Settled(Status.PLACE_TAKEN, live)
        answer = Settled(Status.GRANTED, live, 0, self.lots[live].expires, reused=True)
        self.steps[claim.id] = ((Claim, claim.fingerprint, live), answer)
        return answer

    def serving(self, claim, place):
        """The claim that the checkout had named when it asked, as long as that is live, or one of its own."""
        carried = self.lots.get(claim.carried)
        return claim.carried if carried and carried.live else self.live_claim(claim.origin, place)

    def place_for(self, claim):
        own = [turn.place for turn in claim.turns if self.has(claim, turn.place)]
        come = [turn.place for turn in claim.turns if self.come(claim, turn)]
        free = [place for place in come if not self.live_claim(claim.origin, place)]
        return [*own, *free, claim.place][0]

    def has(self, claim, place):
        live = self.live_claim(claim.origin, place)
        return live is not None and self.lots[live].origin == claim.origin

    def come(self, claim, turn):
        denied = [
            lot
            for lot in self.lots.values()
            if lot.part is Part.CLAIM and lot.state == "denied" and lot.place == turn.place
            if lot.origin.decision == claim.origin.decision and lot.origin.action in turn.after
        ]
        stock = {Reason.CAPACITY_EXHAUSTED, Reason.PACED}
        return any(lot.granted.refused.reason in stock for lot in denied)

    def claims(self, origin, place):
        return [
            key
            for key, lot in self.lots.items()
            if lot.part is Part.CLAIM and lot.place == place and lot.origin.decision == origin.decision
        ]

    def live_claim(self, origin, place):
        live = [key for key in self.claims(origin, place) if self.lots[key].live]
        assert len(live) <= 1, "one claim of a place"
        return live[0] if live else None

    def claim_anew(self, claim, place):
        about = {"part": Part.CLAIM, "place": place}
        over = claim.denied and claim.denied.reason is Reason.CLAIM_WINDOW_OVER
        if claim.turns and not over and not any(self.come(claim, turn) for turn in claim.turns):
            return self.deny(claim, Refused("alternatives", Reason.STAND_IN_ONLY), **about)
        shown = self.unshown(claim.origin, claim.before.shown)
        names = {claim.origin.action, place}
        made = self.unmade(names, claim.before, spent_nothing=bool(claim.turns or claim.carried))
        held_for = next((turn.hold for turn in claim.turns if turn.place == place), claim.hold)
        hold = self.lots.get(held_for)
        spare = held_for if hold and hold.state == "held" else None
        refused = claim.denied or self.missing((*claim.needs, *made, *shown, *claim.later), spare)
        if refused:
            return self.deny(claim, refused, **about)
        if spare:
            self.give_back(held_for, "released")
        needs = (*claim.needs, *made, *shown)
        at = self.instant(needs) if claim.at_us is None else claim.at_us
        answer = self.open(claim, claim.needs, claim.hold_us, at=at, **about)
        self.spend(claim.id, claim.before, made, shown, at)
        return answer

    def spend(self, key, before, made, shown, at):
        """What comes before a claim, in the lots in which it would have been spent at its own step."""
        if made:
            self.spend_in(before.decided[0], made, key, at, Part.DECIDED)
        if shown:
            self.spend_in(spent_by(key), shown, key, at, Part.SPENT_BY_CLAIM)

    def spend_in(self, lot, needs, claim, at, part):
        self.add(lot, needs, at)
        of = self.lots[claim]
        fresh = ModelLot(
            of.fingerprint, Settled(Status.GRANTED, lot), "confirmed", None, part=part, origin=of.origin
        )
        known = self.lots.setdefault(lot, fresh)
        known.state, known.changed = "confirmed", self.now

    def unmade(self, names, before, *, spent_nothing):
        """What the decision counts at its own step and has not spent, or has been given back."""
        lots = [key for key in before.decided if key in self.lots and self.lots[key].origin.action in names]
        first = self.lots.get(before.decided[0]) if before.decided else None
        has_gone = first is not None and not first.live
        if not (spent_nothing or has_gone):
            return ()
        has = {unit.counter for unit in self.live if unit.lot in lots}
        return tuple(need for need in before.made if need.counter.id not in has)

    def unshown(self, origin, needs):
        """Needs of which no presentation of the action has a unit that counts."""
        parts = {Part.PRESENTED, Part.SPENT_BY_CLAIM}
        lots = {key for key, lot in self.lots.items() if lot.part in parts and lot.origin == origin}
        return tuple(need for need in needs if not any(unit.lot in lots for unit in self.counting(need)))

    def redeem(self, redeem):
        claim = redeem.claim
        if claim.id in self.lots:
            return self.replay(claim)
        place = self.place_for(claim)
        live = self.serving(claim, place)
        if live and self.lots[live].state == "confirmed":
            return Settled(Status.ALREADY_CONFIRMED, live)
        if live and self.lots[live].origin.action != claim.origin.action:
            return Settled(Status.PLACE_TAKEN, live)
        expired = [
            key
            for key, lot in self.lots.items()
            if lot.part is Part.CLAIM and lot.origin == claim.origin and lot.state == "expired"
        ]
        key = live or max(expired, key=lambda key: (self.lots[key].expires, key), default=None)
        if key is None:
            return self.claim_anew(claim, place)
        status, refused = self.confirmed(redeem, key, claim.at_us)
        self.steps[redeem.id] = ((Redeem, redeem.fingerprint, key), Settled(status, key, refused=refused))
        return Settled(status, key, refused=refused)

    def present(self, present):
        if present.id in self.lots:
            return Settled(Status.GRANTED, present.id, replayed=True)
        hold = self.lots.get(present.hold)
        if hold and hold.state == "held":
            self.give_back(present.hold, "released")
        spent = any(
            lot.live
            for lot in self.lots.values()
            if lot.part is Part.SPENT_BY_CLAIM and lot.origin == present.origin
        )
        needs = () if spent else self.not_over(present.needs, present.at_us)
        beyond = self.missing(needs)
        self.open(present, needs, None, at=present.at_us, part=Part.PRESENTED)
        return Settled(Status.GRANTED, present.id, refused=beyond)

    def give(self, give):
        for key, lot in list(self.lots.items()):
            of_it = lot.part is Part.CLAIM and lot.origin == give.origin and lot.live
            if of_it and not (give.held_only and lot.state == "confirmed"):
                self.give_back(key, "released")
                self.give_spent(spent_by(key), give.presented)
        decision, action, _ = give.origin
        is_claimed = any(
            lot.live and lot.part is Part.CLAIM and lot.origin.decision == decision
            for lot in self.lots.values()
            if action in {lot.place, lot.origin.action if lot.origin else None}
        )
        for key in give.own:
            lot = self.lots.get(key)
            if lot and lot.part is not Part.HOLD and is_claimed:
                continue
            states = {"held"} if lot and lot.part is Part.HOLD else {"held", "confirmed", "expired"}
            if lot and lot.state in states:
                self.give_back(key, "released")
        if give.needs and give.counted not in self.lots:
            needs = self.not_over(give.needs, give.at_us)
            self.open(give, needs, None, at=give.at_us, lot=give.counted, part=Part.REJECTED)
        return Settled(Status.RELEASED, give.id)

    def give_spent(self, spent, presented):
        reported, lot = self.lots.get(presented), self.lots.get(spent)
        if lot and lot.state == "confirmed" and not (reported and reported.live):
            self.give_back(spent, "released")

    def not_over(self, needs, at):
        """Those whose unit of that instant counts in some window; of a session no end is known."""
        return tuple(
            need
            for need in needs
            if end_of(need, at) > self.now or need.counter.window.startswith("session/")
        )

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
            return answer._replace(replayed=True)
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
        if isinstance(operation, Confirm):
            return self.confirmed(operation, operation.lot, operation.at_us)
        if operation.held_only and lot.state == "confirmed":
            return Status.ALREADY_CONFIRMED, None
        self.give_back(operation.lot, "released")
        if lot.place and lot.origin and self.live_claim(lot.origin, lot.place):
            return Status.RELEASED, None
        for along in operation.along:
            if along in self.lots and self.lots[along].state in {"held", "confirmed", "expired"}:
                self.give_back(along, "released")
        self.give_spent(operation.spent, operation.presented)
        return Status.RELEASED, None

    def confirmed(self, step, key, at):
        """Of a claim or hold that is held or has expired."""
        lot = self.lots[key]
        if lot.state == "confirmed":
            return Status.ALREADY_CONFIRMED, None
        needs, made, shown = step.also, (), ()
        before = step.claim.before if isinstance(step, Redeem) else step.before
        if lot.state == "expired":
            if step.again is None:
                return Status.NOTHING_LEFT, None
            if lot.place and self.live_claim(lot.origin, lot.place):
                return Status.PLACE_TAKEN, None
            needs = (*step.again, *step.also)
            made, shown = self.gone_back(lot, before) if lot.origin else ((), ())
        has = {unit.counter for unit in self.live if unit.lot == key}
        needs = tuple(need for need in needs if need.counter.id not in has)
        short = self.missing((*needs, *made, *shown))
        if short:
            return Status.NOTHING_LEFT, short
        at = self.instant((*needs, *made, *shown)) if at is None else at
        self.add(key, needs, at)
        lot.state, lot.changed = "confirmed", self.now
        self.spend(key, before, made, shown, at)
        return Status.CONFIRMED, None

    def gone_back(self, lot, before):
        """Of what was counted before an expired claim: what somebody has given back since."""
        parts = {Part.PRESENTED, Part.SPENT_BY_CLAIM}
        shown = [
            sibling
            for sibling in self.lots.values()
            if sibling.part in parts and sibling.origin == lot.origin
        ]
        names = {lot.origin.action, lot.place}
        made = self.unmade(names, before, spent_nothing=len(names) > 1)
        return made, before.shown if shown and not any(sibling.live for sibling in shown) else ()

    def give_back(self, lot_id, state):
        lot = self.lots[lot_id]
        lot.state, lot.changed = state, lot.expires if state == "expired" else self.now
        self.live = [unit for unit in self.live if unit.lot != lot_id]

    def clock(self, counter):
        return self.clocks.get(counter, self.now)

    def counting(self, need):
        since = -math.inf if need.lookback_us is None else self.clock(need.counter.id) - need.lookback_us
        return [unit for unit in self.live if unit.counter == need.counter.id and unit.taken > since]

    def count(self, need, spare=None):
        return sum(unit.lot != spare for unit in self.counting(need))

    def is_reported(self, unit):
        """Whether it stands for a fact, which asks nobody."""
        return self.lots[unit.lot].part in {Part.PRESENTED, Part.REJECTED}

    def reported(self, need):
        return sum(map(self.is_reported, self.counting(need)))

    def missing(self, needs, spare=None):
        short = [need for need in needs if self.count(need, spare) >= need.maximum]
        first = min(short, key=lambda need: (need.reason.precedence, need.counter.limit), default=None)
        return first and Refused(first.counter.limit, first.reason)

    def instant(self, needs):
        return max((self.clock(need.counter.id) for need in needs), default=self.now)

    def add(self, lot_id, needs, at=None):
        at = self.instant(needs) if at is None else at
        for need in needs:
            rolling = need.lookback_us is not None
            self.live.append(ModelUnit(need.counter.id, lot_id, at, rolling, end_of(need, at)))
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
