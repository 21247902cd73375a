"""The engine plugged together on both databases."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.claims.house import House

from maitred.store import open_store
from maitred.store.databases import postgres
from maitred.vault import KeyringVault


@pytest.fixture
def house(database_url: str, keys: KeyringVault, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house on each database in turn; the database's clock is the house's."""
    monkeypatch.setattr(postgres, "POSTGRES", replace(postgres.POSTGRES, clock=lambda _, local: local))
    made = House(open_store(database_url), keys)
    yield made
    made.close()


@pytest.fixture
def lone_house(sqlite_url: str, keys: KeyringVault) -> Iterator[House]:
    """A house on SQLite alone, for what does not depend on the database."""
    made = House(open_store(sqlite_url), keys)
    yield made
    made.close()
