"""The identity of a ruleset: what its files mean, whatever they look like.

The hash is over every document as JSON with sorted keys, and over the tables and lists they
name, as the cells that are declared. Comments, layout, quoting, the order of keys, documents,
rows and columns, and the names of files are not in it. Neither are defaults, said or not:
so a field that comes later leaves the hashes of rulesets that do not use it as they were.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from maitred.rulefiles.kinds import models, registry

from .csv_tables import read_lines, read_table
from .documents import Documents, Sourced


def hash_of(sources: Mapping[str, bytes], documents: Documents) -> str:
    """SHA-256, hex, of a ruleset without faults."""
    digest = hashlib.sha256()
    for kind in sorted(documents.by_kind):
        for sourced in documents.by_kind[kind]:
            digest.update(_line(_content(sources, sourced)))
            for row in sorted(_rows(sources, sourced.model)):
                digest.update(row)
    return digest.hexdigest()


def _line(content: Any) -> bytes:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode() + b"\n"


def _content(sources: Mapping[str, bytes], sourced: Sourced[registry.AnyDocument]) -> dict[str, Any]:
    content = sourced.model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if isinstance(sourced.model, models.List) and sourced.model.file:
        content["values"] = read_lines(sources[sourced.model.file], _ignore)
    content.pop("file", None)
    if isinstance(sourced.model, models.Locations | models.ActionTable):
        del content["table"]["file"]
    return content


def _rows(sources: Mapping[str, bytes], model: registry.AnyDocument) -> Iterator[bytes]:
    if not isinstance(model, models.Locations | models.ActionTable):
        return
    table = read_table(model.table.file, sources[model.table.file], _ignore)
    if table is None:
        return
    always = ("id", "timezone") if isinstance(model, models.Locations) else ()
    names = sorted(name for name in (*always, *model.table.columns) if name in table.header)
    order = [table.column(name) for name in names]
    for row in table.rows:
        yield _line([row.cells[index] for index in order])


def _ignore(_line: int, _column: int, _message: str) -> None:
    """Faults were told when the tables were read first."""
