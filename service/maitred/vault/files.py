"""The keyring's file: made once however many start, changed whole, read by its owner alone."""

import contextlib
import fcntl
import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from . import messages
from .form import from_text, to_text
from .keyring import KEY_BYTES, Keyring, KeyringMissing, KeyringUnusable, first_keyring
from .vault import KeyringVault

MAX_BYTES = 65_536
"""Four times what the most versions take: what is longer is some other file."""

_OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# A pipe in the file's place must not block.
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


def open_vault(path: Path, *, create: bool) -> KeyringVault:
    """The vault of a keyring; where there is none and ``create``, of a new one.

    Safe from several processes at once: all get the same keys. Raises ``KeyringUnusable``.
    """
    try:
        return KeyringVault(read_keyring(path))
    except KeyringMissing:
        if not create:
            raise
    with contextlib.suppress(FileExistsError):
        _publish(_new_keyring(), path)
    return KeyringVault(read_keyring(path))


def make_keyring(path: Path) -> Keyring:
    """A new keyring in a new file. Raises ``KeyringUnusable``, also where the file is there."""
    keyring = _new_keyring()
    try:
        _publish(keyring, path)
    except FileExistsError:
        raise KeyringUnusable(messages.there_already(str(path))) from None
    return keyring


def read_keyring(path: Path) -> Keyring:
    """The keyring of a file that only its owner can use. Raises ``KeyringUnusable``."""
    with _opened(path) as descriptor:
        return _read(descriptor, path)


def change_keyring(path: Path, change: Callable[[Keyring, datetime, bytes], Keyring]) -> Keyring:
    """Replaces a keyring by what ``change`` makes of it, the time and 64 random bytes; gives the new one.

    One change at a time, and whole: whoever reads meanwhile sees the old or the new one.
    Raises ``KeyringUnusable``.
    """
    target = path.resolve()
    with _locked(target) as descriptor:
        changed = change(_read(descriptor, path), _now(), secrets.token_bytes(2 * KEY_BYTES))
        with _written(changed, target, like=os.fstat(descriptor)) as written:
            written.replace(target)
    return changed


def _new_keyring() -> Keyring:
    return first_keyring(_now(), secrets.token_bytes(3 * KEY_BYTES))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _publish(keyring: Keyring, path: Path) -> None:
    """Gives a whole file its name; raises ``FileExistsError`` where another one has it."""
    with _written(keyring, path) as written:
        os.link(written, path)


@contextlib.contextmanager
def _written(keyring: Keyring, path: Path, like: os.stat_result | None = None) -> Iterator[Path]:
    """The keyring on disk beside ``path``, under a name that is gone afterwards."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                os.fchmod(descriptor, _OWNER_ONLY)
                if like:
                    os.fchown(descriptor, like.st_uid, like.st_gid)
                file.write(to_text(keyring))
                file.flush()
                os.fsync(descriptor)
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)
        _sync_folder(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise KeyringUnusable(messages.cannot_write(str(path), str(error.strerror))) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, _READ)
    except FileNotFoundError:
        raise KeyringMissing(messages.not_there(str(path))) from None
    except OSError as error:
        raise KeyringUnusable(messages.cannot_read(str(path), str(error.strerror))) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file, once it is ours to change; not one that another change has replaced meanwhile."""
    while True:
        with _opened(path) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(path, descriptor):
                yield descriptor
                return


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _read(descriptor: int, path: Path) -> Keyring:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise KeyringUnusable(messages.not_a_file(str(path)))
    if status.st_mode & _OTHERS:
        raise KeyringUnusable(messages.too_open(str(path), stat.S_IMODE(status.st_mode)))
    data = os.pread(descriptor, MAX_BYTES + 1, 0)
    if len(data) > MAX_BYTES:
        raise KeyringUnusable(messages.too_long(str(path), MAX_BYTES))
    return from_text(data.decode("ascii", "replace"), str(path))
