"""What waits to be exported: bounded, on a thread of its own, every loss counted."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from maitred.telemetry.signals import names

from .export_settings import Batching

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
        """Returns what was lost since the last call."""
        if not self._counts:
            return Counter()
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken


Item = TypeVar("Item")

# After its exporter was told to stop, a thread needs but a moment to notice.
STRAGGLER_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Courier(Generic[Item]):
    """An exporter: ``send`` says whether a batch arrived, ``stop`` cuts short what it is doing."""

    send: Callable[[Sequence[Item]], bool]
    stop: Callable[[], None]


class Outbox(Generic[Item]):
    """Gathers items and sends them in batches; ``what`` they are called where they are lost.

    A receiver that hangs holds up this outbox's thread alone.
    """

    def __init__(self, what: str, batching: Batching, courier: Courier[Item], losses: Losses) -> None:
        self._what, self._batching, self._courier, self._losses = what, batching, courier, losses
        self._waiting: deque[Item] = deque()
        self._wake = threading.Event()
        self._closing = self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"maitred-{what}", daemon=True)
        self._thread.start()

    def put(self, item: Item) -> None:
        """Takes an item, or counts it as lost where too many wait. One thread puts."""
        if len(self._waiting) >= self._batching.waiting_max:
            self._losses.add(self._what, names.QUEUE_FULL)
            return
        self._waiting.append(item)
        if len(self._waiting) >= self._batching.batch_max and not self._wake.is_set():
            self._wake.set()

    def close_soon(self) -> None:
        """Starts to send what waits, for the last time."""
        self._closing = True
        self._wake.set()

    def close(self, until: float) -> None:
        """Waits for that until ``until`` on the monotonic clock, then gives up what is left."""
        self.close_soon()
        self._thread.join(max(0.0, until - time.monotonic()))
        self._closed = True
        self._courier.stop()
        self._thread.join(STRAGGLER_SECONDS)
        if self._waiting:
            self._losses.add(self._what, names.CLOSED, len(self._waiting))

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait(self._batching.delay_seconds)
            self._wake.clear()
            self._send_all()
        self._send_all()

    def _send_all(self) -> None:
        while self._waiting and not self._closed:
            size = min(len(self._waiting), self._batching.batch_max)
            batch = [self._waiting.popleft() for _ in range(size)]
            if not self._arrived(batch):
                self._losses.add(self._what, names.EXPORT_FAILED, size)

    def _arrived(self, batch: list[Item]) -> bool:
        try:
            return self._courier.send(batch)
        except Exception:  # noqa: BLE001 (an exporter's fault must not end the thread)
            return False
