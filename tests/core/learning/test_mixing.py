"""Draws by mixing and a table: how near they are to what they are named for, and that they are independent.

Ids are fixed: a law that holds here holds in every run. Bounds are those of five standard errors.
"""

import math
from hashlib import blake2b, sha256
from itertools import combinations, pairwise
from statistics import NormalDist

import pytest

from maitred.core.learning.mixing import NORMALS, begun, beta_draws, coin, cube_of, uniform_draws

IDS = [blake2b(number.to_bytes(16), digest_size=16).digest() for number in range(40_000)]
BEGINNINGS = [begun(seed) for seed in IDS]
ACTIONS = [b"\0uptake\0a%d" % number for number in range(6)]
BELIEF = 400.0, 9_600.0


def correlation(left, right):
    count = len(left)
    means = sum(left) / count, sum(right) / count
    covariance = sum((one - means[0]) * (other - means[1]) for one, other in zip(left, right, strict=True))
    squares = [
        sum((one - mean) ** 2 for one in values) for values, mean in zip((left, right), means, strict=True)
    ]
    return covariance / math.sqrt(squares[0] * squares[1])


def distances(values):
    """How far each is from the middle, squared: what two draws may share although they are uncorrelated."""
    mean = sum(values) / len(values)
    return [(value - mean) ** 2 for value in values]


@pytest.fixture(scope="module")
def drawn():
    """The draws of some actions in the same decisions."""
    return [list(map(beta_draws(*BELIEF, action), BEGINNINGS)) for action in ACTIONS]


def test_the_table_is_that_of_every_other_machine():
    assert sha256(b"".join(number.hex().encode() for number in NORMALS)).hexdigest() == (
        "3b59d7beab8fdea1a3735f9ffc0d208b920ccd6f0f4fe5c899b3eb7a5948f488"
    )


def test_the_table_does_not_hang_on_the_last_digits_of_a_library():
    """Each quantile is farther from where rounding turns than a thousand roundings of a double."""
    count, normal = len(NORMALS), NormalDist()
    grains = [normal.inv_cdf((place + 0.5) / count) * 2.0**30 for place in range(count)]
    assert all(abs(grain % 1.0 - 0.5) * 2.0**-30 > 1_000 * 2.0**-53 for grain in grains)


def test_the_table_is_the_normal_distribution_up_to_its_last_places():
    count, normal = len(NORMALS), NormalDist()
    assert list(NORMALS) == sorted(NORMALS)
    assert all(low == -high for low, high in zip(NORMALS, reversed(NORMALS), strict=True))
    assert all(abs(normal.cdf(number) - (place + 0.5) / count) < 1e-9 for place, number in enumerate(NORMALS))
    second, fourth = (sum(number**power for number in NORMALS) / count for power in (2, 4))
    assert 0.9995 < second < 1
    assert 2.98 < fourth < 3
    assert NORMALS[-1] > 3.6


@pytest.mark.parametrize("shape", [1.0, 1.5, 3.0, 20.0, 1e3, 1e6, 1e9])
def test_cubes_have_the_mean_and_the_variance_of_the_gamma_distribution(shape):
    c, d = cube_of(shape)
    cubes = [d * (1.0 + c * number) ** 3 for number in NORMALS]
    mean = sum(cubes) / len(cubes)
    variance = sum((cube - mean) ** 2 for cube in cubes) / len(cubes)
    assert math.isclose(mean, shape, rel_tol=1e-3)
    assert math.isclose(variance, shape, rel_tol=5e-3)


def test_draws_of_two_actions_in_one_decision_say_nothing_of_each_other(drawn):
    for one, other in combinations(drawn, 2):
        assert abs(correlation(one, other)) < 5 / math.sqrt(len(IDS))
        assert abs(correlation(distances(one), distances(other))) < 5 / math.sqrt(len(IDS))


def test_draws_of_an_action_in_consecutive_decisions_say_nothing_of_each_other(drawn):
    for values in drawn:
        assert abs(correlation(values[:-1], values[1:])) < 5 / math.sqrt(len(IDS))
        far = distances(values)
        assert abs(correlation(far[:-1], far[1:])) < 5 / math.sqrt(len(IDS))


def test_who_is_best_of_equals_is_each_as_often(drawn):
    best = [max(range(len(ACTIONS)), key=values.__getitem__) for values in zip(*drawn, strict=True)]
    share = 1 / len(ACTIONS)
    error = math.sqrt(share * (1 - share) * len(IDS))
    assert all(abs(best.count(place) - share * len(IDS)) < 5 * error for place in range(len(ACTIONS)))


def test_uniform_draws_are_even_and_independent():
    drawn = [list(map(uniform_draws(action), BEGINNINGS)) for action in ACTIONS]
    for values in drawn:
        assert 0 < min(values) < max(values) < 1
        tenths = [sum(tenth / 10 <= value < (tenth + 1) / 10 for value in values) for tenth in range(10)]
        assert all(abs(count - len(IDS) / 10) < 5 * math.sqrt(0.09 * len(IDS)) for count in tenths)
    for one, other in combinations(drawn, 2):
        assert abs(correlation(one, other)) < 5 / math.sqrt(len(IDS))


def test_whether_a_decision_explores_says_nothing_of_what_it_draws(drawn):
    exploring = [float(coin(seed) < bytes([64])) for seed in IDS]
    assert abs(sum(exploring) - len(IDS) / 4) < 5 * math.sqrt(len(IDS) * 3 / 16)
    for values in drawn:
        assert abs(correlation(exploring, values)) < 5 / math.sqrt(len(IDS))


def test_coins_of_consecutive_decisions_are_independent():
    coins = [int.from_bytes(coin(seed)[:4]) for seed in IDS]
    pairs = list(pairwise(coins))
    assert abs(correlation(*zip(*pairs, strict=True))) < 5 / math.sqrt(len(IDS))


def test_draws_are_those_of_every_other_machine():
    """To the last bit: records of today are decided again by these."""
    shapes = [(1.0, 1.0), (13.0, 88.0), (400.0, 9_600.0), (1e6, 3e6)]
    made = [beta_draws(*pair, b"end")(BEGINNINGS[place]).hex() for place, pair in enumerate(shapes)]
    assert made == [
        "0x1.b70631b7eca2dp-1",
        "0x1.2186f799cb74dp-4",
        "0x1.5c892d076d8b1p-5",
        "0x1.00030cc4bf9e3p-2",
    ]
    whole = sum(map(beta_draws(1.0, 1.0, b""), BEGINNINGS[:10_000]), 0.0)
    assert whole.hex() == "0x1.37cca181872c7p+12"
    assert uniform_draws(b"end")(BEGINNINGS[0]).hex() == "0x1.a20c8ee700000p-1"
