"""JSON Schemas of the kinds of documents, for editors that check and complete as one types."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from . import registry

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ALL_KINDS = "maitred"
"""The schema for a file that may hold any kind."""

Schema = dict[str, Any]


def schemas() -> Mapping[str, Schema]:
    """By kind."""
    return {kind: {"$schema": DIALECT, **model.model_json_schema()} for kind, model in registry.KINDS.items()}


def combined_schema() -> Schema:
    """One schema for all kinds: which fields a document may have depends on its ``kind``."""
    _, definitions = models_json_schema([(model, "validation") for model in registry.KINDS.values()])
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
        "properties": {"kind": {"enum": list(registry.KINDS), "description": "What the document says."}},
        "allOf": choices,
        "$defs": definitions["$defs"],
    }


def schema_files() -> Mapping[str, str]:
    """File names and texts, as committed under ``rules/schema``."""
    every = {**schemas(), ALL_KINDS: combined_schema()}
    return {f"{name}.json": json.dumps(schema, indent=2) + "\n" for name, schema in every.items()}
