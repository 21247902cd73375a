"""The examples of docs/rule-files.md are documents of their kinds."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from maitred.cel import compiler
from maitred.cel.complaints import FUNCTIONS
from maitred.core.conditions.scan import truth
from maitred.core.values.facts import reader_of
from maitred.core.values.kinds import TYPE_NAMES, type_of
from maitred.core.values.types import Attribute, AttributeType, Invalid, Kind
from maitred.rulefiles import schemas
from maitred.rulefiles.kinds.registry import KINDS
from maitred.rulefiles.tree import read

PAGE = (Path(__file__).parents[2] / "docs" / "rule-files.md").read_text()
EXAMPLES = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "apiVersion" not in block]


RECIPES = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text().replace("\\|", "|")
RECIPE_FIELDS = re.findall(r"`([a-z_]+: [^`]+)`", RECIPES)


def fields_of(schema):
    """The names of all fields in a schema, however deep."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for part in schema.values():
            yield from fields_of(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from fields_of(part)


@pytest.mark.parametrize("text", RECIPE_FIELDS)
def test_a_recipe_is_a_field_of_some_kind(text):
    faults = []
    (tree,) = read(text.encode(), lambda *fault: faults.append(fault))
    assert faults == []
    field: Any = tree.root.value
    assert field.keys() <= set(fields_of(list(schemas().values())))


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_has_the_form_of_its_kind(text):
    faults = []
    (tree,) = read(f"apiVersion: maitred/v1\n{text}".encode(), lambda *fault: faults.append(fault))
    assert faults == []
    document: Any = tree.root.value
    KINDS[document["kind"]].model_validate(document)


def test_the_page_on_experiments_writes_documents_of_their_kinds():
    page = (Path(__file__).parents[2] / "docs" / "experiments.md").read_text()
    (text,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    faults = []
    documents: list[Any] = [
        tree.root.value for tree in read(text.encode(), lambda *fault: faults.append(fault))
    ]
    assert faults == []
    for document in documents:
        KINDS[document["kind"]].model_validate(document)
    assert [document["kind"] for document in documents] == ["Experiment", "Holdout", "Learner"]


def rows_under(heading):
    section = PAGE.partition(f"\n### {heading}\n")[2].partition("\n### ")[0].partition("\n## ")[0]
    rows = [
        line.strip("|").split("|")
        for line in section.replace("\\|", "¦").split("\n")
        if line.startswith("| `")
    ]
    return [[cell.strip() for cell in row] for row in rows]


TYPES = {
    "basket.value": "decimal(2)",
    "basket.paid": "decimal(2)",
    "basket.weight": "double",
    "basket.volume": "double",
    "customer.tier": "string",
    "customer.tiers": "list<string>",
    "customer.email": "string",
    "customer.vip": "bool",
    "customer.visits": "int",
    "customer.born": "date",
    "customer.waited": "duration",
    "customer.contract_ends": "timestamp",
    "now": "timestamp",
    "location.timezone": "string",
    "app.version": "version",
    "session.address": "ip",
}
FIELDS = {"sku": "string", "quantity": "int", "price": "decimal(2)", "on_sale": "bool"}
LINES = AttributeType(
    Kind.OBJECT, is_list=True, fields=tuple(Attribute(name, type_of(type_)) for name, type_ in FIELDS.items())
)
ATTRIBUTES = {
    **{name: Attribute(name, type_of(type_)) for name, type_ in TYPES.items()},
    "basket.lines": Attribute("basket.lines", LINES),
}
CONDITIONS = [re.search(r"`([^`]+)`", row[-1])[1] for row in (*rows_under("Functions"), *rows_under("Types"))]


@pytest.fixture(scope="module")
def language():
    return compiler(ATTRIBUTES, {"list.shirts": ("S1", "S2")})


@pytest.mark.parametrize("text", CONDITIONS)
def test_an_example_of_a_condition_is_one(language, text):
    result = truth(language.condition(text).bind({}), {}, {})
    assert isinstance(result, bool) or result.missing in {*ATTRIBUTES, "now", "channel"}


def test_every_function_has_an_example():
    named = {name for row in rows_under("Functions") for name in re.findall(r"`([^`]+)`", row[0])}
    assert named >= set(FUNCTIONS) - {"dyn", "type", "uint", "optional.none", "strings.quote"}


def test_every_type_is_told_and_its_example_is_one():
    faults = {row[0].strip("`"): row[1] for row in rows_under("Types")}
    assert set(faults) == {*TYPE_NAMES, "list<...>` of each", "list<object>"}
    for name in TYPE_NAMES:
        sent = json.loads(re.search(r"`([^`]+)`", faults[name])[1])
        read = reader_of(Attribute("a.b", type_of(name.replace("(N)", "(2)"))))
        assert not isinstance(read(sent), Invalid)


def test_every_kind_has_an_example():
    assert {re.search(r"^kind: (\w+)", text)[1] for text in EXAMPLES} == set(KINDS)
