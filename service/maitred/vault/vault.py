"""The port's ``Vault`` over a keyring in memory."""

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from maitred.engine.ports.vault import KEY_OF_NOBODY, SealBroken

from .keyring import KEY_BYTES, VERSION_BYTES, Keyring, Mac, check_values

PIECES = 1_024
"""Drawn in a tenth of a millisecond; a batch of decisions needs a few dozen."""
GENERATION_KEYS = 4_096
"""Two generations at 2.5 KiB a key are 20 MiB; a key that is not there takes 6 microseconds to unwrap."""
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
        """A piece that nobody else has."""
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
    """Keeps at least the last 4,096 keys and at most twice as many. From any thread.

    What was used since the last turn is young, the rest is old and goes with the next turn; reading
    a young key takes no lock.
    """

    def __init__(self, unwrap: Callable[[bytes], AESGCM]) -> None:
        self._unwrap = unwrap
        self._lock = threading.Lock()
        self._young: dict[bytes, AESGCM] = {}
        self._old: dict[bytes, AESGCM] = {}

    def get(self, wrapped: bytes) -> AESGCM:
        """The key ready for use; raises what unwrapping raises."""
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
        """The plain bytes encrypted, 28 bytes longer."""
        nonce = self._nonces.take()
        return nonce + self._keys.get(key).encrypt(nonce, plain, about)

    def open(self, key: bytes, sealed: bytes, about: bytes) -> bytes:
        """The plain bytes. Raises ``SealBroken``."""
        return _decrypted(self._keys.get(key), sealed, about)

    def rewrapped(self, key: bytes) -> bytes | None:
        """The key under the active version; ``None`` where it is already. Raises ``SealBroken``."""
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
