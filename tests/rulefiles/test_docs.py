"""The examples of docs/rule-files.md are documents of their kinds."""

import re
from pathlib import Path
from typing import Any

import pytest

from maitred.rulefiles.kinds.registry import KINDS
from maitred.rulefiles.tree import read

PAGE = (Path(__file__).parents[2] / "docs" / "rule-files.md").read_text()
EXAMPLES = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "apiVersion" not in block]


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_has_the_form_of_its_kind(text):
    told = []
    (tree,) = read(f"apiVersion: maitred/v1\n{text}".encode(), lambda *fault: told.append(fault))
    assert told == []
    document: Any = tree.root.value
    KINDS[document["kind"]].model_validate(document)


def test_every_kind_has_an_example():
    assert {re.search(r"^kind: (\w+)", text)[1] for text in EXAMPLES} == set(KINDS)
