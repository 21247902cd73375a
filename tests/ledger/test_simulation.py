"""Seeded lives of the ledger on both databases; MAITRED_LEDGER_SEEDS asks for more of them."""

import pytest
from tests.ledger.simulation import Simulation
from tests.seeds import seeds

SEEDS_VARIABLE = "MAITRED_LEDGER_SEEDS"
SQLITE_SEEDS, POSTGRES_SEEDS = 1_000, 50
TORTURE_SEEDS, PORTION_SEEDS = 100_000, 10_000
"""A portion has a database of its own, so that one can be run again by itself: ``-k "seeds-30000"``."""


def test_the_store_lives_as_the_model_does(store, database_url):
    plain = SQLITE_SEEDS if database_url.startswith("sqlite") else POSTGRES_SEEDS
    for seed in seeds(SEEDS_VARIABLE, plain):
        Simulation(store, seed).run()


@pytest.mark.torture
@pytest.mark.parametrize("first", range(0, TORTURE_SEEDS, PORTION_SEEDS), ids="seeds-{}".format)
def test_the_store_lives_as_the_model_does_for_very_many_seeds(store, first):
    for seed in range(first, first + PORTION_SEEDS):
        Simulation(store, seed).run()
