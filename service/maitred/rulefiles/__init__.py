"""Rule files: YAML to checked, typed rules. The only place that knows pydantic and YAML."""

from .load import Loaded, load
from .schema import combined_schema, schema_files, schemas
from .sources import read_sources

__all__ = [
    "Loaded",
    "combined_schema",
    "load",
    "read_sources",
    "schema_files",
    "schemas",
]
