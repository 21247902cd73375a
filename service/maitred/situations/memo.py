"""A bounded memo that stays one dictionary look-up on the fast way."""

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """Two generations: when the young one has ``limit`` entries it becomes the old one.

    What is asked for again in between is taken over; the rest goes with the old
    generation. So at most twice ``limit`` entries are kept, and forgetting costs nothing
    per entry. ``young.get`` may be called from any thread at any time; ``find`` and
    ``keep`` need the owner's lock.
    """

    __slots__ = ("_limit", "_old", "young")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._old: dict[K, V] = {}
        self.young: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self.young) + len(self._old)

    def find(self, key: K) -> V | None:
        """The value of either generation; it is young again afterwards."""
        outcome = self.young.get(key)
        if outcome is None:
            outcome = self._old.pop(key, None)
            if outcome is not None:
                self.keep(key, outcome)
        return outcome

    def keep(self, key: K, value: V) -> None:
        """Remembers the value."""
        if len(self.young) >= self._limit:
            self._old, self.young = self.young, {}
        self.young[key] = value
