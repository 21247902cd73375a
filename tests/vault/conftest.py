"""Keyrings and vaults of fixed keys, and files of their own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from maitred.vault import Keyring, KeyringVault, KeyVersion

CREATED_AT = datetime(2026, 12, 1, 11, 30, tzinfo=UTC)


def version(number: int) -> KeyVersion:
    return KeyVersion(number, CREATED_AT, bytes([number]) * 32, bytes([100 + number]) * 32)


@pytest.fixture(scope="session")
def keyrings() -> dict[int, Keyring]:
    """One subject key; so many versions, the newest active."""
    return {
        newest: Keyring(tuple(version(number) for number in range(newest, 0, -1)), newest, b"\xee" * 32)
        for newest in (1, 2, 3)
    }


@pytest.fixture(scope="session")
def vault(keyrings: dict[int, Keyring]) -> KeyringVault:
    return KeyringVault(keyrings[1])


@pytest.fixture(scope="session")
def rotated(keyrings: dict[int, Keyring]) -> KeyringVault:
    """The same with a second version, which is active."""
    return KeyringVault(keyrings[2])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where there is no keyring yet."""
    return tmp_path / "maitred.keys"
