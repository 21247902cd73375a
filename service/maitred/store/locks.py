"""Keeps a second maitred off a SQLite file."""

import fcntl
import os
from pathlib import Path

from . import messages
from .errors import StoreUnusable

LOCK_SUFFIX = "-lock"
_MODE = 0o644
_LONGEST_PID_OCTETS = 20


class FileLock:
    """Held from the call of ``take`` until ``release`` or the end of the process, however it ends.

    The file stays: were it removed, two processes could hold two files of one name. Not the
    database itself is locked: SQLite has its own locks there.
    """

    def __init__(self, database: Path) -> None:
        self._path = Path(f"{database.resolve()}{LOCK_SUFFIX}")
        self._name = str(database)
        self._descriptor = -1

    def take(self) -> None:
        """Raises ``StoreUnusable`` where another process, or another store of this one, holds it."""
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        except OSError as error:
            raise StoreUnusable(messages.cannot_lock(self._name, str(error.strerror))) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._descriptor, _LONGEST_PID_OCTETS, 0).decode("ascii", "replace").strip()
            self.release()
            raise StoreUnusable(messages.in_use(self._name, holder)) from error
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Lets the next one in."""
        os.close(self._descriptor)
        self._descriptor = -1
