"""Draws follow the laws that they are named for, and are the same everywhere.

Seeds are fixed: a law that holds here holds in every run. Bounds are those of five standard errors.
"""

import math
import struct
from hashlib import blake2b
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.learning import earlier
from maitred.core.learning.draws import METHODS
from maitred.core.learning.learners import NEWEST_METHOD
from maitred.core.learning.sampling import (
    beta_draws,
    bound_of,
    digest_of,
    exp_of_minus,
    gamma_draw,
    log,
    normal_draw,
    uniform,
    unit,
    words,
)

DRAWS = 20_000
SHAPES = [(1.0, 1.0), (1.0, 19.0), (2.5, 2.5), (13.0, 88.0), (400.0, 9_600.0), (1e6, 3e6)]


def key(number):
    return number.to_bytes(16)


def hashed(number):
    """As ids of decisions are."""
    return blake2b(key(number), digest_size=16).digest()


def drawn(method, pair, seed, ending=b""):
    """A draw as decisions take it."""
    way, (successes, failures) = METHODS[method], pair
    return way.beta(successes, failures, ending)(way.begin(seed))


def mean_and_variance(values):
    mean = sum(values) / len(values)
    return mean, sum((value - mean) ** 2 for value in values) / len(values)


def share_below(values, bound):
    return sum(value < bound for value in values) / len(values)


def units(seed):
    return map(unit, words(seed))


def normals(seed):
    """As draws take them: words whose first bit is a sign."""
    rest = words(seed)
    while True:
        yield normal_draw(int.from_bytes(next(rest).to_bytes(8), signed=True), rest)


def earlier_normals(seed):
    numbers = units(seed)
    while True:
        yield earlier.normal_draw(numbers)


def gammas(shape, seed):
    numbers = words(seed)
    for number in range(DRAWS):
        first = int.from_bytes(next(numbers).to_bytes(8), signed=True)
        yield gamma_draw(shape, first, next(numbers), seed + key(number))


@pytest.fixture(scope="module", params=METHODS)
def samples(request):
    way = METHODS[request.param]
    beginnings = [way.begin(hashed(number)) for number in range(DRAWS)]
    draws = {pair: way.beta(*pair, b"") for pair in SHAPES}
    sampled = {pair: list(map(draw, beginnings)) for pair, draw in draws.items()}
    return request.param, sampled


def off_at_most(method, successes, failures):
    """How far the distribution function of draws may be from the one that they are named for."""
    return 0.012 / min(successes, failures) if method == NEWEST_METHOD else 0.0


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
def test_beta_draws_have_the_mean_and_the_variance_of_the_distribution(samples, pair):
    successes, failures = pair
    total = successes + failures
    mean, variance = successes / total, successes * failures / total**2 / (total + 1)
    drawn_mean, drawn_variance = mean_and_variance(samples[1][pair])
    assert abs(drawn_mean - mean) < 5 * math.sqrt(variance / DRAWS)
    # Of no beta distribution with parameters from 1 on is the kurtosis above 9.
    assert abs(drawn_variance - variance) < 5 * variance * math.sqrt(8 / DRAWS)


@pytest.mark.parametrize("pair", SHAPES[:-1])
@pytest.mark.parametrize("place", [-2.0, -1.0, 0.0, 1.0, 2.0])
def test_beta_draws_are_below_each_bound_as_often_as_the_distribution_says(samples, pair, place):
    (method, sampled), (successes, failures) = samples, pair
    total = successes + failures
    deviation = math.sqrt(successes * failures / (total + 1)) / total
    bound = min(max(successes / total + place * deviation, 0.02 * deviation), 0.999)
    expected = beta_below(successes, failures, bound)
    error = math.sqrt(max(expected * (1 - expected), 1e-4) / DRAWS)
    off = off_at_most(method, successes, failures)
    assert abs(share_below(sampled[pair], bound) - expected) < 5 * error + off


def test_uniforms_are_even_and_independent_of_the_number_before():
    numbers = list(islice(units(b"a seed"), DRAWS))
    mean, variance = mean_and_variance(numbers)
    assert abs(mean - 1 / 2) < 5 / math.sqrt(12 * DRAWS)
    assert abs(variance - 1 / 12) < 5 / math.sqrt(180 * DRAWS)
    covariance = sum((one - 1 / 2) * (other - 1 / 2) for one, other in pairwise(numbers)) / DRAWS
    assert abs(covariance) < 5 / (12 * math.sqrt(DRAWS))
    assert 0 < min(numbers) < max(numbers) < 1


@pytest.mark.parametrize("bound", [-2.5, -1.0, 0.0, 0.5, 1.5, 3.0])
@pytest.mark.parametrize("numbers", [normals, earlier_normals])
def test_normal_draws_are_below_each_bound_as_often_as_the_distribution_says(numbers, bound):
    values = list(islice(numbers(b"normal"), DRAWS))
    expected = (1 + math.erf(bound / math.sqrt(2))) / 2
    assert abs(share_below(values, bound) - expected) < 5 * math.sqrt(expected * (1 - expected) / DRAWS)


@pytest.mark.parametrize("shape", [1.0, 3.0, 50.0])
def test_gamma_draws_have_the_mean_and_the_variance_of_the_distribution(shape):
    mean, variance = mean_and_variance(list(gammas(shape, b"gamma")))
    assert abs(mean - shape) < 5 * math.sqrt(shape / DRAWS)
    assert abs(variance - shape) < 5 * shape * math.sqrt((2 + 6 / shape) / DRAWS)


@given(st.floats(min_value=5e-324, max_value=1.7e308))
def test_the_logarithm_is_right_to_about_the_last_digit(x):
    expected = math.log(x)
    assert abs(log(x) - expected) <= 8e-16 * max(1.0, abs(expected))


@given(st.floats(min_value=0, max_value=10))
def test_the_exponential_function_is_right_to_about_the_last_digit(x):
    assert math.isclose(exp_of_minus(x), math.exp(-x), rel_tol=4e-15)


def test_normal_draws_beyond_the_base_are_as_many_as_the_distribution_says():
    """Where layers end, and their edges are: a draw in a hundred comes to one of these."""
    count, bound = 200_000, 3.654152885361009
    beyond = [value for value in islice(normals(b"tail"), count) if abs(value) > bound]
    expected = count * math.erfc(bound / math.sqrt(2))
    assert abs(len(beyond) - expected) < 5 * math.sqrt(expected)
    assert 0 < sum(value > 0 for value in beyond) < len(beyond)


@pytest.mark.parametrize("method", METHODS)
@given(st.binary(max_size=64), st.binary(max_size=64), st.floats(1, 1e9), st.floats(1, 1e9))
def test_a_draw_lies_between_0_and_1_and_comes_again(method, seed, ending, successes, failures):
    value = drawn(method, (successes, failures), seed, ending)
    assert 0 <= value <= 1
    assert drawn(method, (successes, failures), seed, ending) == value


@given(st.binary(max_size=32), st.floats(1, 1e9), st.floats(1, 1e9))
def test_a_draw_made_in_one_step_is_that_of_two_gamma_draws(seed, successes, failures):
    begun = blake2b(seed + bytes(4), person=b"maitred.learned").digest()
    first, second, third, fourth = struct.unpack_from(">qQqQ", begun)
    wins = gamma_draw(successes, first, second, seed)
    losses = gamma_draw(failures, third, fourth, seed + b"\0failures")
    assert beta_draws(successes, failures, b"")(seed) == wins / (wins + losses)


@given(st.binary(max_size=32), st.floats(0, 100, exclude_min=True))
def test_a_digest_is_below_a_bound_exactly_where_its_uniform_number_is(seed, share):
    drawn = uniform(seed)
    for bound in (share, 100 * drawn, math.nextafter(100 * drawn, 101), 100.0):
        assert (digest_of(seed) < bound_of(bound)) is (100 * drawn < bound)


PAIRS = [(1.0, 1.0), (13.0, 88.0), (400.0, 9_600.0), (1e6, 3e6)]


@pytest.mark.parametrize(
    ("method", "drawn"),
    [
        (1, ["0x1.57ecaa0745f10p-1", "0x1.5253e1a6bcb7dp-3", "0x1.360b2939c91cep-5", "0x1.fecb0e0d2fecap-3"]),
        (2, ["0x1.96961df705840p-1", "0x1.a72352d1ff492p-4", "0x1.6c1a4138c3dbap-5", "0x1.fff19cfdc279ep-3"]),
    ],
)
def test_draws_are_those_of_every_other_machine(method, drawn):
    """To the last bit: records of today are decided again by these."""
    made = [METHODS[method].beta(*pair, b"")(key(number)).hex() for number, pair in enumerate(PAIRS)]
    assert made == drawn


def test_draws_that_take_further_words_are_those_of_every_other_machine():
    """A draw in ten: in the edge of a layer, in the tail, or not taken at once. One number tells of all."""
    draw = METHODS[2].beta(1.0, 1.0, b"")
    whole = sum((draw(key(number)) for number in range(10_000)), 0.0)
    assert whole.hex() == "0x1.3bd72776fc656p+12"


def test_uniforms_are_those_of_every_other_machine():
    assert [number.hex() for number in islice(units(b"seed"), 9)][::8] == [
        "0x1.2700a61a6039ap-2",
        "0x1.3a15833ceddc3p-1",
    ]
    assert uniform(b"seed") == next(units(b"seed"))
