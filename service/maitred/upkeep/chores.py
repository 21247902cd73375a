"""What a process does by itself beside answering: looks for pauses, gives back what is due, forgets."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

LOOK_SECONDS = 0.25
"""A pause is known everywhere within a second, also where a look or two fail."""
TELL_SECONDS = 10.0
"""Without a database every chore of every process fails at every look, for as long as the night is."""


@dataclass(slots=True)
class Chore:
    """Something to be done every so often. It may raise: it is done again the next time."""

    every_seconds: float
    do: Callable[[], None]
    due: float = 0.0
    told: str = ""
    quiet_until: float = 0.0


class Upkeep:
    """Does chores on its own thread.

    ``failed`` is told of exceptions, of one like the last of its chore only after ``TELL_SECONDS``.
    """

    def __init__(
        self, chores: list[Chore], clock: Callable[[], float], failed: Callable[[Exception], None]
    ) -> None:
        self._chores, self._clock, self._failed = chores, clock, failed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Starts the thread, where there is something to do; every chore is done at once."""
        if self._chores:
            self._thread.start()

    def stop(self) -> None:
        """Ends the thread; a chore in progress is waited for."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            for chore in self._chores:
                if chore.due <= self._clock():
                    self._do(chore)
                    chore.due = self._clock() + chore.every_seconds
            self._stop.wait(LOOK_SECONDS)

    def _do(self, chore: Chore) -> None:
        try:
            chore.do()
        except Exception as error:  # noqa: BLE001 -- a chore that fails is done again, the others go on
            now, text = self._clock(), f"{type(error).__name__}: {error}"
            if text != chore.told or now >= chore.quiet_until:
                chore.told, chore.quiet_until = text, now + TELL_SECONDS
                self._failed(error)
