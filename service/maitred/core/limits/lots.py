"""Units that are taken together, and their life.

A lot is what one request took: one unit of each counter it needed, all or none. Its units are
held, and then confirmed, released or expired, like a pending transfer::

                 confirm                release
    (take) -> HELD ------> CONFIRMED ------------> RELEASED
                |  release                            ^
                +-------------------------------------+
                |  due                     release    |
                +------> EXPIRED ---------------------+
                            |  confirm: takes again where there is one
                            +------> CONFIRMED

    (take, none left) -> DENIED

A unit that is held or used (confirmed) is live: it counts. A unit never becomes live without a take.
The tables below are the whole of it: what is not in ``MOVES`` changes nothing, and ``STAYS`` says
why; what a move changes in the counters is the difference of two rows of ``WEIGHTS``.

What one decision and what comes of it take is in lots of several parts (``Part``), each with a life of
its own: what the decision spent, what it holds to present, what presenting spent, the claim, what the
claim spent in place of a presentation, the rejection. At most one claim of a place is live.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, unique
from itertools import chain
from typing import NamedTuple

from maitred.core.values.instants import TIME_BYTES, from_microseconds, time_bytes
from maitred.core.values.reasons import Reason
from maitred.core.values.texts import digest

from .limits import Counter, Need

_LOT, _SPENT = b"maitred.lot", b"maitred.spent"
MAX_CHOICES = 16
"""An action and its chain of alternatives; bounds what one request locks."""
MAX_NEEDS = 64
"""Limits on one action, their paces included."""
DECISION_BYTES = 6
"""Of a decision's id, in the ids of the lots that it takes."""
_OWN_BYTES = 9
"""Of a digest, which tell the lots of one decision apart."""
OWN_LOT_BYTES = TIME_BYTES + DECISION_BYTES + _OWN_BYTES
"""Ids of what a decision takes as it is made are longer than those of other lots, which callers choose."""


@unique
class UnitState(IntEnum):
    """Where a lot and each of its units stand. Numbers are those of the tables."""

    HELD = 1
    CONFIRMED = 2
    RELEASED = 3
    EXPIRED = 4
    DENIED = 5


@unique
class Part(IntEnum):
    """What a lot is for. Numbers are those of the tables."""

    OTHER = 0
    DECIDED = 1
    """What the decision spent."""
    HOLD = 2
    """What a decision holds until it is presented; it may serve later decisions of the customer."""
    PRESENTED = 3
    """What a reported presentation spent, which may be nothing."""
    CLAIM = 4
    SPENT_BY_CLAIM = 5
    """What a claim spent as it counts as the presentation."""
    REJECTED = 6


@unique
class LotEvent(IntEnum):
    """What happens to a lot that is there. Numbers are those of the tables."""

    CONFIRM = 1
    RELEASE = 2
    DUE = 3
    REPEAT = 4
    """A claim was asked for again under another id. It moves nothing."""


@unique
class Status(IntEnum):
    """What an operation came to. Numbers are those of the tables, where they are kept."""

    GRANTED = 1
    DENIED = 2
    CONFIRMED = 3
    RELEASED = 4
    EXPIRED = 5
    ALREADY_CONFIRMED = 6
    ALREADY_RELEASED = 7
    NOT_GRANTED = 8
    NOTHING_LEFT = 9
    UNKNOWN_LOT = 10
    OTHER_CONTENT = 11
    PLACE_TAKEN = 12


@dataclass(frozen=True, slots=True)
class Move:
    """What an event does: the state it leads to.

    ``again``: units have gone back, so they are taken anew or the move does not happen.
    """

    status: Status
    state: UnitState
    again: bool = False


_S, _E = UnitState, LotEvent

MOVES: Mapping[tuple[UnitState, LotEvent], Move] = {
    (_S.HELD, _E.CONFIRM): Move(Status.CONFIRMED, _S.CONFIRMED),
    (_S.HELD, _E.RELEASE): Move(Status.RELEASED, _S.RELEASED),
    (_S.HELD, _E.DUE): Move(Status.EXPIRED, _S.EXPIRED),
    (_S.CONFIRMED, _E.RELEASE): Move(Status.RELEASED, _S.RELEASED),
    (_S.EXPIRED, _E.CONFIRM): Move(Status.CONFIRMED, _S.CONFIRMED, again=True),
    (_S.EXPIRED, _E.RELEASE): Move(Status.RELEASED, _S.RELEASED),
}

STAYS: Mapping[tuple[UnitState, LotEvent], Status] = {
    (_S.CONFIRMED, _E.CONFIRM): Status.ALREADY_CONFIRMED,
    (_S.CONFIRMED, _E.DUE): Status.ALREADY_CONFIRMED,
    (_S.RELEASED, _E.CONFIRM): Status.ALREADY_RELEASED,
    (_S.RELEASED, _E.RELEASE): Status.ALREADY_RELEASED,
    (_S.RELEASED, _E.DUE): Status.ALREADY_RELEASED,
    (_S.EXPIRED, _E.DUE): Status.EXPIRED,
    (_S.DENIED, _E.CONFIRM): Status.NOT_GRANTED,
    (_S.DENIED, _E.RELEASE): Status.NOT_GRANTED,
    (_S.DENIED, _E.DUE): Status.NOT_GRANTED,
}
"""What is answered where nothing moves. With ``MOVES`` it covers every state and event."""


class Weight(NamedTuple):
    """How a unit counts in its counter."""

    held: int
    used: int


_NOT, _HELD, _USED = Weight(0, 0), Weight(1, 0), Weight(0, 1)

WEIGHTS: Mapping[UnitState, Weight] = {
    _S.HELD: _HELD,
    _S.CONFIRMED: _USED,
    _S.EXPIRED: _NOT,
    _S.RELEASED: _NOT,
    _S.DENIED: _NOT,
}
"""How each unit of a lot in a state counts."""
LIVE = frozenset(state for state, weight in WEIGHTS.items() if any(weight))
"""States whose units count."""


class Unit(NamedTuple):
    """One unit of a lot. ``rolling`` where the counter's window looks back to ``taken_us``."""

    counter: bytes
    taken_us: int
    rolling: bool


class Origin(NamedTuple):
    """What a lot was taken for: an action of a decision (16 bytes), made at that instant (microseconds)."""

    decision: bytes
    action: str
    decided_us: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there was no unit: the limit's name and its reason."""

    limit: str
    reason: Reason


class Lot(NamedTuple):
    """What one take came to. Instants are microseconds since 1970, UTC.

    ``choice`` is the index of the choice that was granted, ``reuse`` its key (see ``Take``).
    ``expires_us`` is that of the hold, ``None`` for units that were confirmed at once. From
    ``over_us`` on none of its units counts in any window; ``None`` is never. Of a claim, ``place`` is
    the action in whose place in the answer it was claimed.
    """

    id: bytes
    fingerprint: bytes
    state: UnitState
    choice: int = 0
    units: tuple[Unit, ...] = ()
    expires_us: int | None = None
    refused: Refused | None = None
    reuse: bytes = b""
    origin: Origin | None = None
    over_us: int | None = None
    part: Part = Part.OTHER
    place: str = ""

    @property
    def expires_at(self) -> datetime | None:
        """When the hold expires."""
        return None if self.expires_us is None else from_microseconds(self.expires_us)

    @property
    def is_live(self) -> bool:
        """Whether its units count."""
        return self.state in LIVE

    def is_for(self, action: str) -> bool:
        """Whether it was taken for that action of its decision."""
        return self.origin is not None and self.origin.action == action

    @property
    def live(self) -> tuple[Unit, ...]:
        """Those of its units that count."""
        return self.units if self.is_live else ()


@dataclass(frozen=True, slots=True)
class Take:
    """Takes every unit of the first of ``choices`` that can be had whole, or none.

    ``id`` (16 bytes, or see ``own_lot_id``) is the lot's too; ``fingerprint`` stands for what was requested.
    ``hold_us`` (microseconds) is how long the units are held; ``None`` confirms them at once.
    ``reuse``, where given, has a key (16 bytes) for each choice, empty for none: a lot that is
    held under the same key is that choice, and nothing is taken. ``origin`` is kept in the lot.
    """

    id: bytes
    fingerprint: bytes
    choices: tuple[tuple[Need, ...], ...]
    hold_us: int | None = None
    reuse: tuple[bytes, ...] = ()
    origin: Origin | None = None
    part: Part = Part.OTHER

    def __post_init__(self) -> None:
        check_bounds(self.choices)
        if self.reuse and len(self.reuse) != len(self.choices):
            raise ValueError("a key for each choice, or none at all")
        if self.hold_us is not None and self.hold_us <= 0:
            raise ValueError("a hold lasts longer than no time")


class Before(NamedTuple):
    """What comes before a claim: what its decision spends (``made``), and what presenting spends (``shown``).

    ``decided`` are the lots of what was spent by the decision, that of the action itself first.
    """

    made: tuple[Need, ...] = ()
    shown: tuple[Need, ...] = ()
    decided: tuple[bytes, ...] = ()


NOTHING_BEFORE = Before()


@dataclass(frozen=True, slots=True)
class Confirm:
    """Confirms a lot.

    ``again`` is what it needs as of now, where its hold has expired in the meantime; ``None``
    refuses it then, as does another live claim of the same place. ``also`` is what this step needs on
    top (limits that count at it). ``at_us`` (microseconds) is when it happened, ``None`` for now. ``before``
    is taken as well where the hold has expired and it was given back.
    """

    id: bytes
    fingerprint: bytes
    lot: bytes
    again: tuple[Need, ...] | None = None
    also: tuple[Need, ...] = ()
    at_us: int | None = None
    before: Before = NOTHING_BEFORE

    def __post_init__(self) -> None:
        check_bounds(((*(self.again or ()), *self.also, *self.before.made, *self.before.shown),))


@dataclass(frozen=True, slots=True)
class Release:
    """Gives the units of a lot back; where ``held_only``, not those of one that is confirmed.

    With it goes back what is in the lots ``along``, and where the lot ``presented`` is not live, what
    the claim spent (``spent``); nothing of that where the place of the claim has another one that is live.
    """

    id: bytes
    fingerprint: bytes
    lot: bytes
    held_only: bool = False
    along: tuple[bytes, ...] = ()
    spent: bytes = b""
    presented: bytes = b""


class Turn(NamedTuple):
    """When a stand-in may be claimed in a place: after one of ``after`` was denied for capacity there.

    ``hold`` is the lot of what is held to present whom the place belongs to; empty for none.
    """

    place: str
    after: frozenset[str]
    hold: bytes = b""


class Claim(NamedTuple):
    """Claims an action of a decision, in a place of its answer.

    While a claim of the place is held, that one is the answer; once it is redeemed there is no other.
    ``needs`` are held for ``hold_us`` (microseconds), or spent at once where that is ``None``. What comes
    ``before`` is spent as well. Of that, what a presentation of the action still has is not taken: a claim
    counts as one, for which the lot ``hold``, if it is held, gives back its units. Nor is what the decision
    spent and still has; where it spent nothing, as only a stand-in or ``carried`` may, it is taken.
    ``later`` must be there, and are not taken. Units
    are taken as of ``at_us`` (microseconds), ``None`` for now. ``carried`` is a claim of another decision
    that serves this one. A stand-in has ``turns``: places that it may take, each with the actions of which
    one must have been denied for capacity first. ``denied`` is why it cannot be had whatever is left.
    """

    id: bytes
    fingerprint: bytes
    origin: Origin
    place: str
    needs: tuple[Need, ...] = ()
    before: Before = NOTHING_BEFORE
    later: tuple[Need, ...] = ()
    hold_us: int | None = None
    hold: bytes = b""
    carried: bytes = b""
    turns: tuple[Turn, ...] = ()
    denied: Refused | None = None
    at_us: int | None = None


@dataclass(frozen=True, slots=True)
class Redeem:
    """Redeems the claim that a decision's action has, where the caller does not know its id.

    A held claim is confirmed, an expired one where there is a unit (``again``), as ``Confirm`` does with
    ``also`` on top. Where there was none, ``claim`` is made and spent at once.
    """

    id: bytes
    fingerprint: bytes
    claim: Claim
    again: tuple[Need, ...] | None = None
    also: tuple[Need, ...] = ()

    def __post_init__(self) -> None:
        check_bounds(((*(self.again or ()), *self.also),))


@dataclass(frozen=True, slots=True)
class Presentation:
    """Counts a presentation that was reported; of one decision's action there is one at most.

    A presentation is a fact: it is counted beyond the limit too, which ``Settled.refused`` names then. The
    lot ``hold``, if it is held, gives back its units. What a live claim of the action spent counts as
    the presentation. ``at_us`` (microseconds) is when it was.
    """

    id: bytes
    fingerprint: bytes
    origin: Origin
    needs: tuple[Need, ...]
    at_us: int
    hold: bytes = b""

    def __post_init__(self) -> None:
        check_bounds((self.needs,))


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Gives back what a decision took for an action: the lots ``own``, and its claim that is live.

    Not what is confirmed of a claim where ``held_only``. What the claim spent goes with it, where the lot
    ``presented`` is not live. A rejection is counted in the lot ``counted``, once, whatever the limits say: a
    unit of each of ``needs`` as of ``at_us`` (microseconds).
    """

    id: bytes
    fingerprint: bytes
    origin: Origin
    own: tuple[bytes, ...]
    presented: bytes
    held_only: bool = False
    counted: bytes = b""
    needs: tuple[Need, ...] = ()
    at_us: int = 0

    def __post_init__(self) -> None:
        check_bounds((self.needs,))


Operation = Take | Confirm | Release | Claim | Redeem | Presentation | GiveBack


class Step(NamedTuple):
    """What became of a confirmation or release, kept under its id."""

    id: bytes
    fingerprint: bytes
    lot: bytes
    event: LotEvent
    status: Status
    refused: Refused | None = None


class Settled(NamedTuple):
    """The answer to an operation. ``replayed`` where it was given before under the same id.

    ``reused`` where a lot that was held already serves: ``lot`` is that one. ``refused`` of a granted
    presentation is the limit that it went beyond.
    """

    status: Status
    lot: bytes
    choice: int = 0
    expires_us: int | None = None
    refused: Refused | None = None
    replayed: bool = False
    reused: bool = False

    @property
    def expires_at(self) -> datetime | None:
        """When the hold expires."""
        return None if self.expires_us is None else from_microseconds(self.expires_us)


def counters_of(operations: Iterable[Operation]) -> dict[bytes, Counter]:
    """Every counter that the operations may take a unit of, by id."""
    return {need.counter.id: need.counter for need in needs_in(operations)}


def needs_in(operations: Iterable[Operation]) -> Iterator[Need]:
    """Every need of the operations."""
    for operation in operations:
        match operation:
            case Take(choices=choices):
                yield from chain.from_iterable(choices)
            case Confirm(again=again, also=also, before=before):
                yield from chain(again or (), also, before.made, before.shown)
            case Claim(needs=needs, before=before, later=later):
                yield from chain(needs, before.made, before.shown, later)
            case Redeem(claim=claim, again=again, also=also):
                yield from chain(needs_in([claim]), again or (), also)
            case Presentation(needs=needs) | GiveBack(needs=needs):
                yield from needs
            case Release():
                pass


def lots_moved(operation: Operation) -> Iterator[bytes]:
    """Lots that the operation names and may move: they are locked before any counter."""
    match operation:
        case Confirm(lot=lot, before=before):
            yield from (lot, *before.decided)
        case Release(lot=lot, along=along, spent=spent):
            yield from filter(None, (lot, *along, spent))
        case Redeem(claim=claim):
            yield from lots_moved(claim)
        case Claim(hold=hold, carried=carried, turns=turns, before=before):
            yield from filter(None, (hold, carried))
            if turns:
                yield from filter(None, (turn.hold for turn in turns))
            yield from before.decided
        case Presentation(hold=hold):
            yield from filter(None, (hold,))
        case GiveBack(own=own):
            yield from own
        case Take():
            pass


def lots_looked_at(operation: Operation) -> Iterator[bytes]:
    """Lots that the operation may make, or has to know of: they are read when every counter is locked."""
    match operation:
        case Take(id=lot) | Claim(id=lot) | Presentation(id=lot) | Redeem(claim=Claim(id=lot)):
            yield lot
        case Release(presented=presented):
            yield from filter(None, (presented,))
        case GiveBack(presented=presented, counted=counted):
            yield from filter(None, (presented, counted))
        case Confirm():
            pass


def origin_of(operation: Operation) -> Origin | None:
    """The action of a decision all lots of which have to be known for the operation."""
    match operation:
        case Redeem(claim=Claim(origin=origin)):
            return origin
        case Claim(origin=origin) | Presentation(origin=origin) | GiveBack(origin=origin):
            return origin
        case _:
            return None


def moves_claims(operation: Operation) -> bool:
    """Whether the operation may move any claim of its decision, so that all of them are locked."""
    return isinstance(operation, Redeem | GiveBack)


def lot_id(part: Part, origin: Origin) -> bytes:
    """The lot of which a decision's action has one: a retry, and a report under another id, land on it."""
    return digest(_LOT, part.name, origin.decision.hex(), origin.action)


def lots_begin(decision: bytes, decided_at: datetime) -> bytes:
    """What the ids of all lots begin with that a decision takes as it is made: see ``own_lot_id``."""
    return time_bytes(decided_at) + decision[:DECISION_BYTES]


def own_lot_id(part: Part, origin: Origin, begin: bytes) -> bytes:
    """The lot of what a decision spends or holds for an action, among others of the same time.

    ``begin`` is what ``lots_begin`` says of the decision. Ids that follow each other are written to the last
    page of an index, random ones to a page each.
    """
    return begin + lot_id(part, origin)[:_OWN_BYTES]


def spent_by(claim: bytes) -> bytes:
    """The lot of what a claim spent as it counts as the presentation."""
    return digest(_SPENT, claim.hex())


def check_bounds(choices: tuple[tuple[Need, ...], ...]) -> None:
    """Raises ``ValueError`` where what is to be taken at once is beyond its bounds."""
    if not 0 < len(choices) <= MAX_CHOICES:
        raise ValueError(f"from 1 to {MAX_CHOICES} choices, not {len(choices)}")
    for needs in choices:
        if len(needs) > MAX_NEEDS:
            raise ValueError(f"at most {MAX_NEEDS} needs, not {len(needs)}")
        if len(needs) > 1 and len({need.counter.id for need in needs}) < len(needs):
            raise ValueError("one unit of each counter, not two")
