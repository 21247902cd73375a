"""Lots, steps and counters as rows, and back."""

from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Any

from maitred.core.limits.limits import Counter
from maitred.core.limits.lots import Lot, LotEvent, Origin, Part, Refused, Status, Step, Unit, UnitState
from maitred.core.values.instants import to_microseconds
from maitred.core.values.reasons import Reason

LOT_COLUMNS = (
    "lot_id, fingerprint, state, choice, units, expires_at, refused_limit, refused_reason, reuse, "
    "decision_id, action, over_at, part, place"
)
STEP_COLUMNS = "step_id, fingerprint, lot_id, event, status, refused_limit, refused_reason"
COUNTER_COLUMNS = (
    "counter_id, heat, limit_name, subject, window_key, resets_at, held, used, last_at, since, lately"
)

NONE = 0
"""Stands for no instant and no reason."""

_UNIT = Struct(">16sqB")
"""A unit among those of its lot: counter id, when it was taken, whether its window is rolling."""

_NO_ORIGIN = Origin(b"", "")
_STATES: Mapping[int, UnitState] = {state.value: state for state in UnitState}
_PARTS: Mapping[int, Part] = {part.value: part for part in Part}
"""By number: an enum takes five times as long to find a member by its value."""

Values = tuple[Any, ...]


def lot_values(lot: Lot) -> Values:
    """In the order of ``LOT_COLUMNS``."""
    units = b"".join(map(_packed, lot.units))
    return (
        lot.id,
        lot.fingerprint,
        lot.state.value,
        lot.choice,
        units,
        NONE if lot.expires_us is None else lot.expires_us,
        *_refused_values(lot.refused),
        lot.reuse,
        *(lot.origin or _NO_ORIGIN),
        lot.over_us or NONE,
        lot.part.value,
        lot.place,
    )


def lot_of(row: Sequence[Any]) -> Lot:
    """From ``LOT_COLUMNS``."""
    lot_id, fingerprint, state, choice, units, expires_at, limit, reason, reuse, *more = row
    decision, action, over, part, place = more
    return Lot(
        lot_id,
        fingerprint,
        _STATES[state],
        choice,
        tuple([Unit(counter, at_us, bool(rolling)) for counter, at_us, rolling in _UNIT.iter_unpack(units)]),
        expires_at or None,
        _refused(limit, reason),
        reuse,
        Origin(decision, action) if decision else None,
        over or None,
        _PARTS[part],
        place,
    )


def step_values(step: Step) -> Values:
    """In the order of ``STEP_COLUMNS``."""
    return (
        step.id,
        step.fingerprint,
        step.lot,
        step.event.value,
        step.status.value,
        *_refused_values(step.refused),
    )


def step_of(row: Sequence[Any]) -> Step:
    """From ``STEP_COLUMNS``."""
    step_id, fingerprint, lot_id, event, status, limit, reason = row
    return Step(step_id, fingerprint, lot_id, LotEvent(event), Status(status), _refused(limit, reason))


def counter_values(counter: Counter) -> Values:
    """In the order of ``COUNTER_COLUMNS``, without what is counted."""
    resets_at = NONE if counter.resets_at is None else to_microseconds(counter.resets_at)
    subject, window = (text.encode("utf-8", "surrogatepass") for text in (counter.subject, counter.window))
    return counter.id, counter.heat.value, counter.limit, subject, window, resets_at


def _packed(unit: Unit) -> bytes:
    return _UNIT.pack(unit.counter, unit.taken_us, unit.rolling)


def _refused_values(refused: Refused | None) -> tuple[str, int]:
    return (refused.limit, refused.reason.value) if refused else ("", NONE)


def _refused(limit: str, reason: int) -> Refused | None:
    return Refused(limit, Reason(reason)) if reason else None
