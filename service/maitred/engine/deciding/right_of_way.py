"""Calls have the right of way over a ruleset that is being loaded.

One interpreter runs both, and it changes threads only when asked to: a call gives the interpreter up
some forty times, whenever it waits for the database or for gRPC, and each time it would have to ask the
loading thread for it again, for half a millisecond and more. So the loading thread itself pauses, between
steps that are shorter than a call, for as long as calls are being answered. Where there is no end of calls
it has ``SLICE_SECONDS`` in each ``YIELD_SECONDS``, so that a ruleset goes into force under any load.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

YIELD_SECONDS = 0.01
"""How long the loading thread waits for calls that are answered one after the other."""
SLICE_SECONDS = 0.002
"""How long it works then, whoever is there: an eighth of the time."""


class RightOfWay:
    """Shared by who answers calls and who loads. Thread-safe.

    ``loading`` is whether anybody pauses: otherwise nothing has to be told.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, yield_seconds: float = YIELD_SECONDS
    ) -> None:
        self._clock, self._yield_seconds = clock, yield_seconds
        self._free, self._lock, self._loads = threading.Event(), threading.Lock(), 0
        self.loading = False
        self._free.set()
        self._works_until = 0.0

    @contextmanager
    def given(self) -> Iterator[None]:
        """Lets calls go first while the block runs, which loads and calls ``pause`` between its steps."""
        with self._lock:
            self._loads += 1
            self.loading = True
        try:
            yield
        finally:
            with self._lock:
                self._loads -= 1
                self.loading = self._loads > 0
            self._free.set()

    def take(self) -> None:
        """Notes that calls are being answered."""
        self._free.clear()
        if not self.loading:
            self._free.set()

    def leave(self) -> None:
        """Notes that none is."""
        self._free.set()

    def pause(self) -> None:
        """Waits until none is, or the next slice is due."""
        if self._free.is_set() or self._clock() < self._works_until:
            return
        if not self._free.wait(self._yield_seconds):
            self._works_until = self._clock() + SLICE_SECONDS
