"""The clients of ``examples``, where their runtime and packages are at hand."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.rules import action, capacity, joined, ruleset

EXAMPLES = Path(__file__).parents[2] / "examples"
SECONDS = 60
RULES = joined(
    ruleset(channels="[pos]"),
    action("tea", title="A tea for the way", type="gesture"),
    capacity("pots", limit=9),
)


@dataclass(frozen=True)
class Till:
    """An example: how it is run, and what must be there before."""

    command: tuple[str, ...]
    program: str
    made: Path
    by: str


NODE = Till(
    ("node", str(EXAMPLES / "till-node" / "till.mjs")),
    "node",
    EXAMPLES / "till-node" / "node_modules",
    "npm install",
)
JAVA = Till(
    (str(EXAMPLES / "till-java" / "till"),),
    "java",
    EXAMPLES / "till-java" / "build" / "classes" / "Till.class",
    "build.sh",
)


@pytest.fixture(params=[NODE, JAVA], ids=["node", "java"])
def till(request, serve, tmp_path):
    """Runs each till; gives its exit code, its steps by name, and its errors."""
    example = request.param
    if not shutil.which(example.program):
        pytest.skip(f"{example.program} is not here")
    if not example.made.exists():
        pytest.skip(f"run `{example.by}` in {example.made.parent} first")
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "shop.yaml").write_text(RULES)
    address = serve("--rules", rules).address

    def run(*args):
        command = (*example.command, *(arg or address for arg in args))
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        steps = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, {step["step"]: step for step in steps}, done.stderr

    return run


def test_a_till_decides_claims_and_redeems(till):
    code, steps, errors = till(None, "anna-7")
    assert (code, errors) == (0, "")
    assert steps["decided"]["proposals"] == ["tea"]
    assert steps["say"]["lines"] == ["A tea for the way"]
    assert steps["claimed"]["status"] == "CLAIM_GRANTED"
    assert steps["redeemed"]["action"] == "tea"


def test_a_till_tells_why_it_failed(till):
    assert till()[0] == 2
    code, steps, errors = till("127.0.0.1:1", "anna-7")
    assert (code, steps) == (1, {})
    assert errors.startswith("error: UNAVAILABLE")
