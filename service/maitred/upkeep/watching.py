"""Watches the rules directory: what changes there is loaded, what has faults is refused."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

RETRY_LOOKS = 5
"""A load takes seconds of computing; a database that was gone is seldom back at once."""

Signature = frozenset[tuple[str, int, int]]


def signature_of(directory: Path) -> Signature:
    """Names, sizes and times of every file below; equal while nothing changes.

    What vanishes while it is looked at is left out: the next look differs, or nothing was lost.
    """
    stats = set()
    for folder, folders, files in os.walk(directory):
        for name in (*folders, *files):
            path = os.path.join(folder, name)  # noqa: PTH118 -- thousands of files, every second
            with suppress(OSError):
                status = os.stat(path)  # noqa: PTH116 -- likewise
                stats.add((path, status.st_size, status.st_mtime_ns))
    return frozenset(stats)


class DirectoryWatch:
    """Calls ``changed`` on its own thread when the directory differs from the last look.

    A change is taken up once two looks in a row agree, so that a copy in progress is left alone.
    Where ``changed`` is false the same state of the directory is tried again, ``RETRY_LOOKS`` later.
    """

    def __init__(self, directory: Path, every_seconds: float, changed: Callable[[], bool]) -> None:
        self._directory, self._every_seconds, self._changed = directory, every_seconds, changed
        self._stop = threading.Event()
        self._loaded: Signature | None = signature_of(directory)
        self._thread = threading.Thread(target=self._run, name="rules-watch", daemon=True)

    def start(self, *, loaded: bool = True) -> None:
        """Starts to look; where not ``loaded``, what stands there is taken for a change."""
        if not loaded:
            self._loaded = None
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; a load in progress is waited for."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        last = self._loaded
        while not self._stop.wait(self._every_seconds):
            seen = signature_of(self._directory)
            if seen == last and seen != self._loaded:
                self._loaded = seen
                if not self._changed():
                    self._loaded = None
                    self._stop.wait(RETRY_LOOKS * self._every_seconds)
            last = seen
