"""``maitred erase``: forgets a customer."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from maitred.cli.calling import PATIENCE_SECONDS, called, print_json
from maitred.cli.exits import FINDINGS, FINE, Stop
from maitred.cli.flags import DEFAULT_TARGET, Customer, Json, Target, TlsCa
from maitred.cli.shown.answers import FAINT, GOOD
from maitred.cli.shown.as_json import instant_text
from maitred.cli.shown.console import err, plain, show
from maitred.engine.calls import Erased

HELP = """Erase a customer: delete their key, and every row that is theirs alone.

What was decided for them stays in the decision log, sealed with a key that nobody has any more: so the \
log can still be audited, and the decisions of others are as they were. What they took of limits that \
others share stays counted. It cannot be undone.

Asks before it does so; where nobody is at a terminal it needs --yes. Repeating it erases nothing more. \
Afterwards the same id is somebody new.

Examples:

  maitred erase 4711

  maitred erase 4711 --yes --json

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 erased, or nothing was held; 1 not erased: the answer was no, or the server refused; 2 no \
server, bad flags, or nobody to ask."""

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def run(
    *,
    customer: Customer,
    yes: Yes = False,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Erases one customer."""
    return _erase(customer, target, tls_ca, yes=yes, as_json=as_json)


def _erase(customer: str, target: str, tls_ca: Path | None, *, yes: bool, as_json: bool) -> int:
    """Erases once it is confirmed, and prints what went. Raises ``Stop``."""
    if not yes and not _confirmed(customer):
        err().print("nothing was erased")
        return FINDINGS
    erased = called(lambda client: client.erase(customer), target, tls_ca, PATIENCE_SECONDS)
    if as_json:
        print_json(
            {
                "customer_id": customer,
                "erased_at": instant_text(erased.erased_at),
                "erased": dict(erased.rows),
            }
        )
    else:
        show(erased_view(customer, erased))
    return FINE


def _confirmed(customer: str) -> bool:
    if not sys.stdin.isatty():
        raise Stop("nothing was erased: nobody is there to ask, say --yes")
    err().print(
        f"this erases customer `{plain(customer)}` for good: the key that opens their decisions, "
        "their statements, the outcomes reported of them and the counts of limits of their own\n"
        "what they took of shared limits stays counted, and the audit stays valid; nobody can undo it, so "
        "export first what you must keep: `maitred export`"
    )
    return typer.confirm("erase?", err=True)


def erased_view(customer: str, erased: Erased) -> RenderableType:
    """Returns what ``erase`` prints."""
    if not any(erased.rows.values()):
        return Text(f"nothing is held about {plain(customer)}")
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for kind, rows in erased.rows.items():
        if rows:
            table.add_row(Text(f"  {plain(kind)}"), f"{rows:,}")
    when = instant_text(erased.erased_at)
    return Group(
        Text(f"erased {plain(customer)} at {when}", GOOD),
        table,
        Text(
            "their decisions stay in the log, unreadable; backups of the database and of the keys "
            "hold what they held until they are overwritten",
            FAINT,
        ),
    )
