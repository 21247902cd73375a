"""Keys and what is done with them; the only place that knows ``cryptography``."""

from .errors import KeyringUnusable
from .files import change_keyring, make_keyring, open_vault, read_keyring
from .keyring import Keyring, Version, check_values
from .pools import Pool
from .vault import KeyringVault

__all__ = [
    "Keyring",
    "KeyringUnusable",
    "KeyringVault",
    "Pool",
    "Version",
    "change_keyring",
    "check_values",
    "make_keyring",
    "open_vault",
    "read_keyring",
]
