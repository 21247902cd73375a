"""Units that are taken together, and their life.

A lot is what one request took: one unit of each counter it needed, all or none. Its units are
held, and then confirmed, released or expired, like a pending transfer. Firm units do not wait:
they are used from the take on, and go back by release alone::

                 confirm                release
    (take) -> HELD ------> CONFIRMED ------------> RELEASED
                |  release                            ^
                +-------------------------------------+
                |  due                     release    |
                +------> EXPIRED ---------------------+
                            |  confirm: takes again where there is one
                            +------> CONFIRMED

    (take, none left) -> DENIED

              HELD   CONFIRMED   EXPIRED   RELEASED, DENIED
    units     held   used        -         -
    firm      used   used        used      -

A unit that is held or used is live: it counts. A unit never becomes live without a take. The
tables below are the whole of it: what is not in ``MOVES`` changes nothing, and ``STAYS`` says
why; what a move changes in the counters is the difference of two rows of ``WEIGHTS``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, unique
from typing import NamedTuple

from maitred.core.rules.reasons import Reason
from maitred.core.values.instants import from_microseconds

from .limits import Counter, Need

MAX_CHOICES = 16
"""An action and its chain of alternatives; bounds what one request locks."""
MAX_NEEDS = 64
"""Limits on one action, their paces included."""


@unique
class UnitState(IntEnum):
    """Where a lot and each of its units stand. Numbers are those of the tables."""

    HELD = 1
    CONFIRMED = 2
    RELEASED = 3
    EXPIRED = 4
    DENIED = 5


@unique
class Event(IntEnum):
    """What happens to a lot that is there. Numbers are those of the tables."""

    CONFIRM = 1
    RELEASE = 2
    DUE = 3


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


@dataclass(frozen=True, slots=True)
class Move:
    """What an event does: the state it leads to.

    ``again``: units have gone back, so they are taken anew or the move does not happen.
    """

    status: Status
    state: UnitState
    again: bool = False


_S, _E = UnitState, Event

MOVES: Mapping[tuple[UnitState, Event], Move] = {
    (_S.HELD, _E.CONFIRM): Move(Status.CONFIRMED, _S.CONFIRMED),
    (_S.HELD, _E.RELEASE): Move(Status.RELEASED, _S.RELEASED),
    (_S.HELD, _E.DUE): Move(Status.EXPIRED, _S.EXPIRED),
    (_S.CONFIRMED, _E.RELEASE): Move(Status.RELEASED, _S.RELEASED),
    (_S.EXPIRED, _E.CONFIRM): Move(Status.CONFIRMED, _S.CONFIRMED, again=True),
    (_S.EXPIRED, _E.RELEASE): Move(Status.RELEASED, _S.RELEASED),
}

STAYS: Mapping[tuple[UnitState, Event], Status] = {
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

WEIGHTS: Mapping[UnitState, tuple[Weight, Weight]] = {
    _S.HELD: (_HELD, _USED),
    _S.CONFIRMED: (_USED, _USED),
    _S.EXPIRED: (_NOT, _USED),
    _S.RELEASED: (_NOT, _NOT),
    _S.DENIED: (_NOT, _NOT),
}
"""How each unit of a lot in a state counts, and how a firm one does."""


class Unit(NamedTuple):
    """One unit of a lot. ``rolling`` where the counter's window looks back to ``taken_us``.

    ``firm`` where it is used from the take on, see ``Need``.
    """

    counter: bytes
    taken_us: int
    rolling: bool
    firm: bool = False


class Origin(NamedTuple):
    """What a lot was taken for: an action of a decision (16 octets)."""

    decision: bytes
    action: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there was no unit: the limit's name and its reason."""

    limit: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Lot:
    """What one take came to. Instants are microseconds since 1970, UTC.

    ``choice`` is the index of the choice that was granted, ``reuse`` its key (see ``Take``).
    ``expires_us`` is that of the hold, ``None`` for units that were confirmed at once. From
    ``over_us`` on none of its units counts in any window; ``None`` is never.
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

    @property
    def live(self) -> tuple[Unit, ...]:
        """Those of its units that count."""
        weights = WEIGHTS[self.state]
        return tuple(unit for unit in self.units if weights[unit.firm] is not _NOT)


@dataclass(frozen=True, slots=True)
class Take:
    """Takes every unit of the first of ``choices`` that can be had whole, or none.

    ``id`` (16 octets) is the lot's too; ``fingerprint`` stands for the content of the request.
    ``hold_us`` (microseconds) is how long the units are held; ``None`` confirms them at once.
    ``reuse``, where given, has a key (16 octets) for each choice, empty for none: a lot that is
    held under the same key is that choice, and nothing is taken. ``origin`` is kept in the lot.
    """

    id: bytes
    fingerprint: bytes
    choices: tuple[tuple[Need, ...], ...]
    hold_us: int | None = None
    reuse: tuple[bytes, ...] = ()
    origin: Origin | None = None
    denied: Refused | None = None

    def __post_init__(self) -> None:
        _check_bounds(self.choices)
        if self.reuse and len(self.reuse) != len(self.choices):
            raise ValueError("a key for each choice, or none at all")
        if self.hold_us is not None and self.hold_us <= 0:
            raise ValueError("a hold lasts longer than no time")


@dataclass(frozen=True, slots=True)
class Confirm:
    """Confirms a lot.

    ``again`` is what it needs as of now, where its hold has expired in the meantime; ``None``
    refuses it then. Firm needs among it are left out: those units did not go back. ``also`` is
    what this step needs on top (limits that count at it).
    """

    id: bytes
    fingerprint: bytes
    lot: bytes
    again: tuple[Need, ...] | None = None
    also: tuple[Need, ...] = ()

    def __post_init__(self) -> None:
        _check_bounds(((*(self.again or ()), *self.also),))


@dataclass(frozen=True, slots=True)
class Release:
    """Gives the units of a lot back; where ``held_only``, not those of one that is confirmed."""

    id: bytes
    fingerprint: bytes
    lot: bytes
    held_only: bool = False


Operation = Take | Confirm | Release


@dataclass(frozen=True, slots=True)
class Step:
    """What became of a confirmation or release, kept under its id."""

    id: bytes
    fingerprint: bytes
    lot: bytes
    event: Event
    status: Status
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer to an operation. ``replayed`` where it was given before under the same id.

    ``reused`` where a lot that was held already serves: ``lot`` is that one.
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


def _check_bounds(choices: tuple[tuple[Need, ...], ...]) -> None:
    if not 0 < len(choices) <= MAX_CHOICES:
        raise ValueError(f"from 1 to {MAX_CHOICES} choices, not {len(choices)}")
    for needs in choices:
        if len(needs) > MAX_NEEDS:
            raise ValueError(f"at most {MAX_NEEDS} needs, not {len(needs)}")
        if len({need.counter.id for need in needs}) < len(needs):
            raise ValueError("one unit of each counter, not two")
