"""Signals as a queue that the main thread waits on."""

import os
import signal
from queue import Empty, SimpleQueue
from types import FrameType

from maitred.cli.exits import INTERRUPTED


class Signals:
    """Takes SIGTERM, SIGINT, SIGHUP and any ``more``; the second SIGINT ends the process at once."""

    def __init__(self, *more: signal.Signals) -> None:
        self._queue: SimpleQueue[signal.Signals] = SimpleQueue()
        self._interrupts = 0
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, *more):
            signal.signal(number, self._take)

    def put(self, number: signal.Signals) -> None:
        """As if the signal had come."""
        self._queue.put(number)

    def next(self, timeout_seconds: float | None = None) -> signal.Signals | None:
        """Returns the next signal, in order; ``None`` where none came in time."""
        try:
            return self._queue.get(timeout=timeout_seconds)
        except Empty:
            return None

    def _take(self, number: int, _frame: FrameType | None) -> None:
        self._interrupts += number == signal.SIGINT
        if self._interrupts > 1:
            os._exit(INTERRUPTED)
        self._queue.put(signal.Signals(number))
