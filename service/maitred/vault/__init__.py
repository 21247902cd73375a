"""Keys and what is done with them; the only place that knows ``cryptography``."""

from maitred.vault.keyring import KeyringUnusable
from maitred.vault.vault import RandomPool

from .files import change_keyring, make_keyring, open_vault, read_keyring
from .keyring import Keyring, KeyVersion, check_values
from .vault import KeyringVault

__all__ = [
    "KeyVersion",
    "Keyring",
    "KeyringUnusable",
    "KeyringVault",
    "RandomPool",
    "change_keyring",
    "check_values",
    "make_keyring",
    "open_vault",
    "read_keyring",
]
