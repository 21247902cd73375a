"""The port's ``Vault`` over a keyring in memory."""

from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from maitred.engine.ports.vault import KEY_OF_NOBODY, SealBroken

from . import messages
from .cache import KeyCache
from .keyring import VERSION_BYTES, Keyring, check_values
from .macs import KEY_BYTES, Mac
from .pools import RandomPool

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


class KeyringVault:
    """Implements ``maitred.engine.sealing.Vault``: HMAC-SHA-256 and AES-256-GCM.

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
            raise SealBroken(messages.not_a_key(len(key)))
        if master is None:
            raise SealBroken(messages.other_master(int.from_bytes(version)))
        return _decrypted(master, key[VERSION_BYTES:], _WRAPPING + version)


def _data(number: int) -> bytes:
    return number.to_bytes(VERSION_BYTES)


def _decrypted(aead: AESGCM, sealed: bytes, about: bytes) -> bytes:
    if len(sealed) < SEALED_EXTRA_BYTES:
        raise SealBroken(messages.cut_short(len(sealed)))
    try:
        return aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
    except InvalidTag:
        raise SealBroken(messages.seal_broken()) from None
