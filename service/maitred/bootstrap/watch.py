"""Watches the rules directory: what changes there is loaded, what has faults is refused."""

import threading
from collections.abc import Callable
from pathlib import Path

Signature = frozenset[tuple[str, int, int]]


def signature_of(directory: Path) -> Signature:
    """Names, sizes and times of every file below; equal while nothing changes."""
    found = set()
    for path in directory.rglob("*"):
        try:
            status = path.stat()
        except OSError:
            continue
        found.add((str(path), status.st_size, status.st_mtime_ns))
    return frozenset(found)


class Watch:
    """Calls ``changed`` on its own thread when the directory differs from the last look.

    A change is taken up once two looks in a row agree, so that a copy in progress is left alone.
    """

    def __init__(self, directory: Path, every_seconds: float, changed: Callable[[], None]) -> None:
        self._directory, self._every_seconds, self._changed = directory, every_seconds, changed
        self._stop = threading.Event()
        self._loaded = signature_of(directory)
        self._thread = threading.Thread(target=self._run, name="rules-watch", daemon=True)

    def start(self) -> None:
        """Starts to look."""
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
                self._changed()
            last = seen
