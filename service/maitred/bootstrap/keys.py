"""Keyrings and what operators do to them."""

from pathlib import Path

from maitred.vault import Keyring, KeyringUnusable, change_keyring, check_values, make_keyring, read_keyring

__all__ = [
    "Keyring",
    "KeyringUnusable",
    "activate",
    "check_drop",
    "check_values",
    "drop",
    "make_keyring",
    "read_keyring",
    "rotate",
]


def rotate(file: Path, *, standby: bool) -> Keyring:
    """Adds a version, which is written with unless it stands by. Raises ``KeyringUnusable``, as all here."""
    return change_keyring(
        file, lambda keyring, now, keys: keyring.with_version(now, keys, activate=not standby)
    )


def activate(file: Path, number: int) -> Keyring:
    """Writes with another version from now on."""
    return change_keyring(file, lambda keyring, _now, _keys: keyring.with_active(number))


def check_drop(file: Path, number: int) -> None:
    """Whether the version could be dropped; changes nothing."""
    read_keyring(file).without(number)


def drop(file: Path, number: int) -> Keyring:
    """Takes a version out, for good."""
    return change_keyring(file, lambda keyring, _now, _keys: keyring.without(number))
