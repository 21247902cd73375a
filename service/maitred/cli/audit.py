"""``maitred audit``: whether the decision log is as it was written."""

from pathlib import Path
from typing import Annotated

import typer

from maitred.settings import DEFAULT_DATABASE

from .form import Json, TheDatabase

HELP = """Check that the decision log is as it was written.

Every process that serves writes a chain: each row carries the hash of the one before it. A row that was \
changed, removed, swapped or put in breaks its chain, and the first such row of each is named. Erased \
customers and rows whose term is over break nothing.

It reads the database itself, beside a running service, and writes nothing. No keys are needed.

What a chain cannot show by itself is an end that was cut off, or rows written anew by somebody who may \
write them all. Against that, note the heads elsewhere (paper will do, or another team's storage), and \
give them to a later audit.

Examples:

  maitred audit --database sqlite:///maitred.db

  maitred audit --json > audit-2026-11.json

  maitred audit --since audit-2026-11.json

  maitred audit --head 5f0c63f1e8a94c0c8f8c2c0f6a1f0b9d=9a71...

Exit codes: 0 all as it was written, 1 findings, 2 cannot run. MAITRED_DATABASE names the database where \
--database is left out."""

Heads = Annotated[
    list[str] | None,
    typer.Option(
        "--head", metavar="WRITER=HASH", help="A head noted before: some row must have it. Repeatable."
    ),
]
Since = Annotated[
    Path | None,
    typer.Option("--since", metavar="FILE", help="An earlier report (--json), for all of its heads."),
]


def run(
    *,
    database: TheDatabase = DEFAULT_DATABASE,
    heads: Heads = None,
    since: Since = None,
    as_json: Json = False,
) -> int:
    """Audits once."""
    from . import auditing  # noqa: PLC0415 -- brings the store and rich, which --help does without

    return auditing.audit(database, auditing.read_heads(heads or (), since), as_json=as_json)
