"""The port's ``Vault`` over a keyring in memory. A keyring is a value: no file and no clock is read here."""

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from maitred.engine.ports.vault import KEY_OF_NOBODY, SealBroken

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
        """Returns the code of one message."""
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
    """Returns a keyring of one version, of 96 fresh random bytes."""
    pseudonym, master, subject = (keys[at : at + KEY_BYTES] for at in range(0, 3 * KEY_BYTES, KEY_BYTES))
    return Keyring((KeyVersion(1, created_at, pseudonym, master),), 1, subject)


def check_values(keyring: Keyring) -> Mapping[int, bytes]:
    """By number of the version, 16 bytes that depend on its keys and on the subject key."""
    return {version.number: check_value(version, keyring.subject) for version in keyring.versions}


def check_value(version: KeyVersion, subject: bytes) -> bytes:
    """Three keys of fixed length side by side are one key: no other three make the same."""
    keys = version.pseudonym + version.master + subject
    return Mac(keys, _CHECK_LABEL)(version.number.to_bytes(VERSION_BYTES))[:CHECK_VALUE_BYTES]


PIECES = 1_024
"""Drawn in a tenth of a millisecond; a batch of decisions needs a few dozen."""
GENERATION_KEYS = 8_192
"""Two generations at 2.5 KiB a key are 40 MiB; a key that is not there takes 6 microseconds to unwrap."""
PSEUDONYM_BYTES = 16
"""Of the code, after the version. Among a billion customers two have the same with a chance of 1 in 10^21."""
NONCE_BYTES = 12
TAG_BYTES = 16
WRAPPED_KEY_BYTES = VERSION_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES
SEALED_EXTRA_BYTES = NONCE_BYTES + TAG_BYTES
"""By so much is what is sealed longer than what is plain."""

_PSEUDONYM_LABEL = b"pseudonym\0"
_SUBJECT_LABEL = b"subject\0"
_NOBODY_LABEL = b"nobody\0"
_WRAPPING = b"maitred customer key"


class RandomPool:
    """Pieces of so many bytes from the system's generator; each is given out once. From any thread.

    ``os.urandom`` gives the interpreter away at each call: beside four busy threads the one that calls it
    for each record gets a fifth of its share of the time.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._pieces: deque[bytes] = deque()
        _POOLS.add(self)

    def take(self) -> bytes:
        """Returns a piece that nobody else has."""
        try:
            return self._pieces.popleft()
        except IndexError:
            return self._draw()

    def empty(self) -> None:
        """Gives out nothing of what has been drawn so far."""
        self._pieces.clear()

    def _draw(self) -> bytes:
        drawn = os.urandom(PIECES * self._size)
        first, *others = (drawn[at : at + self._size] for at in range(0, len(drawn), self._size))
        self._pieces.extend(others)
        return first


_POOLS: weakref.WeakSet[RandomPool] = weakref.WeakSet()


def _empty_all() -> None:
    for pool in _POOLS:
        pool.empty()


# Parent and child would give out the same pieces.
os.register_at_fork(after_in_child=_empty_all)


class KeyCache:
    """Keeps at least the last 8,192 keys and at most twice as many, 2.5 kB each. From any thread.

    What was used since the last turn is young, the rest is old and goes with the next turn; reading
    a young key takes no lock.
    """

    def __init__(self, unwrap: Callable[[bytes], AESGCM]) -> None:
        self._unwrap = unwrap
        self._lock = threading.Lock()
        self._young: dict[bytes, AESGCM] = {}
        self._old: dict[bytes, AESGCM] = {}

    def get(self, wrapped: bytes) -> AESGCM:
        """Returns the key ready for use; raises what unwrapping raises."""
        return self._young.get(wrapped) or self._take_up(wrapped)

    def forget(self, wrapped: bytes) -> None:
        """Drops the key. A call under way that was given it before may take it up once more."""
        with self._lock:
            self._young.pop(wrapped, None)
            self._old.pop(wrapped, None)

    def _take_up(self, wrapped: bytes) -> AESGCM:
        with self._lock:
            key = self._old.pop(wrapped, None) or self._unwrap(wrapped)
            if len(self._young) >= GENERATION_KEYS:
                self._old, self._young = self._young, {}
            self._young[wrapped] = key
            return key


class KeyringVault:
    """Implements ``maitred.engine.ports.vault.Vault``: HMAC-SHA-256 and AES-256-GCM.

    Every nonce is 12 bytes of the system's generator and used once, so that processes, restarts and
    replicas need to agree on nothing. A customer's key seals some thousands of records, a master key wraps
    some hundred million keys; after so many the chance that a nonce came twice is under 1 in 10^12.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._macs = tuple(
            (_data(version.number), Mac(version.pseudonym, _PSEUDONYM_LABEL)) for version in keyring.in_order
        )
        self._masters = {_data(version.number): AESGCM(version.master) for version in keyring.versions}
        self._active = _data(keyring.active)
        self._subject = Mac(keyring.subject, _SUBJECT_LABEL)
        # Of what outlives rotations: with a master key what was sealed would be lost.
        self._nobody = Mac(keyring.subject, _NOBODY_LABEL)(b"")
        self._check_values = check_values(keyring)
        self._keys = KeyCache(self._unwrapped)
        self._nonces, self._new_keys = RandomPool(NONCE_BYTES), RandomPool(KEY_BYTES)

    def pseudonyms(self, customer_id: str) -> tuple[bytes, ...]:
        """18 bytes for each version, the active one first."""
        data = customer_id.encode("utf-8", "surrogatepass")
        return tuple([version + mac(data)[:PSEUDONYM_BYTES] for version, mac in self._macs])

    def subject_pseudonym(self, subject: str) -> str:
        """32 hexadecimal digits."""
        return self._subject(subject.encode("utf-8", "surrogatepass"))[:PSEUDONYM_BYTES].hex()

    def new_key(self) -> bytes:
        """62 bytes: the version of the master key, a nonce, and the key encrypted."""
        return self._wrapped(self._new_keys.take())

    def seal(self, key: bytes, plain: bytes, about: bytes) -> bytes:
        """Returns the plain bytes encrypted, 28 bytes longer."""
        nonce = self._nonces.take()
        return nonce + self._keys.get(key).encrypt(nonce, plain, about)

    def open(self, key: bytes, sealed: bytes, about: bytes) -> bytes:
        """Returns the plain bytes. Raises ``SealBroken``."""
        return _decrypted(self._keys.get(key), sealed, about)

    def rewrapped(self, key: bytes) -> bytes | None:
        """Returns the key under the active version; ``None`` where it is already. Raises ``SealBroken``."""
        if key.startswith(self._active):
            return None
        return self._wrapped(self._plain_key(key))

    def forget(self, key: bytes) -> None:
        """The key was deleted: drops what is kept of it in memory."""
        self._keys.forget(key)

    def check_values(self) -> Mapping[int, bytes]:
        """16 bytes for each version."""
        return self._check_values

    def _wrapped(self, plain_key: bytes) -> bytes:
        nonce = self._nonces.take()
        sealed = self._masters[self._active].encrypt(nonce, plain_key, _WRAPPING + self._active)
        return self._active + nonce + sealed

    def _unwrapped(self, key: bytes) -> AESGCM:
        return AESGCM(self._plain_key(key))

    def _plain_key(self, key: bytes) -> bytes:
        if key == KEY_OF_NOBODY:
            return self._nobody
        version = key[:VERSION_BYTES]
        master = self._masters.get(version)
        if len(key) != WRAPPED_KEY_BYTES:
            raise SealBroken(f"{len(key)} bytes are not a wrapped key")
        if master is None:
            raise SealBroken(
                f"the key was wrapped with version {int.from_bytes(version)} of the master key, which "
                "the keyring does not have"
            )
        return _decrypted(master, key[VERSION_BYTES:], _WRAPPING + version)


def _data(number: int) -> bytes:
    return number.to_bytes(VERSION_BYTES)


def _decrypted(aead: AESGCM, sealed: bytes, about: bytes) -> bytes:
    if len(sealed) < SEALED_EXTRA_BYTES:
        raise SealBroken(f"{len(sealed)} bytes are not a sealed record")
    try:
        return aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
    except InvalidTag:
        raise SealBroken(
            "the seal is broken: made with another key or about something else, or changed since"
        ) from None
