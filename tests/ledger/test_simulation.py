"""Seeded lives of the ledger on both databases; MAITRED_LEDGER_SEEDS asks for more of them."""

import os

import pytest
from tests.ledger.simulation import Simulation

SEEDS_VARIABLE = "MAITRED_LEDGER_SEEDS"
SQLITE_SEEDS, POSTGRES_SEEDS = 1_000, 50
TORTURE_SEEDS = 100_000


def test_the_store_lives_as_the_model_does(store, database_url):
    plain = SQLITE_SEEDS if database_url.startswith("sqlite") else POSTGRES_SEEDS
    for seed in range(int(os.environ.get(SEEDS_VARIABLE, plain))):
        Simulation(store, seed).run()


@pytest.mark.torture
def test_the_store_lives_as_the_model_does_for_very_many_seeds(store):
    for seed in range(TORTURE_SEEDS):
        Simulation(store, seed).run()
