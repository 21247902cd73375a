"""What loading leaves behind: no circles, for the collector does not look for any in what a load has made."""

import gc
from collections import Counter
from pathlib import Path

import pytest

from maitred import rulefiles
from maitred.bootstrap.rules import load_policy
from maitred.core.rules.faults import RulesetInvalid

RULES = Path(__file__).parents[2] / "rules"
LOADING = ("maitred.cel", "maitred.core", "maitred.rulefiles")
EXAMPLES = ("starter", "guidance/beach-shoes", "guidance/pizza-ramp", "pizza-day/3-paced")
FAULTY = """---
apiVersion: maitred/v1
kind: Action
name: faulty
channels: [pos]
eligibility: [{require: customer.unheard_of > 1}]
score: customer.unheard_of * 2
"""


def in_circles(load):
    """Counts what was left in circles by a load, by type."""
    load()  # imports
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        load()
        gc.collect()
        return Counter(
            type(left).__qualname__ for left in gc.garbage if type(left).__module__.startswith(LOADING)
        )
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


@pytest.fixture(params=EXAMPLES)
def sources(request):
    return dict(rulefiles.read_sources(RULES / request.param))


def test_a_ruleset_that_is_let_go_leaves_no_circles(sources):
    assert in_circles(lambda: load_policy(sources, "")) == {}


def test_a_ruleset_that_is_refused_leaves_no_circles(sources):
    sources["faulty.yaml"] = FAULTY.encode()

    def refused():
        with pytest.raises(RulesetInvalid, match="unheard_of"):
            load_policy(sources, "")

    assert in_circles(refused) == {}
