"""``maitred schema``: the JSON Schemas of the rule files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from maitred.cli import messages
from maitred.cli.exits import FINE, Stop

HELP = """Print the JSON Schema of rule files.

Editors that know it complete and check as one types. To stdout goes one schema for all kinds; with --out \
that one and one for each kind, a file each.

Examples:

  maitred schema > maitred.schema.json

  maitred schema --out rules/schema

Exit codes: 0 fine, 2 the files cannot be written."""

Out = Annotated[
    Path | None,
    typer.Option("--out", envvar="MAITRED_OUT", metavar="DIR", help="Write a file for each kind there."),
]


def run(*, out: Out = None) -> int:
    """Prints or writes them."""
    from maitred.rulefiles import combined_schema, schema_files  # noqa: PLC0415 -- brings pydantic

    if out is None:
        print(json.dumps(combined_schema(), indent=2))
        return FINE
    files = schema_files()
    try:
        _write(files, out)
    except OSError as error:
        raise Stop(messages.cannot_write(str(error.filename or out), error.strerror or "")) from None
    print(messages.wrote(len(files), str(out)))
    return FINE


def _write(files: Mapping[str, str], directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name).write_text(text, "utf-8")
