"""What tests do to keyrings."""

from datetime import datetime
from pathlib import Path

from maitred.vault import Keyring

PROCESSES = 8


def rotate(keyring: Keyring, now: datetime, keys: bytes) -> Keyring:
    return keyring.with_version(now, keys, activate=True)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
