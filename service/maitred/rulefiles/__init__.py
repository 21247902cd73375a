"""Rule files: YAML to checked, typed rules. The only place that knows pydantic and YAML."""

from maitred.rulefiles.kinds.schema import combined_schema, schema_files, schemas
from maitred.rulefiles.reading.sources import read_sources

from .load import Loaded, load
from .tree import self_test

__all__ = [
    "Loaded",
    "combined_schema",
    "load",
    "read_sources",
    "schema_files",
    "schemas",
    "self_test",
]
