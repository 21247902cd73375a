"""Rule files: YAML to checked, typed rules. The only place that knows pydantic and YAML."""

from .load import Loaded, load
from .render import format_fault, format_faults
from .schema import combined_schema, schema_files, schemas
from .sources import read_sources

__all__ = [
    "Loaded",
    "combined_schema",
    "format_fault",
    "format_faults",
    "load",
    "read_sources",
    "schema_files",
    "schemas",
]
