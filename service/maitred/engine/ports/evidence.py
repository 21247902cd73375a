"""What the engine needs of the store to judge by what became of decisions, and to learn from it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
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


class ExperimentLog(Protocol):
    """What experiments are judged by. Every method is for any thread and may raise ``StoreDown``."""

    def exposed(self, after: ExposedPlace | None, max_rows: int) -> Sequence[Exposed]:
        """Returns the next exposed decisions in order of time."""
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

    def learned_after(self, number: int) -> StoredParameters | None:
        """Returns the newest snapshot, where its number is greater; several times a second."""
        ...
