"""The JSON Schemas, and that the committed ones are those of the code."""

import re
from pathlib import Path

import pytest

from maitred.rulefiles import combined_schema, schema_files, schemas
from maitred.rulefiles.kinds.registry import KINDS

COMMITTED = Path(__file__).parents[3] / "rules" / "schema"


def test_the_committed_schemas_are_those_of_the_code():
    committed = {path.name: path.read_text() for path in COMMITTED.iterdir()}
    assert committed == dict(schema_files()), "write them again with `maitred schema --out rules/schema`"


def test_one_for_each_kind_and_one_for_all():
    assert set(schemas()) == set(KINDS)
    assert set(schema_files()) == {f"{kind}.json" for kind in KINDS} | {"maitred.json"}


def properties(schema):
    """Every property of a schema with its name, definitions included."""
    for holder in (schema, *schema.get("$defs", {}).values()):
        yield from holder.get("properties", {}).items()


@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_described_and_closed(kind):
    schema = schemas()[kind]
    for name, field in properties(schema):
        assert "description" in field or name == "kind", name
    for holder in (schema, *schema.get("$defs", {}).values()):
        if "properties" in holder:
            assert holder["additionalProperties"] is False


@pytest.mark.parametrize("kind", KINDS)
def test_no_field_may_be_there_without_a_value(kind):
    for name, field in properties(schemas()[kind]):
        assert {"type": "null"} not in field.get("anyOf", []), name
        assert field.get("default", ...) is not None, name


def test_defaults_are_written_as_in_rule_files():
    defaults = [
        (field["default"], field["pattern"])
        for schema in schemas().values()
        for _, field in properties(schema)
        if isinstance(field.get("default"), str) and "pattern" in field
    ]
    assert ("1d", "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$") in defaults
    assert all(re.search(pattern, default) for default, pattern in defaults)


def test_fields_have_the_names_of_rule_files():
    names = dict(properties(schemas()["Action"]))
    assert {"apiVersion", "from", "until", "require", "say", "show"} <= set(names)
    assert "from_" not in names


def test_every_reference_of_the_combined_schema_is_in_it():
    schema = combined_schema()
    known = {f"#/$defs/{name}" for name in schema["$defs"]}

    def references(value):
        if isinstance(value, dict):
            yield from ([value["$ref"]] if "$ref" in value else [])
            for item in value.values():
                yield from references(item)
        elif isinstance(value, list):
            for item in value:
                yield from references(item)

    assert set(references(schema)) <= known
    assert {choice["then"]["$ref"] for choice in schema["allOf"]} == {f"#/$defs/{kind}" for kind in KINDS}
