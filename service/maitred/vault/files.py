"""The keyring as JSON, and its file: made once however many start, changed whole, read by its owner alone."""

import contextlib
import fcntl
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import messages
from .vault import (
    GREATEST_VERSION,
    KEY_BYTES,
    MAX_VERSIONS,
    Keyring,
    KeyringMissing,
    KeyringUnusable,
    KeyringVault,
    KeyVersion,
    check_value,
    first_keyring,
)

FORMAT = "maitred-keys/1"
_RESTORE = "restore it from your backup or secret manager"
_TOP = {"format", "active", "subject", "versions"}
_VERSION = {"version", "created", "pseudonym", "master", "check"}
MAX_BYTES = 65_536
"""Four times what the most versions take: what is longer is some other file."""
_OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# A pipe in the file's place must not block.
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


def to_text(keyring: Keyring) -> str:
    """JSON that ends with a line break; keys are hexadecimal."""
    versions = [
        {
            "version": version.number,
            "created": version.created_at.isoformat(),
            "pseudonym": version.pseudonym.hex(),
            "master": version.master.hex(),
            "check": check_value(version, keyring.subject).hex(),
        }
        for version in keyring.versions
    ]
    top = {"format": FORMAT, "active": keyring.active, "subject": keyring.subject.hex(), "versions": versions}
    return json.dumps(top, indent=2) + "\n"


def from_text(text: str, name: str) -> Keyring:
    """Reads what ``to_text`` writes, and nothing else. Raises ``KeyringUnusable``, which tells ``name``."""
    try:
        return _keyring(json.loads(text, object_pairs_hook=_no_duplicates))
    except (ValueError, RecursionError):
        raise KeyringUnusable(f"keyring `{name}` is cut short or no JSON, {_RESTORE}") from None
    except _Malformed as malformed:
        raise KeyringUnusable(f"keyring `{name}` is malformed: {malformed}; {_RESTORE}") from None


class _Malformed(Exception):
    """What is wrong, without the file's name."""


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Malformed("a field stands there twice")
    return fields


def _keyring(top: Any) -> Keyring:
    if not isinstance(top, Mapping) or top.get("format") != FORMAT:
        raise _Malformed(f"`format` is not `{FORMAT}`, the one this maitred knows")
    _check_fields(top, _TOP, "the keyring")
    subject = _key(top["subject"], "subject")
    versions = _versions(top["versions"], subject)
    active = top["active"]
    if type(active) is not int or active not in {version.number for version in versions}:
        raise _Malformed("`active` must be the number of one of the versions")
    return Keyring(versions, active, subject)


def _versions(entries: Any, subject: bytes) -> tuple[KeyVersion, ...]:
    if not isinstance(entries, Sequence) or not 1 <= len(entries) <= MAX_VERSIONS:
        raise _Malformed(messages.wrong_versions(MAX_VERSIONS))
    versions = sorted(
        (_version(entry, subject) for entry in entries),
        key=lambda entry_version: entry_version.number,
        reverse=True,
    )
    if len({version.number for version in versions}) != len(versions):
        raise _Malformed("two versions have the same number")
    return tuple(versions)


def _version(entry: Any, subject: bytes) -> KeyVersion:
    if not isinstance(entry, Mapping):
        raise _Malformed(messages.wrong_versions(MAX_VERSIONS))
    _check_fields(entry, _VERSION, "a version")
    number = entry["version"]
    if type(number) is not int or not 1 <= number <= GREATEST_VERSION:
        raise _Malformed(f"`version` must be a whole number from 1 to {GREATEST_VERSION}")
    version = KeyVersion(
        number,
        _instant(entry["created"]),
        _key(entry["pseudonym"], "pseudonym"),
        _key(entry["master"], "master"),
    )
    if entry["check"] != check_value(version, subject).hex():
        raise _Malformed(f"the keys of version {number} are not those it was written with")
    return version


def _check_fields(entry: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := entry.keys() - known:
        raise _Malformed(messages.unknown_fields(sorted(unknown), where))
    if missing := known - entry.keys():
        raise _Malformed(messages.missing_fields(sorted(missing), where))


def _key(value: Any, field: str) -> bytes:
    if isinstance(value, str) and len(value) == 2 * KEY_BYTES:
        try:
            return bytes.fromhex(value)
        except ValueError:
            pass
    raise _Malformed(f"`{field}` must have {2 * KEY_BYTES} hexadecimal digits")


def _instant(value: Any) -> datetime:
    try:
        created_at = datetime.fromisoformat(value)
        if created_at.tzinfo is not None:
            return created_at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise _Malformed("`created` must be an instant with its offset, as in 2026-12-01T11:30:00+00:00")


def open_vault(path: Path, *, create: bool) -> KeyringVault:
    """Returns the vault of a keyring; where there is none and ``create``, of a new one.

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
    """Returns a new keyring in a new file. Raises ``KeyringUnusable``, also where the file is there."""
    keyring = _new_keyring()
    try:
        _publish(keyring, path)
    except FileExistsError:
        raise KeyringUnusable(
            f"keyring `{path}` is there already, name another file or add keys to it with `maitred "
            "keys rotate`"
        ) from None
    return keyring


def read_keyring(path: Path) -> Keyring:
    """Returns the keyring of a file that only its owner can use. Raises ``KeyringUnusable``."""
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
    """Yields the keyring on disk beside ``path``, under a name that is gone afterwards."""
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
        raise KeyringUnusable(
            f"keyring `{path}` cannot be written ({error.strerror}), let this user write to its "
            "folder, on a local disk"
        ) from error


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
        raise KeyringUnusable(
            f"keyring `{path}` cannot be read ({error.strerror}), let this user read it"
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Yields the file, once it is ours to change; not one that another change has replaced meanwhile."""
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
        raise KeyringUnusable(f"keyring `{path}` is not a regular file, name one")
    if status.st_mode & _OTHERS:
        raise KeyringUnusable(messages.too_open(str(path), stat.S_IMODE(status.st_mode)))
    data = os.pread(descriptor, MAX_BYTES + 1, 0)
    if len(data) > MAX_BYTES:
        raise KeyringUnusable(
            f"keyring `{path}` is longer than {MAX_BYTES:,} bytes, so it is not a keyring: name another file"
        )
    return from_text(data.decode("ascii", "replace"), str(path))
