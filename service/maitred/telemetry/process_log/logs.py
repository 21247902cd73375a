"""The process log: JSON lines for machines, columns for people at a terminal.

Nothing in a value can look like another line, or like the terminal's commands. Lines are written by a thread
of their own: whoever says something must not wait for a reader of standard output that is slow, stuck or
gone, as gRPC's threads would stand still with it.
"""

import contextlib
import json
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from maitred.telemetry import messages
from maitred.telemetry.signals.names import SERVICE

# More than a process says in a day; a reader that is this far behind has stopped.
LINES_WAITING_MAX = 4_096
# What is said last is said while stopping.
CLOSE_SECONDS = 1.0
# A traceback through many frames; what is cut is its middle.
TRACEBACK_MAX_CHARS = 16_000
# A fault of a rule file, or a message of a library, with room to spare.
VALUE_MAX_CHARS = 4_000
# What a person still reads; `maitred check` prints them all.
FAULTS_MAX = 200
# The fields that people read line by line.
_LISTED = "faults"
_TRACEBACK = "exception"
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


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


def json_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One JSON object on one line, ASCII only: every control character is an escape."""
    fields = {key: event[key] for key in ("time", "level", "event") if key in event}
    fields |= {key: _bounded(key, value) for key, value in event.items()}
    return json.dumps(fields, default=_text, skipkeys=True).replace("\x7f", "\\u007f")


def _text(value: object) -> str:
    """Returns what JSON has no form for."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 (a broken __str__ must not lose the line)
        return f"<{type(value).__name__}>"


def escape(text: str) -> str:
    """Returns the text with every character that is not printable written as an escape.

    That takes in line ends, the terminal's control sequences, and marks that turn the
    direction of writing.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )


class ColumnRenderer:
    """Lines for people: columns, then each fault and each line of a traceback on a line of its own."""

    def __init__(self, *, colours: bool) -> None:
        self._columns = structlog.dev.ConsoleRenderer(
            colors=colours, timestamp_key="time", exception_formatter=structlog.dev.plain_traceback
        )

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        """Returns the lines of one event, without the last line end."""
        bounded = {key: _bounded(key, value) for key, value in event.items()}
        faults, traceback = bounded.pop(_LISTED, []), bounded.pop(_TRACEBACK, None)
        safe = {escape(_text(key)): escape(_text(value)) for key, value in bounded.items()}
        lines = [str(self._columns(logger, method, safe))]
        lines += _indented(faults if isinstance(faults, list) else [faults])
        lines += _indented([traceback] if traceback else [])
        return "\n".join(lines)


def _indented(texts: Iterable[object]) -> list[str]:
    return [f"    {escape(line)}" for text in texts for line in _text(text).split("\n")]


def _bounded(key: str, value: object) -> object:
    if isinstance(value, str):
        return _shortened(value, TRACEBACK_MAX_CHARS if key == _TRACEBACK else VALUE_MAX_CHARS)
    if isinstance(value, tuple | list):
        shown = [_shortened(_text(item), VALUE_MAX_CHARS) for item in value[:FAULTS_MAX]]
        return shown + [f"and {len(value) - FAULTS_MAX} more"] * (len(value) > FAULTS_MAX)
    return value


def _shortened(text: str, max_chars: int) -> str:
    if len(text) <= max_chars:
        return text
    half = max_chars // 2
    return f"{text[:half]}\n...\n{text[-half:]}"


class ProcessLog:
    """A ``Log`` on the standard library's root logger, so that libraries end up in the same lines."""

    def __init__(self, handler: LineHandler, level: int) -> None:
        self._handler = handler
        self._logger = logging.getLogger(SERVICE)
        self._logger.setLevel(level)

    def debug(self, event: str, /, **fields: object) -> None:
        """For who looks into one process."""
        self._say(logging.DEBUG, event, fields)

    def info(self, event: str, /, **fields: object) -> None:
        """What an operator expects to happen."""
        self._say(logging.INFO, event, fields)

    def warning(self, event: str, /, **fields: object) -> None:
        """What an operator should look at during the day."""
        self._say(logging.WARNING, event, fields)

    def error(self, event: str, /, *, cause: BaseException | None = None, **fields: object) -> None:
        """What an operator should look at now."""
        self._say(logging.ERROR, event, {**fields, "exc_info": cause} if cause else fields)

    def _say(self, level: int, event: str, fields: Mapping[str, object]) -> None:
        if not self._logger.isEnabledFor(level):
            return
        args, kwargs = structlog.stdlib.ProcessorFormatter.wrap_for_formatter(
            self._logger, logging.getLevelName(level).lower(), {**fields, "event": event}
        )
        # Ours need not be the only handler, and others raise.
        with contextlib.suppress(Exception):
            self._logger.log(level, *args, extra=kwargs["extra"])

    def close(self) -> None:
        """Writes what still waits, for at most a moment, and lets go of the root logger."""
        logging.getLogger().removeHandler(self._handler)
        self._handler.close()


def configure_logging(stream: TextIO, environ: Mapping[str, str]) -> ProcessLog:
    """Sends everything that is logged in this process to ``stream``, from ``MAITRED_LOG_LEVEL`` up.

    Libraries are heard from WARNING up, whatever the level: below it they log statements with
    their parameters, which are customers' data. Colours are for terminals, and not where
    ``NO_COLOR`` is set. To be called once, in the process that serves.
    """
    text = environ.get("MAITRED_LOG_LEVEL", "").strip().lower()
    level = LEVELS.get(text or "info", logging.INFO)
    handler = LineHandler(stream)
    handler.setFormatter(_formatter(_terminal(stream), colours=not environ.get("NO_COLOR")))
    root = logging.getLogger()
    earlier = [other for other in root.handlers if isinstance(other, LineHandler)]
    # In front of others, which may raise.
    root.handlers[:] = [handler, *(other for other in root.handlers if other not in earlier)]
    for other in earlier:
        other.close()
    root.setLevel(max(level, logging.WARNING))
    log = ProcessLog(handler, level)
    if text and text not in LEVELS:
        log.warning("log_setting_ignored", message=messages.unknown_level(text, list(LEVELS)))
    return log


def _terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _formatter(terminal: bool, *, colours: bool) -> logging.Formatter:  # noqa: FBT001 (one kind or the other)
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    ]
    render: Processor = ColumnRenderer(colours=colours) if terminal else json_line
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder()], processors=[*shared, render]
    )
