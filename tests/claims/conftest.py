"""The engine plugged together on both databases."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.claims.harness import EngineHarness

from maitred.store import open_store
from maitred.store.databases import postgres
from maitred.vault import KeyringVault


@pytest.fixture
def harness(
    database_url: str, keys: KeyringVault, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EngineHarness]:
    """A harness on each database in turn; the database's clock is the harness's."""
    monkeypatch.setattr(postgres, "POSTGRES", replace(postgres.POSTGRES, clock=lambda _, local: local))
    made = EngineHarness(open_store(database_url), keys)
    yield made
    made.close()


@pytest.fixture
def sqlite_harness(sqlite_url: str, keys: KeyringVault) -> Iterator[EngineHarness]:
    """A harness on SQLite alone, for what does not depend on the database."""
    made = EngineHarness(open_store(sqlite_url), keys)
    yield made
    made.close()
