"""The process log: JSON lines for machines, columns for people at a terminal."""

import contextlib
import logging
from collections.abc import Mapping
from typing import TextIO

import structlog
from structlog.typing import Processor

from maitred.telemetry import messages
from maitred.telemetry.signals.names import SERVICE

from .lines import LineHandler
from .render import ColumnRenderer, json_line

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


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
