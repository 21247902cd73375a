"""The ledger's arithmetic: a batch of operations on counters and lots that were read before.

The store locks and reads what a batch touches into a ``LedgerBatch``, the batch is settled here, and
the store writes down what the book says has changed. Operations are settled in their order,
each sees what those before it did, and each is all or nothing.

Time never steps back for a counter: a unit is taken at the batch's instant, or at the last
instant of the counters it is taken from where that is later. So a hold is never shorter, and a
rolling window never forgets sooner, than promised by any clock that was right at the time. What is
reported late is counted as of when it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from maitred.core.values.reasons import OUT_OF_STOCK, Reason

from .counters import LAST_US, CounterState, end_us, floor_us, later, over_us
from .limits import Counter, Need
from .lots import (
    LIVE,
    MOVES,
    STAYS,
    WEIGHTS,
    Before,
    Claim,
    Confirm,
    GiveBack,
    Lot,
    LotEvent,
    Move,
    Operation,
    Origin,
    Part,
    Presentation,
    Redeem,
    Refused,
    Release,
    Settled,
    Status,
    Step,
    Take,
    Turn,
    Unit,
    UnitState,
    check_bounds,
    spent_by,
)

Units = dict[tuple[Unit, bytes], None]
"""Units with the lots they are of, in the order in which they came."""


@dataclass(slots=True)
class LedgerBatch:
    """What a batch reads and changes. ``rows`` by counter id, lots and steps by id.

    ``reusable`` are the lots that are held, by the key they can be used again under.

    ``touched``, ``moved`` and ``stepped`` are the ids of what has changed; ``added`` and
    ``removed`` the units of rolling windows with the lots they are of.
    """

    now_us: int
    rows: Mapping[bytes, CounterState]
    lots: dict[bytes, Lot] = field(default_factory=dict)
    steps: dict[bytes, Step] = field(default_factory=dict)
    touched: dict[bytes, Counter | None] = field(default_factory=dict)
    moved: dict[bytes, None] = field(default_factory=dict)
    stepped: dict[bytes, None] = field(default_factory=dict)
    added: Units = field(default_factory=dict)
    removed: Units = field(default_factory=dict)
    reusable: dict[bytes, bytes] = field(default_factory=dict)
    _of_decision: dict[bytes, dict[bytes, None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.rows.values():
            row.floor_us = floor_us(self.now_us, row.last_us)
        for lot in self.lots.values():
            self._enter(lot)

    def settle(self, operations: Iterable[Operation]) -> list[Settled]:
        """The answers to the operations, in their order."""
        return [self._settle(operation) for operation in operations]

    def expire(self, lot_ids: Iterable[bytes]) -> int:
        """Gives back those of the lots that are held and due; says how many."""
        due = [lot for lot in map(self.lots.__getitem__, lot_ids) if is_due(lot, self.now_us)]
        for lot in due:
            self._move(lot, MOVES[lot.state, LotEvent.DUE])
        return len(due)

    def forget(self, lot_ids: Iterable[bytes]) -> None:
        """Takes the units of lots that are over out of the counts; the lots are to go."""
        for lot in map(self.lots.__getitem__, lot_ids):
            self._weigh(lot, UnitState.RELEASED)

    def _settle(self, operation: Operation) -> Settled:
        match operation:
            case Take():
                earlier = self.lots.get(operation.id)
                return _replay(earlier, operation.fingerprint) if earlier else self._take(operation)
            case Confirm():
                return self._step(operation, LotEvent.CONFIRM)
            case Release():
                return self._release(operation)
            case Claim():
                return self._claim(operation)
            case Redeem():
                return self._redeem(operation)
            case Presentation():
                return self._present(operation)
            case GiveBack():
                return self._give_back(operation)

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
        return self._refuse(take, take.part, shortages[0])

    def _grant(self, take: Take, choice: int, needs: Sequence[Need]) -> Settled:
        reuse = take.reuse[choice] if take.reuse else b""
        at = self._instant(needs)
        return _taken(self._open(take, take.part, needs, at, take.hold_us, choice=choice, reuse=reuse))

    def _open(
        self,
        operation: Take | Claim | Presentation | GiveBack,
        part: Part,
        needs: Sequence[Need],
        at: int,
        hold_us: int | None = None,
        *,
        lot_id: bytes = b"",
        choice: int = 0,
        reuse: bytes = b"",
        place: str = "",
    ) -> Lot:
        """A lot of these needs, which are there or count all the same, taken at that instant."""
        key, state = lot_id or operation.id, UnitState.CONFIRMED if hold_us is None else UnitState.HELD
        expires = None if hold_us is None else at + hold_us
        # What is reported late is kept from now on: that it was reported must be known for as long as ever.
        over = later(over_us(needs, at), max(expires or at, self.now_us))
        units, origin = self._add(key, needs, at, state), operation.origin
        return self._put(
            Lot(
                key,
                operation.fingerprint,
                state,
                choice,
                units,
                expires,
                None,
                reuse,
                origin,
                over,
                part,
                place,
            )
        )

    def _refuse(self, operation: Take | Claim, part: Part, refused: Refused, place: str = "") -> Settled:
        """A lot that says there was nothing to be had."""
        lot = Lot(
            operation.id,
            operation.fingerprint,
            UnitState.DENIED,
            refused=refused,
            origin=operation.origin,
            over_us=self.now_us,
            part=part,
            place=place,
        )
        return _taken(self._put(lot))

    def _step(self, operation: Confirm | Release, event: LotEvent) -> Settled:
        earlier = self.steps.get(operation.id)
        if earlier:
            return _replay_step(earlier, operation, event)
        lot = self.lots.get(operation.lot)
        if lot is None:
            return Settled(Status.UNKNOWN_LOT, operation.lot)
        status, refused = self._moved(lot, operation, event)
        self._keep(Step(operation.id, operation.fingerprint, operation.lot, event, status, refused))
        return Settled(status, lot.id, refused=refused)

    def _moved(
        self, lot: Lot, operation: Confirm | Release, event: LotEvent
    ) -> tuple[Status, Refused | None]:
        move = MOVES.get((lot.state, event))
        if move is None:
            return STAYS[lot.state, event], None
        if isinstance(operation, Confirm):
            return self._confirmed(lot, move, operation)
        if operation.held_only and lot.state is UnitState.CONFIRMED:
            return Status.ALREADY_CONFIRMED, None
        self._move(lot, move)
        return move.status, None

    def _confirmed(self, lot: Lot, move: Move, step: Confirm | Redeem) -> tuple[Status, Refused | None]:
        if move.again and step.again is None:
            return Status.NOTHING_LEFT, None
        if move.again and lot.place and lot.origin and self._live_claim(lot.origin, lot.place):
            return Status.PLACE_TAKEN, None
        claim = step.claim if isinstance(step, Redeem) else step
        needs = _beyond(lot, (*((step.again or ()) if move.again else ()), *step.also))
        made, shown = self._given_back(lot, claim.before) if move.again else ((), ())
        shortage = self._shortage((*needs, *made, *shown))
        if shortage:
            return Status.NOTHING_LEFT, shortage
        at = self._instant((*needs, *made, *shown)) if claim.at_us is None else claim.at_us
        self._confirm(lot, move, needs, at)
        self._spend(lot, claim.before, made, shown, at)
        return move.status, None

    def _given_back(self, lot: Lot, before: Before) -> tuple[tuple[Need, ...], tuple[Need, ...]]:
        """What the decision of an expired claim and its presentation took, where that has gone back since."""
        if lot.origin is None:
            return (), ()
        shown = self._shown(lot.origin)
        gone = bool(shown) and not any(other.is_live for other in shown)
        made = self._unmade(lot.origin, lot.place, before, uncounted=lot.place != lot.origin.action)
        return made, before.shown if gone else ()

    def _release(self, release: Release) -> Settled:
        answer = self._step(release, LotEvent.RELEASE)
        if answer.status is Status.RELEASED and not answer.replayed and not self._is_replaced(release.lot):
            for lot_id in release.along:
                self._let_go(lot_id)
            self._let_go_spent(release.spent, release.presented)
        return answer

    def _is_replaced(self, lot_id: bytes) -> bool:
        """Whether the place of a claim has another one, which needs what the decision and the claim spent."""
        lot = self.lots[lot_id]
        return bool(lot.place and lot.origin and self._live_claim(lot.origin, lot.place))

    def _claim(self, claim: Claim) -> Settled:
        earlier, again = self.lots.get(claim.id), self.steps.get(claim.id)
        if earlier:
            return _replay(earlier, claim.fingerprint)
        if again:
            return self._replay_repeat(again, claim)
        claim = self._placed(claim)
        live = self._serving(claim)
        if live is None:
            return self._claim_anew(claim)
        if live.state is UnitState.CONFIRMED:
            return self._refuse(claim, Part.CLAIM, Refused("claim", Reason.ALREADY_REDEEMED), claim.place)
        if live.origin and live.origin.action != claim.origin.action:
            return Settled(Status.PLACE_TAKEN, live.id)
        self._keep(Step(claim.id, claim.fingerprint, live.id, LotEvent.REPEAT, Status.GRANTED))
        return Settled(Status.GRANTED, live.id, expires_us=live.expires_us, reused=True)

    def _claim_anew(self, claim: Claim) -> Settled:
        uncounted = bool(claim.turns or claim.carried)
        made = self._unmade(claim.origin, claim.place, claim.before, uncounted=uncounted)
        shown = self._unshown(claim.origin, claim.before.shown)
        needs = (*claim.needs, *made, *shown)
        check_bounds((needs,))
        hold = self.lots.get(claim.hold)
        spare = hold.units if hold and hold.state is UnitState.HELD else ()
        denied = self._denial(claim) or self._shortage((*needs, *claim.later), spare)
        if denied:
            return self._refuse(claim, Part.CLAIM, denied, claim.place)
        self._let_go(claim.hold, held_only=True)
        at = self._instant(needs) if claim.at_us is None else claim.at_us
        lot = self._open(claim, Part.CLAIM, claim.needs, at, claim.hold_us, place=claim.place)
        self._spend(lot, claim.before, made, shown, at)
        return _taken(lot)

    def _unmade(self, origin: Origin, place: str, before: Before, *, uncounted: bool) -> tuple[Need, ...]:
        """What the decision spends for the action and its place and does not have, or not any more.

        What never was spent is not missed, unless it is ``uncounted``: nothing may have been spent at all.
        """
        if not before.made:
            return ()
        own = self.lots.get(before.decided[0])
        # What was spent in a window before this one has counted once for all.
        if not uncounted and (own is None or own.is_live):
            return ()
        names, lots = {origin.action, place}, map(self.lots.get, before.decided)
        own_lots = (lot for lot in lots if lot and lot.origin and lot.origin.action in names)
        units = (unit for lot in own_lots for unit in lot.live)
        has = {unit.counter for unit in units}
        return tuple(need for need in before.made if need.counter.id not in has)

    def _spend(
        self, claim: Lot, before: Before, made: Sequence[Need], shown: Sequence[Need], at: int
    ) -> None:
        """Spends what comes before a claim, as far as it was given back or was never taken."""
        if made:
            self._spend_more(claim, Part.DECIDED, before.decided[0], made, at)
        if shown:
            self._spend_more(claim, Part.SPENT_BY_CLAIM, spent_by(claim.id), shown, at)

    def _spend_more(self, claim: Lot, part: Part, lot_id: bytes, needs: Sequence[Need], at: int) -> None:
        """Spends units in a lot of which some may have been spent, and given back, before."""
        earlier = self.lots.get(lot_id)
        units = self._add(lot_id, needs, at, UnitState.CONFIRMED)
        over = later(over_us(needs, at), self.now_us)
        lot = earlier or Lot(
            lot_id, claim.fingerprint, UnitState.CONFIRMED, origin=claim.origin, over_us=over, part=part
        )
        live = earlier.live if earlier else ()
        over = later(lot.over_us, over) if live else over
        self._put(lot._replace(state=UnitState.CONFIRMED, units=live + units, over_us=over))

    def _redeem(self, redeem: Redeem) -> Settled:
        """Of several claims that have expired the last one counts: others were made before it."""
        claim = redeem.claim
        if claim.id in self.lots:
            return _replay(self.lots[claim.id], claim.fingerprint)
        claim = self._placed(claim)
        live = self._serving(claim)
        if live and live.state is UnitState.CONFIRMED:
            return Settled(Status.ALREADY_CONFIRMED, live.id)
        if live and live.origin and live.origin.action != claim.origin.action:
            return Settled(Status.PLACE_TAKEN, live.id)
        lot = live or self._expired_claim(claim.origin)
        if lot is None:
            return self._claim_anew(claim)
        event = LotEvent.CONFIRM
        status, refused = self._confirmed(lot, MOVES[lot.state, event], redeem)
        self._keep(Step(redeem.id, redeem.fingerprint, lot.id, event, status, refused))
        return Settled(status, lot.id, refused=refused)

    def _present(self, present: Presentation) -> Settled:
        if present.id in self.lots:
            return Settled(Status.GRANTED, present.id, replayed=True)
        self._let_go(present.hold, held_only=True)
        spent = any(lot.is_live for lot in self._lots_of(present.origin, Part.SPENT_BY_CLAIM))
        needs = () if spent else self._open_needs(present.needs, present.at_us)
        beyond = self._shortage(needs)
        self._open(present, Part.PRESENTED, needs, present.at_us)
        return Settled(Status.GRANTED, present.id, refused=beyond)

    def _give_back(self, give: GiveBack) -> Settled:
        for claim in self._lots_of(give.origin, Part.CLAIM):
            if claim.is_live and not (give.held_only and claim.state is UnitState.CONFIRMED):
                self._let_go(claim.id)
                self._let_go_spent(spent_by(claim.id), give.presented)
        for lot_id in give.own:
            lot = self.lots.get(lot_id)
            # What was held goes back while it is held; what was decided unless a claim stands on it.
            if lot and (lot.part is Part.HOLD or not self._has_claim(give.origin)):
                self._let_go(lot_id, held_only=lot.part is Part.HOLD)
        if give.needs and give.counted not in self.lots:
            needs = self._open_needs(give.needs, give.at_us)
            self._open(give, Part.REJECTED, needs, give.at_us, lot_id=give.counted)
        return Settled(Status.RELEASED, give.id)

    def _has_claim(self, origin: Origin) -> bool:
        """Whether the action, or what took its place in the answer, is claimed or redeemed."""
        lots = self._of(origin.decision)
        live = (claim for claim in lots if claim.part is Part.CLAIM and claim.is_live)
        return any(claim.is_for(origin.action) or claim.place == origin.action for claim in live)

    def _denial(self, claim: Claim) -> Refused | None:
        """Why it cannot be had whatever is left; not its turn comes before all but the window."""
        over = claim.denied and claim.denied.reason is Reason.CLAIM_WINDOW_OVER
        if not claim.turns or over or any(self._has_come(claim, turn) for turn in claim.turns):
            return claim.denied
        return Refused("alternatives", Reason.STAND_IN_ONLY)

    def _placed(self, claim: Claim) -> Claim:
        """The claim in its place: of several that it may take, one it has or whose turn has come."""
        if not claim.turns:
            return claim
        own = (turn for turn in claim.turns if self._has_place(claim, turn.place))
        open_ones = (
            turn
            for turn in claim.turns
            if self._has_come(claim, turn) and not self._live_claim(claim.origin, turn.place)
        )
        turn = next(chain(own, open_ones), None)
        return claim._replace(place=turn.place, hold=turn.hold) if turn else claim

    def _has_place(self, claim: Claim, place: str) -> bool:
        live = self._live_claim(claim.origin, place)
        return live is not None and live.is_for(claim.origin.action)

    def _has_come(self, claim: Claim, turn: Turn) -> bool:
        return any(
            lot.part is Part.CLAIM
            and lot.state is UnitState.DENIED
            and lot.place == turn.place
            and lot.origin is not None
            and lot.origin.action in turn.after
            and lot.refused is not None
            and lot.refused.reason in OUT_OF_STOCK
            for lot in self._of(claim.origin.decision)
        )

    def _serving(self, claim: Claim) -> Lot | None:
        """The claim of the place that is held or redeemed, be it one of another decision."""
        carried = self.lots.get(claim.carried)
        if carried and carried.is_live:
            return carried
        return self._live_claim(claim.origin, claim.place)

    def _live_claim(self, origin: Origin, place: str) -> Lot | None:
        for lot in self._of(origin.decision):
            if lot.part is Part.CLAIM and lot.place == place and lot.is_live:
                return lot
        return None

    def _expired_claim(self, origin: Origin) -> Lot | None:
        expired = [lot for lot in self._lots_of(origin, Part.CLAIM) if lot.state is UnitState.EXPIRED]
        return max(expired, key=lambda lot: (lot.expires_us or 0, lot.id), default=None)

    def _lots_of(self, origin: Origin, part: Part) -> list[Lot]:
        return [lot for lot in self._of(origin.decision) if lot.part is part and lot.is_for(origin.action)]

    def _of(self, decision: bytes) -> list[Lot]:
        """Every lot that was taken for the decision."""
        return [self.lots[lot_id] for lot_id in self._of_decision.get(decision, ())]

    def _unshown(self, origin: Origin, needs: Sequence[Need]) -> tuple[Need, ...]:
        """The needs of which no presentation of the action has a unit in its window."""
        if not needs:
            return ()
        units = [unit for lot in self._shown(origin) for unit in lot.live]
        return tuple(need for need in needs if not any(self._has(need, unit) for unit in units))

    def _shown(self, origin: Origin) -> list[Lot]:
        """What presentations of the action took, reported ones and claims."""
        return [*self._lots_of(origin, Part.PRESENTED), *self._lots_of(origin, Part.SPENT_BY_CLAIM)]

    def _has(self, need: Need, unit: Unit) -> bool:
        """Whether the unit is one of the need's counter, and counts in its window."""
        if unit.counter != need.counter.id:
            return False
        row = self.rows[unit.counter]
        in_window = need.lookback_us is None or unit.taken_us > row.floor_us - need.lookback_us
        return in_window and row.counts(unit)

    def _open_needs(self, needs: Sequence[Need], at: int) -> tuple[Need, ...]:
        """Those of the needs whose units still count in a window: others change nothing."""
        return tuple(
            need for need in needs if (end_us(need, at) or LAST_US) > self.now_us or _is_session(need)
        )

    def _let_go(self, lot_id: bytes, *, held_only: bool = False) -> None:
        """Releases a lot, if it is there to be released."""
        lot = self.lots.get(lot_id)
        move = MOVES.get((lot.state, LotEvent.RELEASE)) if lot else None
        if lot and move and not (held_only and lot.state is not UnitState.HELD):
            self._move(lot, move)

    def _let_go_spent(self, spent: bytes, presented: bytes) -> None:
        reported = self.lots.get(presented)
        if not (reported and reported.is_live):
            self._let_go(spent)

    def _keep(self, step: Step) -> None:
        self.steps[step.id] = step
        self.stepped[step.id] = None

    def _replay_repeat(self, step: Step, claim: Claim) -> Settled:
        if (step.fingerprint, step.event) != (claim.fingerprint, LotEvent.REPEAT):
            return Settled(Status.OTHER_CONTENT, claim.id)
        lot = self.lots.get(step.lot)
        expires_us = lot.expires_us if lot else None
        return Settled(step.status, step.lot, expires_us=expires_us, replayed=True, reused=True)

    def _confirm(self, lot: Lot, move: Move, needs: Sequence[Need], at: int) -> None:
        """Confirms the units that are live, and ``needs`` on top."""
        more = self._add(lot.id, needs, at, move.state)
        over = later(later(lot.over_us, over_us(needs, at)), self.now_us)
        self._move(lot._replace(units=lot.live, over_us=over), move, more)

    def _move(self, lot: Lot, move: Move, more: tuple[Unit, ...] = ()) -> None:
        """Counts the lot's units as the move says; ``more`` are counted already."""
        self._weigh(lot, move.state)
        moved = lot._replace(state=move.state, units=lot.units + more)
        self._put(moved if moved.is_live else moved._replace(over_us=self.now_us))

    def _weigh(self, lot: Lot, state: UnitState) -> None:
        """Counts the lot's units as those of a lot in ``state``."""
        before, after = WEIGHTS[lot.state], WEIGHTS[state]
        for unit in lot.units:
            row = self.rows.get(unit.counter)
            # Without a row: its window has ended so long ago that the counter is gone.
            if before == after or row is None or not row.counts(unit):
                continue
            row.weigh(before, -1)
            row.weigh(after)
            self.touched.setdefault(unit.counter)
            if state not in LIVE:
                row.given_back(unit)
                if unit.rolling:
                    _change(self.removed, self.added, (unit, lot.id))

    def _shortage(self, needs: Sequence[Need], spare: Sequence[Unit] = ()) -> Refused | None:
        """Why the needs cannot be had together: of several reasons the first by precedence.

        The units in ``spare`` are about to be given back.
        """
        short = [need for need in needs if self._live(need, spare) >= need.maximum]
        if not short:
            return None
        first = min(short, key=lambda need: (need.reason.precedence, need.counter.limit))
        return Refused(first.counter.limit, first.reason)

    def _live(self, need: Need, spare: Sequence[Unit]) -> int:
        live = self.rows[need.counter.id].live(need.lookback_us)
        return live - sum(self._has(need, unit) for unit in spare) if spare else live

    def _instant(self, needs: Sequence[Need]) -> int:
        return max([self.rows[need.counter.id].floor_us for need in needs], default=self.now_us)

    def _add(self, lot_id: bytes, needs: Sequence[Need], at: int, state: UnitState) -> tuple[Unit, ...]:
        """Units for the needs, counted as those of a lot in ``state``."""
        units = []
        for need in needs:
            counter = need.counter
            unit = Unit(counter.id, at, need.lookback_us is not None)
            units.append(unit)
            row = self.rows[counter.id]
            row.weigh(WEIGHTS[state])
            row.taken(unit)
            self.touched[counter.id] = counter
            if unit.rolling:
                _change(self.added, self.removed, (unit, lot_id))
        return tuple(units)

    def _put(self, lot: Lot) -> Lot:
        self.lots[lot.id] = lot
        self.moved[lot.id] = None
        self._enter(lot)
        return lot

    def _enter(self, lot: Lot) -> None:
        """Lets the lot be found by its decision, and used again exactly while it is held."""
        if lot.origin:
            self._of_decision.setdefault(lot.origin.decision, {})[lot.id] = None
        if not lot.reuse:
            return
        if lot.state is UnitState.HELD and not is_due(lot, self.now_us):
            self.reusable[lot.reuse] = lot.id
        elif self.reusable.get(lot.reuse) == lot.id:
            del self.reusable[lot.reuse]


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


def _replay(lot: Lot, fingerprint: bytes) -> Settled:
    """A grant stays a grant and a denial a denial, whatever has become of the lot."""
    if lot.fingerprint != fingerprint:
        return Settled(Status.OTHER_CONTENT, lot.id)
    return _taken(lot)._replace(replayed=True)


def _change(into: Units, out_of: Units, key: tuple[Unit, bytes]) -> None:
    """What is removed and added again, or the other way round, is as it was."""
    if key in out_of:
        del out_of[key]
    else:
        into[key] = None


def _is_session(need: Need) -> bool:
    return need.lookback_us is None and need.counter.resets_at is None


def _replay_step(step: Step, operation: Confirm | Release, event: LotEvent) -> Settled:
    same = (step.fingerprint, step.lot, step.event) == (operation.fingerprint, operation.lot, event)
    if not same:
        return Settled(Status.OTHER_CONTENT, operation.lot)
    return Settled(step.status, step.lot, refused=step.refused, replayed=True)
