"""Every example of docs/conditions.md has the value that the page says."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maitred import cel, rulefiles, situations
from maitred.core.conditions.model import Unknown
from maitred.core.conditions.scan import truth
from maitred.core.deciding.policy import compile_policy
from maitred.core.rules.ruleset import Location

PAGE = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text()
CONTEXT = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
CUSTOMER = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])
ROWS = re.findall(r"^\|.*?\| `([^`\n]+)` \| (true|false|not known) \|$", PAGE, re.MULTILINE)
EXAMPLES = [(text.replace("\\|", "|"), value) for text, value in ROWS]
NOW = datetime(2026, 12, 1, 18, 30, tzinfo=UTC)
STORE = Location("", "Europe/Rome", {})

RULES = """\
apiVersion: maitred/v1
kind: Ruleset
name: examples
version: "1"
defaults: {rule_cost_us: 1000000, decision_cost_us: 1000000}
---
apiVersion: maitred/v1
kind: Action
name: example
title: Example
type: offer
eligibility:
"""


@pytest.fixture(scope="module")
def requirements():
    conditions = "".join(f"  - require: {json.dumps(text)}\n" for text, _ in EXAMPLES)
    sources = {"rules.yaml": (RULES + conditions + "---\n" + CONTEXT).encode()}
    return compile_policy(
        rulefiles.load(sources, cel.compiler, situations.deriver).ruleset, situations.deriver
    )


@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=[text for text, _ in EXAMPLES])
def test_an_example_has_its_value(requirements, number):
    facts = requirements.facts(CUSTOMER, channel="pos", customer_id="c-1", location=STORE, now=NOW)
    value = truth(requirements.actions[0].requirements[number].condition, facts, {})
    documented = {"true": True, "false": False}.get(EXAMPLES[number][1])
    assert (value is documented) if documented is not None else isinstance(value, Unknown), value


def test_the_page_has_examples():
    assert len(EXAMPLES) == PAGE.count("| true |") + PAGE.count("| false |") + PAGE.count("| not known |")
    assert len(EXAMPLES) > 50
