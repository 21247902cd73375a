"""Calls a server for ``consent``, ``export`` and ``erase``, and prints what it says."""

import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from maitred.core.privacy.consents import Consent, ConsentState
from maitred.engine.calls import ConsentView, Erased

from . import messages as general
from . import privacy_messages as messages
from .answers import BAD, FAINT, GOOD, STRONG
from .asking import called, print_json
from .console import err, plain, show, shown
from .exits import FINDINGS, FINE, Stop
from .plainly import instant_text
from .working import waiting

PATIENCE_SECONDS = 600.0
"""Every decision of a customer is worked out again for an export: some hundred a second."""

_STATES = {ConsentState.GRANTED: GOOD}


@dataclass(frozen=True, slots=True)
class Statement:
    """What is to be recorded under an id.

    ``state`` is a name of ``ConsentState``; ``at`` is ``None`` for now.
    """

    request_id: str
    purpose: str
    state: str
    source: str
    text_version: str
    at: datetime | None


def consent(customer: str, purpose: str, target: str, tls_ca: Path | None, *, as_json: bool) -> int:
    """Shows what is on record, of one purpose where it is not empty. Raises ``Stop``."""
    view = _of_purpose(called(lambda client: client.consent(customer), target, tls_ca), purpose)
    if as_json:
        print_json(_view_json(customer, view))
    else:
        show(consent_view(view))
    return FINE


def record(customer: str, stated: Statement, target: str, tls_ca: Path | None, *, as_json: bool) -> int:
    """Records a statement, and shows what counts on its purpose from then on. Raises ``Stop``."""
    statement = Consent(
        stated.purpose,
        ConsentState[stated.state],
        stated.source,
        stated.at or datetime.now(UTC),
        stated.text_version,
    )
    called(
        lambda client: client.record_consent(
            request_id=stated.request_id,
            customer_id=customer,
            consents=[statement],
            made_now=stated.at is None,
        ),
        target,
        tls_ca,
    )
    if as_json:
        print_json({"request_id": stated.request_id, "status": "recorded"})
        return FINE
    show(Text(messages.recorded(plain(stated.purpose), stated.state.lower()), GOOD))
    show(Text(general.as_request(plain(stated.request_id)), FAINT))
    view = called(lambda client: client.consent(customer), target, tls_ca)
    show(Group(Text(), *_statements(messages.COUNTS_NOW, _of_purpose(view, stated.purpose).current)))
    return FINE


def consent_view(view: ConsentView) -> RenderableType:
    """What ``consent`` prints."""
    if not view.history:
        return Text(messages.NOTHING_STATED)
    return Group(
        *_statements(messages.COUNTS_NOW, view.current),
        Text(),
        *_statements(messages.HISTORY, view.history),
    )


def _of_purpose(view: ConsentView, purpose: str) -> ConsentView:
    if not purpose:
        return view
    return ConsentView(*(tuple(each for each in part if each.purpose == purpose) for part in view))


def _statements(title: str, statements: Sequence[Consent]) -> Iterator[RenderableType]:
    yield Text(title, STRONG)
    table = Table(
        "purpose", "state", "stated at", "source", "text", box=None, pad_edge=False, header_style=FAINT
    )
    for each in statements:
        state = Text(each.state.name.lower(), _STATES.get(each.state, BAD))
        said = shown(each.purpose), state, instant_text(each.at), shown(each.source), shown(each.text_version)
        table.add_row(*said)
    yield table


def _view_json(customer: str, view: ConsentView) -> Mapping[str, Any]:
    return {
        "customer_id": customer,
        "current": list(map(_statement_json, view.current)),
        "history": list(map(_statement_json, view.history)),
    }


def _statement_json(each: Consent) -> Mapping[str, Any]:
    return {
        "purpose": each.purpose,
        "state": each.state.name.lower(),
        "source": each.source,
        "at": instant_text(each.at),
        "text_version": each.text_version,
    }


def export(customer: str, output: Path | None, target: str, tls_ca: Path | None) -> int:
    """Writes what is held. Raises ``Stop``."""
    with waiting(messages.exporting(plain(customer))):
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


def erase(customer: str, target: str, tls_ca: Path | None, *, yes: bool, as_json: bool) -> int:
    """Erases once it is confirmed, and prints what went. Raises ``Stop``."""
    if not yes and not _confirmed(customer):
        err().print(messages.NOT_ERASED)
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
        raise Stop(messages.ERASE_NEEDS_YES)
    err().print(messages.will_erase(plain(customer)))
    return typer.confirm(messages.ERASE, err=True)


def erased_view(customer: str, erased: Erased) -> RenderableType:
    """What ``erase`` prints."""
    if not any(erased.rows.values()):
        return Text(messages.nothing_held(plain(customer)))
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for kind, rows in erased.rows.items():
        if rows:
            table.add_row(Text(f"  {plain(kind)}"), f"{rows:,}")
    when = instant_text(erased.erased_at)
    return Group(Text(messages.erased(plain(customer), when), GOOD), table, Text(messages.LEFT_BEHIND, FAINT))
