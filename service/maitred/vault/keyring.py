"""A keyring as a value, and what changes of it. No I/O, no clock, no randomness."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from . import messages

KEY_BYTES = 32
VERSION_BYTES = 2
GREATEST_VERSION = 2 ** (8 * VERSION_BYTES) - 1
MAX_VERSIONS = 32
"""Customers are looked up under the pseudonyms of all: each version costs every decision microseconds."""
CHECK_VALUE_BYTES = 16
"""Nobody can work back from it, or find other keys that have the same."""

_CHECK_LABEL = b"maitred check value\0"
_BLOCK_BYTES = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
"""The pads of HMAC."""


class KeyringUnusable(Exception):
    """The keyring cannot be had or changed; the text is for operators and never holds a key."""


class KeyringMissing(KeyringUnusable):
    """There is no file of that name."""


class Mac:
    """RFC 2104 over SHA-256, of ``label`` followed by the message; 32 bytes.

    The states after the padded key and the label are kept and copied: ``hmac.digest`` works them out
    each time, which takes twice as long. ``label`` keeps apart what one key is used for; none begins another.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes, label: bytes) -> None:
        if len(key) > _BLOCK_BYTES:
            key = sha256(key).digest()
        padded = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = sha256(padded.translate(_INNER) + label)
        self._outer = sha256(padded.translate(_OUTER))

    def __call__(self, message: bytes) -> bytes:
        """The code of one message."""
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """One generation of keys of 32 bytes: for pseudonyms, and the master key that wraps customers' keys."""

    number: int
    created_at: datetime
    pseudonym: bytes = field(repr=False)
    master: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """Versions, newest first, each number once; ``active`` is the number of the one that is written with.

    ``subject`` (32 bytes) is never replaced: units are counted under what it makes of a person.
    """

    versions: tuple[KeyVersion, ...]
    active: int
    subject: bytes = field(repr=False)

    @property
    def in_order(self) -> tuple[KeyVersion, ...]:
        """The active version, then the others, newest first."""
        return tuple(sorted(self.versions, key=lambda version: version.number != self.active))

    def with_version(self, created_at: datetime, keys: bytes, *, activate: bool) -> "Keyring":
        """With one version more, of 64 fresh random bytes. Raises ``KeyringUnusable``."""
        number = self.versions[0].number + 1
        if len(self.versions) >= MAX_VERSIONS or number > GREATEST_VERSION:
            raise KeyringUnusable(
                f"the keyring has {len(self.versions)} versions, drop old ones first with `maitred keys drop`"
            )
        newest = KeyVersion(number, created_at, keys[:KEY_BYTES], keys[KEY_BYTES:])
        return Keyring((newest, *self.versions), number if activate else self.active, self.subject)

    def with_active(self, number: int) -> "Keyring":
        """Written with another version. Raises ``KeyringUnusable`` where there is none of that number."""
        self._known(number)
        return replace(self, active=number)

    def without(self, number: int) -> "Keyring":
        """Without a version. Raises ``KeyringUnusable`` where it is unknown or not older than the active one.

        Dropping only what is older keeps a number from being given twice.
        """
        self._known(number)
        if number >= self.active:
            raise KeyringUnusable(
                f"version {number} is not older than the active one ({self.active}), make a newer one "
                "active first"
            )
        return replace(self, versions=tuple(version for version in self.versions if version.number != number))

    def _known(self, number: int) -> None:
        numbers = [version.number for version in self.versions]
        if number not in numbers:
            raise KeyringUnusable(messages.no_version(number, numbers))


def first_keyring(created_at: datetime, keys: bytes) -> Keyring:
    """A keyring of one version, of 96 fresh random bytes."""
    pseudonym, master, subject = (keys[at : at + KEY_BYTES] for at in range(0, 3 * KEY_BYTES, KEY_BYTES))
    return Keyring((KeyVersion(1, created_at, pseudonym, master),), 1, subject)


def check_values(keyring: Keyring) -> Mapping[int, bytes]:
    """By number of the version, 16 bytes that depend on its keys and on the subject key."""
    return {version.number: check_value(version, keyring.subject) for version in keyring.versions}


def check_value(version: KeyVersion, subject: bytes) -> bytes:
    """Three keys of fixed length side by side are one key: no other three make the same."""
    keys = version.pseudonym + version.master + subject
    return Mac(keys, _CHECK_LABEL)(version.number.to_bytes(VERSION_BYTES))[:CHECK_VALUE_BYTES]
