"""The pages for operators and privacy officers say what the commands do."""

import re
import shlex
from pathlib import Path

import pytest

from maitred.cli.keep import keep_text
from maitred.settings import Keep

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("customers-rights.md", "operations.md")


def commands(page: str) -> list[list[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    lines = (line.partition(" > ")[0] for block in blocks for line in block.splitlines())
    return [shlex.split(line) for line in lines if line.startswith("maitred ")]


@pytest.mark.parametrize("page", PAGES)
def test_every_flag_of_a_page_is_one_of_its_command(run, page):
    examples = commands(page)
    assert examples
    for _, command, *words in examples:
        listed = run(command, "--help").stdout
        for flag in (word for word in words if word.startswith("--")):
            assert flag in listed, (command, flag)


def test_the_terms_on_the_page_are_the_defaults():
    text = (DOCS / "customers-rights.md").read_text()
    assert f"MAITRED_KEEP={keep_text(Keep())}" in text


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", (DOCS / page).read_text()):
        assert (DOCS / target).exists(), target
