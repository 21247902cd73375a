"""JSON Schemas of the kinds of documents, for editors that check and complete as one types."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core.core_schema import WithDefaultSchema

from . import registry
from .windows import duration_text

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ALL_KINDS = "maitred"
"""The schema for a file that may hold any kind."""

Schema = dict[str, Any]


class SchemaGenerator(GenerateJsonSchema):
    """Writes defaults as rule files have them."""

    def encode_default(self, dft: Any) -> Any:
        """Writes a default; pydantic would write durations as ISO 8601, which rule files refuse."""
        if isinstance(dft, BaseModel):
            return dft.model_dump(mode="json", by_alias=True, exclude_none=True)
        return duration_text(dft) if isinstance(dft, timedelta) else super().encode_default(dft)

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """Leaves out that a field is ``null`` by default, which may not be written."""
        written = super().default_schema(schema)
        if written.get("default", ...) is None:
            del written["default"]
        return written


def schemas() -> Mapping[str, Schema]:
    """Returns the schemas by kind."""
    return {
        kind: {"$schema": DIALECT, **model.model_json_schema(schema_generator=SchemaGenerator)}
        for kind, model in registry.KINDS.items()
    }


def combined_schema() -> Schema:
    """Returns one schema for all kinds: which fields a document may have depends on its ``kind``."""
    _, definitions = models_json_schema(
        [(model, "validation") for model in registry.KINDS.values()], schema_generator=SchemaGenerator
    )
    choices = [
        {
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "then": {"$ref": f"#/$defs/{model.__name__}"},
        }
        for kind, model in registry.KINDS.items()
    ]
    return {
        "$schema": DIALECT,
        "title": "maitred rule files",
        "type": "object",
        "required": ["apiVersion", "kind", "name"],
        "properties": {"kind": {"enum": list(registry.KINDS), "description": "The content of the document."}},
        "allOf": choices,
        "$defs": definitions["$defs"],
    }


def schema_files() -> Mapping[str, str]:
    """Returns file names and texts, as committed under ``rules/schema``."""
    every = {**schemas(), ALL_KINDS: combined_schema()}
    return {f"{name}.json": json.dumps(schema, indent=2) + "\n" for name, schema in every.items()}
