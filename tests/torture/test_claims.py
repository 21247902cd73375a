"""Thousands of claims on 300 units, each sent under three ids, one of them three times: 300 are served."""

import os

import pytest
from tests.torture.callers import CallerPool
from tests.torture.rounds import Round, check_samples

KINDS = ("sqlite", "postgresql")
SUITE_SEEDS = range(3)
CLAIMS = 1_200
TORTURE_SEEDS = range(int(os.environ.get("MAITRED_TORTURE_SEEDS", "100")))
TORTURE_CLAIMS = 10_000


def fight(server_pool, seed, claims):
    """Every other seed redeems and releases while it claims."""
    with CallerPool(server_pool) as caller_pool:
        one = Round(server_pool, caller_pool, seed, claims, mixed=seed % 2 == 1)
        with one.sampler() as sampler:
            one.fight()
        one.check()
        check_samples(sampler)


@pytest.mark.parametrize("seed", SUITE_SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_claims_sent_again_and_again_get_exactly_what_there_is(server_pool, seed):
    fight(server_pool, seed, CLAIMS)


@pytest.mark.torture
@pytest.mark.parametrize("seed", TORTURE_SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_claims_sent_again_and_again_get_exactly_what_there_is(server_pool, seed):
    fight(server_pool, seed, TORTURE_CLAIMS)
