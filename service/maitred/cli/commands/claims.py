"""``maitred claims``: what a customer, a session or a location has claimed."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from maitred.bootstrap.clients import Client
from maitred.cli.calling import called, print_json
from maitred.cli.exits import FINE, Stop
from maitred.cli.flags import DEFAULT_TARGET, At, Json, Target, TlsCa, instant
from maitred.cli.shown.answers import FAINT, STRONG
from maitred.cli.shown.as_json import instant_text, open_claim_json
from maitred.cli.shown.console import plain, show
from maitred.engine.calls import OpenClaim

PAGE_MAX = 100
MAX_DEFAULT, MOST = 20, 10_000

HELP = """Show what a customer, a session or a location has claimed, open claims and ended ones.

The last to expire come first. `maitred redeem` spends a claim that is held, `maitred release` gives it back.

Examples:

  maitred claims --customer 900

  maitred claims --location 330 --most 200 --json

Exit codes: 0 answered (also where there are none), 1 the server refused the request, \
2 no server, or bad flags."""

Customer = Annotated[str, typer.Option(envvar="MAITRED_CUSTOMER", metavar="ID", help="Of this customer.")]
Session = Annotated[str, typer.Option(metavar="ID", help="Of this `session.id`.")]
Location = Annotated[str, typer.Option(metavar="ID", help="Made at this location.")]
Most = Annotated[int, typer.Option(min=1, max=MOST, metavar="N", help="So many at most.")]


def run(
    *,
    customer: Customer = "",
    session: Session = "",
    location: Location = "",
    most: Most = MAX_DEFAULT,
    at: At = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Asks page by page and prints the claims."""
    if sum(map(bool, (customer, session, location))) != 1:
        raise Stop("give exactly one of --customer, --session and --location")
    moment = instant(at) if at else None

    def pages(client: Client) -> Iterator[OpenClaim]:
        token, left = "", most
        while left:
            page = client.claims(
                customer_id=customer,
                session_id=session,
                location_id=location,
                page_size=min(left, PAGE_MAX),
                page_token=token,
                at=moment,
            )
            yield from page.claims
            token, left = page.next_page_token, left - len(page.claims)
            if not token:
                return

    claims = called(lambda client: list(pages(client)), target, tls_ca)
    if as_json:
        print_json({"claims": [open_claim_json(claim) for claim in claims]})
    else:
        show(claims_view(claims))
    return FINE


def claims_view(claims: Sequence[OpenClaim]) -> RenderableType:
    """Returns the table, or that there is none."""
    if not claims:
        return Text("nothing has been claimed", FAINT)
    table = Table(box=None, pad_edge=False, header_style=STRONG)
    for heading in ("claim", "action", "state", "expires", "location"):
        table.add_column(heading, overflow="fold")
    for claim in claims:
        expires = instant_text(claim.expires_at) if claim.expires_at else ""
        state = claim.state.name.lower() if claim.state else ""
        table.add_row(*map(plain, (claim.claim_id, claim.action, state, expires, claim.location_id)))
    return Group(table)
