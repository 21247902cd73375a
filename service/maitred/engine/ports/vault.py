"""What the engine needs of keys. ``vault`` implements it; a key service could."""

from collections.abc import Mapping
from typing import Protocol

KEY_OF_NOBODY = b"nobody"
"""In place of a wrapped key: the key of what belongs to no customer. It follows from the keyring."""


class SealBroken(Exception):
    """What was sealed cannot be opened: another key, or bytes that were changed."""


class Vault(Protocol):
    """Keys, and what is done with them. From any thread; fast enough for every decision.

    A customer's key is handed out wrapped: only the vault can use it, and whoever deletes the
    wrapped key has deleted what was sealed with it.
    """

    def pseudonyms(self, customer_id: str) -> tuple[bytes, ...]:
        """What stands for a customer outside of the process, for each version of the key, newest first.

        Each begins with the version (2 bytes) and is always the same for the same customer.
        """
        ...

    def subject_pseudonym(self, subject: str) -> str:
        """Returns what stands for a person where units are counted; does not change when keys are rotated."""
        ...

    def new_key(self) -> bytes:
        """Returns a new customer's key, wrapped."""
        ...

    def seal(self, key: bytes, plain: bytes, about: bytes) -> bytes:
        """Encrypts with a wrapped key. ``about`` is bound to it: it opens beside nothing else.

        Raises ``SealBroken`` where the key was wrapped by a vault of other keys.
        """
        ...

    def open(self, key: bytes, sealed: bytes, about: bytes) -> bytes:
        """Returns the plain bytes. Raises ``SealBroken``."""
        ...

    def rewrapped(self, key: bytes) -> bytes | None:
        """Returns the key wrapped anew where its wrapping is of an older version.

        ``None`` where it is not.
        """
        ...

    def forget(self, key: bytes) -> None:
        """The wrapped key was deleted: keeps nothing of it in memory."""
        ...

    def check_values(self) -> Mapping[int, bytes]:
        """For each version a value that tells whether two vaults have the same keys, and nothing else."""
        ...
