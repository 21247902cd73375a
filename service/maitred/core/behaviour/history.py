"""What one customer did, as decisions read it."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from maitred.core.deciding.decisions import OutcomeKind
from maitred.core.values.instants import to_microseconds
from maitred.core.values.types import Facts

NEVER_US = 2**63
"""When an event is withdrawn that is not."""
EVENTS, OUTCOMES = "events.", "outcomes."


class Deed(NamedTuple):
    """An event, or an outcome of an own proposal, with what conditions read of it.

    It counts from ``at_us`` on, until it is over or was withdrawn (microseconds since 1970).
    """

    at_us: int
    over_us: int
    withdrawn_us: int
    facts: Facts


@dataclass(frozen=True, slots=True)
class History:
    """The deeds of one customer by what computed attributes call them (``events.visit``), in order of time.

    ``worked_out`` is what has been found out about them, for decisions that read the same ones.
    """

    deeds: Mapping[str, Sequence[Deed]] = field(default_factory=dict)
    worked_out: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    def of(self, source: str) -> Sequence[Deed]:
        """Those of one kind."""
        return self.deeds.get(source, ())


NO_HISTORY = History()


def until(deeds: Sequence[Deed], now: datetime) -> Sequence[Deed]:
    """Those that had happened by then, and that still count."""
    now_us = to_microseconds(now)
    end = bisect_right(deeds, now_us, key=lambda deed: deed.at_us)
    return [deed for deed in deeds[:end] if deed.over_us > now_us and deed.withdrawn_us > now_us]


def outcome_name(kind: OutcomeKind) -> str:
    """``outcomes.presented``."""
    return f"{OUTCOMES}{kind.name.lower()}"


def in_order(deeds: Iterable[Deed]) -> Sequence[Deed]:
    """By when they happened; of one instant in the order given."""
    return tuple(sorted(deeds, key=lambda deed: deed.at_us))
