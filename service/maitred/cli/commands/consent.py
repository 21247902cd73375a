"""``maitred consent``: what a customer has agreed to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum, unique
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from maitred.cli import messages as general
from maitred.cli import privacy_messages as messages
from maitred.cli.calling import called, print_json
from maitred.cli.exits import FINE, Stop
from maitred.cli.flags import DEFAULT_TARGET, Customer, Json, Target, TlsCa, instant, new_id
from maitred.cli.shown.answers import BAD, FAINT, GOOD, STRONG
from maitred.cli.shown.as_json import instant_text
from maitred.cli.shown.console import plain, show, shown
from maitred.core.privacy.purposes import Consent, ConsentState
from maitred.engine.calls import ConsentView

HELP = """Show what a customer has agreed to, or record what they state.

With CUSTOMER alone: what counts now for each purpose, and every statement there was, with where and when \
it was made and which text the customer saw. With PURPOSE as well: the same for it alone.

With PURPOSE and STATE it records a statement: granted, denied (a refusal, or consent taken back) or \
objected (to what needs no consent). Of two statements on a purpose the later one counts, of two at one \
instant the stricter. Decisions that begin afterwards know it; nothing that was recorded is changed.

Examples:

  maitred consent 4711

  maitred consent 4711 perks

  maitred consent 4711 perks granted --source app-settings --text-version 2026-03

  maitred consent 4711 perks denied --source letter --at 2026-11-02T09:00:00Z --request-id letter-0815

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 fine, 1 the server refused the request, 2 no server, or bad flags."""


@unique
class StatedConsent(StrEnum):
    """What is stated, as one types it."""

    GRANTED = "granted"
    DENIED = "denied"
    OBJECTED = "objected"


Purpose = Annotated[
    str, typer.Argument(metavar="PURPOSE", show_default=False, help="Its name in the rule files.")
]
Stated = Annotated[
    StatedConsent | None,
    typer.Argument(
        metavar="STATE",
        show_default=False,
        help="granted, denied or objected: record it.",
        case_sensitive=False,
    ),
]
Source = Annotated[
    str,
    typer.Option(metavar="WHERE", show_default=False, help="Where it was stated, e.g. app-settings, letter."),
]
TextVersion = Annotated[
    str, typer.Option(metavar="VERSION", show_default=False, help="Version of the text the customer saw.")
]
StatedAt = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="INSTANT", help="When it was stated, as in 2026-12-01T11:30:00Z; now if not given."
    ),
]
RequestId = Annotated[
    str | None,
    typer.Option(metavar="ID", help="A repeated id records nothing twice; a random one if not given."),
]


def run(
    *,
    customer: Customer,
    purpose: Purpose = "",
    state: Stated = None,
    source: Source = "",
    text_version: TextVersion = "",
    at: StatedAt = None,
    request_id: RequestId = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Shows consent, or records a statement."""
    if state is None:
        if source or text_version or at or request_id:
            raise Stop(
                "say what was stated as well, as in `maitred consent CUSTOMER PURPOSE granted`; "
                "leave the flags out to look"
            )
        return _show(customer, purpose, target, tls_ca, as_json=as_json)
    if not source:
        raise Stop("a statement needs its source, where the customer made it: --source app-settings")
    stated = Statement(
        new_id(request_id), purpose, state.name, source, text_version, instant(at) if at else None
    )
    return _record(customer, stated, target, tls_ca, as_json=as_json)


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


def _show(customer: str, purpose: str, target: str, tls_ca: Path | None, *, as_json: bool) -> int:
    """Shows what is on record, of one purpose where it is not empty. Raises ``Stop``."""
    view = _of_purpose(called(lambda client: client.consent(customer), target, tls_ca), purpose)
    if as_json:
        print_json(_view_json(customer, view))
    else:
        show(consent_view(view))
    return FINE


def _record(customer: str, stated: Statement, target: str, tls_ca: Path | None, *, as_json: bool) -> int:
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
    show(Text(f"recorded: {plain(stated.purpose)} {stated.state.lower()}", GOOD))
    show(Text(general.as_request(plain(stated.request_id)), FAINT))
    view = called(lambda client: client.consent(customer), target, tls_ca)
    show(Group(Text(), *_statements(messages.COUNTS_NOW, _of_purpose(view, stated.purpose).current)))
    return FINE


def consent_view(view: ConsentView) -> RenderableType:
    """Returns what ``consent`` prints."""
    if not view.history:
        return Text("nothing is on record: where a purpose needs consent, that is no")
    return Group(
        *_statements(messages.COUNTS_NOW, view.current),
        Text(),
        *_statements(messages.HISTORY, view.history),
    )


def _of_purpose(view: ConsentView, purpose: str) -> ConsentView:
    if not purpose:
        return view
    return ConsentView(*(tuple(consent for consent in part if consent.purpose == purpose) for part in view))


def _statements(title: str, statements: Sequence[Consent]) -> Iterator[RenderableType]:
    yield Text(title, STRONG)
    table = Table(
        "purpose", "state", "stated at", "source", "text", box=None, pad_edge=False, header_style=FAINT
    )
    for statement in statements:
        state = Text(statement.state.name.lower(), _STATES.get(statement.state, BAD))
        said = (
            shown(statement.purpose),
            state,
            instant_text(statement.at),
            shown(statement.source),
            shown(statement.text_version),
        )
        table.add_row(*said)
    yield table


def _view_json(customer: str, view: ConsentView) -> Mapping[str, Any]:
    return {
        "customer_id": customer,
        "current": list(map(_statement_json, view.current)),
        "history": list(map(_statement_json, view.history)),
    }


def _statement_json(consent: Consent) -> Mapping[str, Any]:
    return {
        "purpose": consent.purpose,
        "state": consent.state.name.lower(),
        "source": consent.source,
        "at": instant_text(consent.at),
        "text_version": consent.text_version,
    }
