"""Keys and what is done with them; the only place that knows ``cryptography``."""

from .files import change_keyring, make_keyring, open_vault, read_keyring
from .vault import Keyring, KeyringUnusable, KeyringVault, KeyVersion, RandomPool, check_values

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
