"""What the engine needs of the store to judge by what became of decisions, and to learn from it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.privacy.purposes import ConsentState


class ExposedPlace(NamedTuple):
    """A place in the list of exposed decisions, the first to be made first."""

    decided_us: int
    seq: int


class Exposed(NamedTuple):
    """A decision that experiments can have made a difference to; those of erased customers are none.

    ``customer`` is the reference of a person, empty for nobody known; ``person`` is the same, or else the
    key of a session. ``arms`` is what ``exposures_text`` made.
    """

    place: ExposedPlace
    decision_id: bytes
    person: bytes
    customer: bytes
    ruleset: str
    arms: str


class DeedRow(NamedTuple):
    """Something that became of a decision (``of`` is its id), or that a customer did (``of`` is who).

    ``name`` is that of the action, or the kind of event, which has no ``kind`` of outcome.
    """

    of: bytes
    name: str
    kind: OutcomeKind | None
    at_us: int


LATE = timedelta(minutes=5)
"""So long after it happened an outcome is reported late: less than who asks after it waits at least."""


class LatePlace(NamedTuple):
    """A place in the list of late reports, the first to be reported first."""

    reported_us: int
    outcome_id: bytes


class LateReport(NamedTuple):
    """An outcome that was taken up, and reported ``LATE`` after it happened or later."""

    place: LatePlace
    deed: DeedRow


class ExperimentLog(Protocol):
    """What experiments are judged by. Every method is for any thread and may raise ``StoreDown``."""

    def exposed(self, after: ExposedPlace | None, max_rows: int) -> Sequence[Exposed]:
        """Returns the next exposed decisions in order of time."""
        ...

    def exposed_of(self, decision_ids: Collection[bytes]) -> Sequence[Exposed]:
        """Returns those of these decisions that are exposed."""
        ...

    def reported_late(self, after: LatePlace, last_us: int, max_rows: int) -> Sequence[LateReport]:
        """Returns the next late reports in order of report, of ``last_us`` and before."""
        ...

    def became_of(self, decision_ids: Collection[bytes]) -> Sequence[DeedRow]:
        """Outcomes that were taken up, claims and redemptions of these decisions."""
        ...

    def stated(self, customers: Collection[bytes]) -> Mapping[bytes, Mapping[str, ConsentState]]:
        """Returns what those of the customers have stated who have stated anything."""
        ...

    def deeds_of(self, customers: Collection[bytes]) -> Sequence[DeedRow]:
        """Outcomes of all decisions of these customers, and their events."""
        ...


class StoredParameters(NamedTuple):
    """A snapshot of what has been learned; a newer one has a greater number."""

    number: int
    learned_at: datetime
    content: bytes


class LearningStore(Protocol):
    """Snapshots of what has been learned. Every method is for any thread and may raise ``StoreDown``."""

    def save_learned(self, content: bytes, at: datetime) -> int:
        """Keeps a snapshot; its number. Raises ``StoreConflict`` where another was kept meanwhile."""
        ...

    def learned_after(self, number: int, before: int | None = None) -> StoredParameters | None:
        """Returns the newest snapshot ``before`` a number, where its own is greater.

        Asked several times a second.
        """
        ...
