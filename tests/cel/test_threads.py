"""One compiler and its expressions, used from many threads at once."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from maitred.core.conditions.model import Residual

THREADS = 8
ROUNDS = 400


@pytest.fixture
def eager_switching():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_switching")
def test_evaluation_is_safe_from_many_threads(residual):
    expressions = [
        residual("customer.age * 3 + 1 > 100"),
        residual("customer.name + channel == channel + customer.name"),
        residual("customer.tags.filter(t, t.startsWith('a')).size() > customer.age"),
        residual("customer.age / (customer.age - 7) > 0"),
        residual("(channel + customer.name).matches('^a+')"),
    ]

    def facts_of(seed):
        facts = {"customer.age": seed % 50, "customer.name": "ab" * (seed % 5), "channel": "a" * (seed % 7)}
        if seed % 3:
            facts["customer.tags"] = tuple("ab"[n % 2] * n for n in range(seed % 11))
        return facts

    def answers(seed):
        return [expression.evaluate(facts_of(seed)) for expression in expressions]

    alone = [answers(seed) for seed in range(ROUNDS)]
    with ThreadPoolExecutor(THREADS) as pool:
        together = [list(pool.map(answers, range(ROUNDS))) for _ in range(3)]
    assert all(run == alone for run in together)


@pytest.mark.usefixtures("eager_switching")
def test_compiling_is_safe_from_many_threads(cel):
    def compiled(seed):
        return cel.condition(f"customer.age + {seed % 20} > 7").bind({})

    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(compiled, range(ROUNDS)))
    assert all(isinstance(condition, Residual) for condition in made)
    assert len({condition.expression for condition in made}) == 20
