"""One event to its line. Nothing in a value can look like another line, or like the terminal's commands."""

import json
from collections.abc import Iterable

import structlog
from structlog.typing import EventDict, WrappedLogger

# A traceback through many frames; what is cut is its middle.
TRACEBACK_MAX_CHARS = 16_000
# A fault of a rule file, or a message of a library, with room to spare.
VALUE_MAX_CHARS = 4_000
# What a person still reads; `maitred check` prints them all.
FAULTS_MAX = 200
# The fields that people read line by line.
_LISTED = "faults"
_TRACEBACK = "exception"


def json_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One JSON object on one line, ASCII only: every control character is an escape."""
    fields = {key: event[key] for key in ("time", "level", "event") if key in event}
    fields |= {key: _bounded(key, value) for key, value in event.items()}
    return json.dumps(fields, default=_text, skipkeys=True).replace("\x7f", "\\u007f")


def _text(value: object) -> str:
    """What JSON has no form for."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 (a broken __str__ must not lose the line)
        return f"<{type(value).__name__}>"


def escape(text: str) -> str:
    """The text with every character that is not printable written as an escape.

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
        """The lines of one event, without the last line end."""
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
