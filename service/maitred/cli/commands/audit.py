"""``maitred audit``: whether the decision log is as it was written."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from maitred.bootstrap.maintenance import Head, Inspection, StoreDown
from maitred.bootstrap.maintenance import audit as inspect
from maitred.cli import messages as general
from maitred.cli import privacy_messages as messages
from maitred.cli.calling import print_json
from maitred.cli.exits import FINDINGS, FINE, Stop
from maitred.cli.flags import Json, TheDatabase
from maitred.cli.shown.answers import FAINT, GOOD, STRONG
from maitred.cli.shown.banner import safe_url
from maitred.cli.shown.console import plain, progress, show
from maitred.engine.ports.store import Chain, StoreConflict
from maitred.settings import DEFAULT_DATABASE

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
    return audit(database, read_heads(heads or (), since), as_json=as_json)


CHAINS_SHOWN = 20
"""Every start of a process begins a chain; --json has all of them."""
WRITER_SHOWN_CHARACTERS = 12
WORSE = "bold red"


def read_heads(words: Iterable[str], since: Path | None) -> list[Head]:
    """Returns what was noted before. Raises ``Stop``."""
    return [*map(_head, words), *(_reported(since) if since else ())]


def _head(text: str) -> Head:
    writer, _, digest = text.partition("=")
    if not (_is_hex(writer) and _is_hex(digest)):
        raise Stop(f"`{text}` is no head: give WRITER=HASH as `maitred audit` prints it")
    return Head(writer.lower(), digest.lower())


def _is_hex(text: str) -> bool:
    try:
        return bool(bytes.fromhex(text))
    except ValueError:
        return False


def _reported(file: Path) -> Iterator[Head]:
    try:
        chains = orjson.loads(file.read_bytes())["chains"]
        return iter([_head(f"{chain['writer']}={chain['head']}") for chain in chains])
    except OSError as error:
        raise Stop(general.cannot_read(str(file), error.strerror or "unreadable")) from None
    except (ValueError, KeyError, TypeError, Stop):
        raise Stop(f"`{file}` is no report of `maitred audit --json`") from None


def audit(database: str, heads: list[Head], *, as_json: bool) -> int:
    """Audits and prints. Raises ``Stop``."""
    try:
        with progress(messages.CHECKING_LOG, messages.rows_so_far) as so_far:
            inspection = inspect(database, heads, so_far)
    except (StoreDown, StoreConflict) as failure:
        raise Stop(str(failure)) from None
    if as_json:
        print_json(_json(database, inspection))
    else:
        show(inspection_view(inspection, len(heads)))
    return FINDINGS if inspection.audit.broken or inspection.missing else FINE


def inspection_view(inspection: Inspection, heads: int) -> RenderableType:
    """Returns what ``audit`` prints; ``heads`` is how many were given."""
    chains = inspection.audit.chains
    parts: list[RenderableType] = []
    if chains:
        parts += [_table(inspection), *_heads(chains[-CHAINS_SHOWN:]), Text()]
    parts += (
        Text(plain(messages.first_bad_row(broken.writer, broken.row, broken.decision_id, broken.why)), WORSE)
        for broken in inspection.audit.broken
    )
    parts += (Text(line, WORSE) for line in _missing(inspection))
    if inspection.audit.broken or inspection.missing:
        parts.append(Text(messages.log_broken(len(inspection.audit.broken), len(inspection.missing)), WORSE))
    else:
        parts.append(Text(messages.log_sound(inspection.audit.rows, len(chains)), f"bold {GOOD}"))
    if heads > len(inspection.missing):
        parts.append(Text(messages.heads_there(heads - len(inspection.missing))))
    return Group(*parts)


def _table(inspection: Inspection) -> RenderableType:
    chains, broken = inspection.audit.chains, {row.writer for row in inspection.audit.broken}
    table = Table(box=None, pad_edge=False, header_style=FAINT)
    for column in ("chain", "written", "purged", ""):
        table.add_column(column, justify="right" if column in {"written", "purged"} else "left")
    for chain in chains[-CHAINS_SHOWN:]:
        verdict = Text("broken", WORSE) if chain.writer in broken else Text("as written", GOOD)
        name = plain(chain.writer[:WRITER_SHOWN_CHARACTERS])
        table.add_row(name, f"{chain.rows:,}", f"{chain.purged:,}", verdict)
    if len(chains) <= CHAINS_SHOWN:
        return table
    return Group(table, Text(messages.more_chains(len(chains) - CHAINS_SHOWN), FAINT))


def _heads(chains: Iterable[Chain]) -> Iterator[RenderableType]:
    yield Text()
    yield Text("heads", STRONG)
    for chain in chains:
        # In one piece, to be copied: a line of a table would be cut.
        yield Text(f"{plain(chain.writer)}={plain(chain.head)}", no_wrap=True, overflow="ignore")
    yield Text(
        "note the heads where who may write to this database may not: an end that is cut off, or rows that "
        "are written anew, show by them alone",
        FAINT,
    )
    yield Text(
        "`maitred audit --json` writes all of them, and `maitred audit --since FILE` checks them later", FAINT
    )


def _missing(inspection: Inspection) -> Iterator[str]:
    purged = {chain.writer: chain.purged for chain in inspection.audit.chains}
    return (messages.head_missing(*head, purged.get(head.writer)) for head in inspection.missing)


def _json(database: str, inspection: Inspection) -> Mapping[str, Any]:
    audited = inspection.audit
    return {
        "ok": not (audited.broken or inspection.missing),
        "database": safe_url(database),
        "rows": audited.rows,
        "chains": [chain._asdict() for chain in audited.chains],
        "broken": [row._asdict() for row in audited.broken],
        "missing_heads": [{"writer": head.writer, "head": head.digest} for head in inspection.missing],
    }
