"""The clients of ``examples``, where their runtime and packages are at hand."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

TILL = Path(__file__).parents[2] / "examples" / "till-node"
SECONDS = 60
RULES = """\
apiVersion: maitred/v1
kind: Ruleset
name: shop
version: "1"
channels: [pos]
---
apiVersion: maitred/v1
kind: Action
name: tea
title: A tea for the way
type: gesture
---
apiVersion: maitred/v1
kind: Capacity
name: pots
applies_to: {all: true}
limit: 9
window: lifetime
"""


@pytest.fixture
def till(serve, tmp_path):
    """Runs the till of Node; gives its exit code, its steps by name, and its errors."""
    if not shutil.which("node"):
        pytest.skip("node is not here")
    if not (TILL / "node_modules").is_dir():
        pytest.skip("run `npm install` in examples/till-node first")
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "shop.yaml").write_text(RULES)
    address = serve("--rules", rules).address

    def run(*args):
        command = ("node", TILL / "till.mjs", *(arg or address for arg in args))
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        steps = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, {step["step"]: step for step in steps}, done.stderr

    return run


def test_the_till_of_node_decides_claims_and_redeems(till):
    code, steps, errors = till(None, "anna-7")
    assert (code, errors) == (0, "")
    assert steps["decided"]["proposals"] == ["tea"]
    assert steps["say"]["lines"] == ["A tea for the way"]
    assert steps["claimed"]["status"] == "CLAIM_GRANTED"
    assert steps["redeemed"]["action"] == "tea"


def test_the_till_of_node_tells_why_it_failed(till):
    assert till()[0] == 2
    code, steps, errors = till("127.0.0.1:1", "anna-7")
    assert (code, steps) == (1, {})
    assert errors.startswith("error: UNAVAILABLE")
