"""How a command ends."""

FINE = 0
FINDINGS = 1
"""The command did its work and there is something to see to: a faulty rule file, a refused request."""
CANNOT_RUN = 2
"""Bad flags, no server, no permission; also a fault of maitred itself."""
INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""
BROKEN_PIPE = 141
"""128 + SIGPIPE: the reader (``head``, a pager) has left, as with any other program."""


class Stop(Exception):
    """Ends a command with a line for the user and, where there is one, what to do about it."""

    def __init__(self, message: str, hint: str = "", code: int = CANNOT_RUN) -> None:
        super().__init__(message)
        self.message, self.hint, self.code = message, hint, code
