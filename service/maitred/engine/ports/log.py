"""Where the process says what it does: one Protocol, so that one room alone knows a logging library."""

from typing import Protocol


class Log(Protocol):
    """Structured lines for operators. Must not block and must not raise.

    ``event`` names what happened in snake case (``ruleset_loaded``), the fields say the rest.
    Values may be of any type and may come from outside: the log escapes what a terminal or a
    line-based reader could take for something else.
    """

    def debug(self, event: str, /, **fields: object) -> None:
        """For who looks into one process."""
        ...

    def info(self, event: str, /, **fields: object) -> None:
        """What an operator expects to happen."""
        ...

    def warning(self, event: str, /, **fields: object) -> None:
        """What an operator should look at during the day."""
        ...

    def error(self, event: str, /, *, cause: BaseException | None = None, **fields: object) -> None:
        """What an operator should look at now. The traceback of ``cause`` is written with it."""
        ...
