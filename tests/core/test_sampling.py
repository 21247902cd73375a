"""Draws follow the laws that they are named for, and are the same everywhere.

Seeds are fixed: a law that holds here holds in every run. Bounds are those of five standard errors.
"""

import math
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.learning.sampling import beta_draw, gamma_draw, log, normal_draw, uniforms

DRAWS = 20_000
SHAPES = [(1.0, 1.0), (1.0, 19.0), (2.5, 2.5), (13.0, 88.0), (400.0, 9_600.0), (1e6, 3e6)]


def key(number):
    return number.to_bytes(16)


def mean_and_variance(values):
    mean = sum(values) / len(values)
    return mean, sum((value - mean) ** 2 for value in values) / len(values)


def share_below(values, bound):
    return sum(value < bound for value in values) / len(values)


@pytest.fixture(scope="module")
def beta_draws():
    return {pair: [beta_draw(*pair, uniforms(key(number))) for number in range(DRAWS)] for pair in SHAPES}


def beta_below(successes, failures, bound, steps=20_000):
    """The distribution function of the beta distribution, by Simpson's rule."""
    scale = math.lgamma(successes + failures) - math.lgamma(successes) - math.lgamma(failures)

    def density(x):
        if x in (0.0, 1.0):
            return (successes == 1.0) * failures if x == 0.0 else (failures == 1.0) * successes
        return math.exp(scale + (successes - 1) * math.log(x) + (failures - 1) * math.log1p(-x))

    width = bound / steps
    inner = sum((4 if number % 2 else 2) * density(number * width) for number in range(1, steps))
    return (density(0.0) + inner + density(bound)) * width / 3


@pytest.mark.parametrize("pair", SHAPES)
def test_beta_draws_have_the_mean_and_the_variance_of_the_distribution(beta_draws, pair):
    successes, failures = pair
    total = successes + failures
    mean, variance = successes / total, successes * failures / total**2 / (total + 1)
    drawn_mean, drawn_variance = mean_and_variance(beta_draws[pair])
    assert abs(drawn_mean - mean) < 5 * math.sqrt(variance / DRAWS)
    # Of no beta distribution with parameters from 1 on is the kurtosis above 9.
    assert abs(drawn_variance - variance) < 5 * variance * math.sqrt(8 / DRAWS)


@pytest.mark.parametrize("pair", SHAPES[:-1])
@pytest.mark.parametrize("place", [-2.0, -1.0, 0.0, 1.0, 2.0])
def test_beta_draws_are_below_each_bound_as_often_as_the_distribution_says(beta_draws, pair, place):
    successes, failures = pair
    total = successes + failures
    deviation = math.sqrt(successes * failures / (total + 1)) / total
    bound = min(max(successes / total + place * deviation, 0.02 * deviation), 0.999)
    expected = beta_below(successes, failures, bound)
    error = math.sqrt(max(expected * (1 - expected), 1e-4) / DRAWS)
    assert abs(share_below(beta_draws[pair], bound) - expected) < 5 * error


def test_uniforms_are_even_and_independent_of_the_number_before():
    numbers = list(islice(uniforms(b"a seed"), DRAWS))
    mean, variance = mean_and_variance(numbers)
    assert abs(mean - 1 / 2) < 5 / math.sqrt(12 * DRAWS)
    assert abs(variance - 1 / 12) < 5 / math.sqrt(180 * DRAWS)
    covariance = sum((one - 1 / 2) * (other - 1 / 2) for one, other in pairwise(numbers)) / DRAWS
    assert abs(covariance) < 5 / (12 * math.sqrt(DRAWS))
    assert 0 < min(numbers) < max(numbers) < 1


@pytest.mark.parametrize("bound", [-2.5, -1.0, 0.0, 0.5, 1.5, 3.0])
def test_normal_draws_are_below_each_bound_as_often_as_the_distribution_says(bound):
    numbers = uniforms(b"normal")
    values = [normal_draw(numbers) for _ in range(DRAWS)]
    expected = (1 + math.erf(bound / math.sqrt(2))) / 2
    assert abs(share_below(values, bound) - expected) < 5 * math.sqrt(expected * (1 - expected) / DRAWS)


@pytest.mark.parametrize("shape", [1.0, 3.0, 50.0])
def test_gamma_draws_have_the_mean_and_the_variance_of_the_distribution(shape):
    numbers = uniforms(b"gamma")
    mean, variance = mean_and_variance([gamma_draw(shape, numbers) for _ in range(DRAWS)])
    assert abs(mean - shape) < 5 * math.sqrt(shape / DRAWS)
    assert abs(variance - shape) < 5 * shape * math.sqrt((2 + 6 / shape) / DRAWS)


@given(st.floats(min_value=5e-324, max_value=1.7e308))
def test_the_logarithm_is_right_to_about_the_last_digit(x):
    expected = math.log(x)
    assert abs(log(x) - expected) <= 8e-16 * max(1.0, abs(expected))


@given(st.binary(max_size=64), st.floats(1, 1e9), st.floats(1, 1e9))
def test_a_draw_lies_between_0_and_1_and_comes_again(seed, successes, failures):
    drawn = beta_draw(successes, failures, uniforms(seed))
    assert 0 <= drawn <= 1
    assert beta_draw(successes, failures, uniforms(seed)) == drawn


@pytest.mark.parametrize(
    ("number", "pair", "drawn"),
    [
        (0, (1.0, 1.0), "0x1.57ecaa0745f10p-1"),
        (1, (13.0, 88.0), "0x1.5253e1a6bcb7dp-3"),
        (2, (400.0, 9_600.0), "0x1.360b2939c91cep-5"),
        (3, (1e6, 3e6), "0x1.fecb0e0d2fecap-3"),
    ],
)
def test_draws_are_those_of_every_other_machine(number, pair, drawn):
    """To the last bit: records of today are decided again by these."""
    successes, failures = pair
    assert beta_draw(successes, failures, uniforms(key(number))).hex() == drawn


def test_uniforms_are_those_of_every_other_machine():
    assert [number.hex() for number in islice(uniforms(b"seed"), 9)][::8] == [
        "0x1.2700a61a6039ap-2",
        "0x1.3a15833ceddc3p-1",
    ]
