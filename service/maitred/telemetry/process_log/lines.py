"""Writes lines to a stream from a thread of its own.

Whoever says something must not wait for a reader of standard output that is slow, stuck or
gone: gRPC's threads would stand still with it.
"""

import logging
import os
import threading
import time
from collections import deque
from typing import TextIO

# More than a process says in a day; a reader that is this far behind has stopped.
LINES_WAITING_MAX = 4_096
# What is said last is said while stopping.
CLOSE_SECONDS = 1.0


class LineHandler(logging.Handler):
    """A handler that never blocks and never raises: lines that cannot be written are dropped.

    How many were dropped because too many waited is said in front of the next line.
    """

    def __init__(self, stream: TextIO, waiting_max: int = LINES_WAITING_MAX) -> None:
        super().__init__()
        self._stream = stream
        self._lines: deque[str] = deque()
        self._waiting_max = waiting_max
        self._dropped = 0
        self._wake = threading.Event()
        self._closing = False
        self._gone = False
        self._thread = threading.Thread(target=self._run, name="maitred-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Renders and queues one record; logging holds this handler's lock."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 (a value that cannot be rendered must not fail the caller)
            line = f'{{"level": "error", "event": "log_line_not_rendered", "logger": "{record.name}"}}'
        if len(self._lines) >= self._waiting_max:
            self._dropped += 1
            return
        if self._dropped:
            self._lines.append(
                f'{{"level": "warning", "event": "log_lines_dropped", "count": {self._dropped}}}'
            )
            self._dropped = 0
        self._lines.append(line)
        self._wake.set()

    def close(self) -> None:
        """Writes what waits, for at most ``CLOSE_SECONDS``."""
        self._closing = True
        self._wake.set()
        self._thread.join(CLOSE_SECONDS)
        super().close()

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait()
            self._wake.clear()
            self._write_all()
        self._write_all()

    def _write_all(self) -> None:
        while self._lines:
            text = "\n".join(self._take()) + "\n"
            if not self._gone:
                self._write(text)

    def _take(self) -> list[str]:
        return [self._lines.popleft() for _ in range(len(self._lines))]

    def _write(self, text: str) -> None:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            self._stream.flush()
        except BrokenPipeError:
            self._gone = True
            _point_nowhere(self._stream)
        except (OSError, ValueError):  # full disk, closed stream: the service goes on without a log
            time.sleep(0)


def _point_nowhere(stream: TextIO) -> None:
    """Lets the interpreter's own last flush of the stream succeed; it would exit with 120 else."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return
