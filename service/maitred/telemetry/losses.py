"""Counts of telemetry that was lost, from any thread."""

import threading
from collections import Counter

Loss = tuple[str, str]
"""What was lost (``events``, ``spans``, ``logs``) and why (``queue_full`` ...)."""


class Losses:
    """Adds up until somebody takes the counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Loss] = Counter()

    def add(self, what: str, why: str, count: int = 1) -> None:
        """Counts a loss."""
        with self._lock:
            self._counts[what, why] += count

    def take(self) -> Counter[Loss]:
        """What was lost since the last call."""
        if not self._counts:
            return Counter()
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken
