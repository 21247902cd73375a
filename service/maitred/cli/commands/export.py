"""``maitred export``: everything held about a customer."""

import os
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from maitred.cli import messages as general
from maitred.cli import privacy_messages as messages
from maitred.cli.calling import PATIENCE_SECONDS, called
from maitred.cli.exits import FINE, Stop
from maitred.cli.flags import DEFAULT_TARGET, Customer, Target, TlsCa
from maitred.cli.shown.console import err, plain, waiting

HELP = """Write everything that is held about a customer, as JSON.

What they have stated on each purpose; and every decision: what was read of them, what was proposed and \
why, what was refused and why, what was held for them and what came of it. Reasons are worked out again \
from the rules of that day, so that a long history takes a while.

A file is written for this user alone (mode 0600), whole or not at all. Of somebody nothing is held \
about, the lists are empty.

Examples:

  maitred export 4711

  maitred export 4711 -o 4711.json

  maitred export 4711 | jq '.decisions[].proposals'

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 fine, 1 the server refused the request, 2 no server, bad flags, or a file that cannot be \
written."""

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write it; standard output otherwise."),
]


def run(
    *,
    customer: Customer,
    output: Output = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
) -> int:
    """Exports one customer."""
    return _export(customer, output, target, tls_ca)


def _export(customer: str, output: Path | None, target: str, tls_ca: Path | None) -> int:
    """Writes what is held. Raises ``Stop``."""
    with waiting(f"collecting what is held about {plain(customer)}"):
        content = called(lambda client: client.export(customer), target, tls_ca, PATIENCE_SECONDS)
    if output is None:
        sys.stdout.buffer.write(content + b"\n")
        sys.stdout.buffer.flush()
        return FINE
    try:
        _write(output, content + b"\n")
    except OSError as error:
        raise Stop(general.cannot_write(str(output), error.strerror or "not writable")) from None
    err().print(messages.exported(str(output), len(content) + 1))
    return FINE


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and for this user alone; what is no file (a pipe, a device) is written to."""
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        path.write_bytes(content)
        return
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
