"""``maitred check``: every fault of a ruleset at once."""

from datetime import UTC, datetime
from enum import StrEnum, unique
from pathlib import Path
from typing import Annotated

import typer

from maitred.cli import messages
from maitred.cli.exits import FINDINGS, FINE, Stop

HELP = """Check the rule files of a directory, all faults at once.

Every fault is printed with its file, line and column and the text it points at. What passes here is what \
`maitred serve` takes.

Examples:

  maitred check rules/starter

  maitred check rules/starter --format github    annotations in a pull request

  maitred check rules/starter --format json

  maitred check rules/starter --privacy    which action reads what, for which purpose, on which basis

Exit codes: 0 no errors (there may be warnings), 1 errors, 2 the directory cannot be read."""


@unique
class Format(StrEnum):
    """How faults are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


Directory = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", envvar="MAITRED_RULES", show_default=False, help="The directory of the ruleset."
    ),
]
How = Annotated[
    Format,
    typer.Option(
        "--format",
        envvar="MAITRED_FORMAT",
        help="text for people, json for programs, github for annotations in a pull request.",
    ),
]


AsJson = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
Privacy = Annotated[
    bool,
    typer.Option(
        "--privacy",
        help="Print who reads what instead: per action the attributes with their purposes and legal bases.",
    ),
]


def run(
    *, directory: Directory, how: How = Format.TEXT, json: AsJson = False, privacy: Privacy = False
) -> int:
    """Loads the ruleset as ``serve`` would and prints what is wrong with it."""
    from maitred.bootstrap.rules import check_rules  # noqa: PLC0415 -- brings every room, which --help does without
    from maitred.cli.shown import faults, privacy_table  # noqa: PLC0415 -- brings rich
    from maitred.cli.shown.console import err, show  # noqa: PLC0415 -- likewise

    if not directory.is_dir():
        raise Stop(messages.not_a_directory(str(directory)))
    with err().status(f"checking {directory}"):
        checked = check_rules(directory, datetime.now(UTC))
    if json:
        how = Format.JSON
    if privacy and checked.ruleset:
        table = privacy_table.as_json if how is Format.JSON else privacy_table.as_text
        print(table(checked.ruleset))
        return FINE
    if how is Format.JSON:
        print(faults.as_json(checked.faults, checked.ruleset))
    elif how is Format.GITHUB:
        show(faults.as_github(checked.faults, checked.ruleset, directory))
    else:
        show(faults.as_text(checked.faults, checked.ruleset, directory))
    return FINE if checked.ruleset else FINDINGS
