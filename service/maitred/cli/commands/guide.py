"""``maitred guide``: a screen for whoever serves a customer."""

from functools import partial
from typing import Annotated

import typer

from maitred.bootstrap.clients import Client
from maitred.cli import messages
from maitred.cli.calling import called
from maitred.cli.exits import FINE, Stop
from maitred.cli.flags import DEFAULT_TARGET, TlsCa, new_id
from maitred.guide import CallPlace, DeskCall, Guide, InputFault
from maitred.guide.lines import Told, read_line

HELP = """Show what to do for a customer, on a screen that follows the call.

Type a customer and press Enter: the proposals stand on the left, best first; what to say, to do and avoid, \
and why, beside the one that is chosen. At the prompt below, type what happens as the call goes on, and see \
guidance change:

  flight.state=cancelled        what is known now: an attribute of the request

  visit page=cars clicks=3      what the customer did: an event of the rules

Keys: F2 presented, F3 rejected, F4 claim, F5 why not the others, F6 ask again, F1 help, Ctrl+Q leave.

Example, against `maitred serve --rules rules/guidance/cancelled-flight`:

  maitred guide --channel desk --customer anna-7 --set flight.state=cancelled --set flight.number=MA12

A server that cannot be reached, or refuses, is told on the screen. Exit codes: 0 left, 2 bad flags."""

Address = Annotated[
    str,
    typer.Option(
        "--address", "--target", envvar="MAITRED_TARGET", metavar="HOST:PORT", help="The server to ask."
    ),
]
Channel = Annotated[
    str, typer.Option(envvar="MAITRED_CHANNEL", metavar="NAME", help="Where the customer is: desk, pos ...")
]
Location = Annotated[
    str, typer.Option(envvar="MAITRED_LOCATION", metavar="ID", help="The store or site; none if not given.")
]
Customer = Annotated[str, typer.Option(metavar="ID", help="Who is calling; can be typed on the screen.")]
Session = Annotated[
    str | None, typer.Option(metavar="ID", help="The call: `session.id`; one of its own if not given.")
]
Attributes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="An attribute that is known; may be repeated."),
]


def run(
    *,
    channel: Channel,
    customer: Customer = "",
    session: Session = None,
    location: Location = "",
    attributes: Attributes = None,
    address: Address = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
) -> int:
    """Runs the screen until somebody leaves it. Raises ``Stop``."""
    known = dict(pair for given in attributes or () for pair in _told(given).attributes.items())
    place = CallPlace(channel, location)

    def show(client: Client) -> None:
        Guide(DeskCall(client, address, place, partial(new_id, None), customer, session or "", known)).run()

    called(show, address, tls_ca)
    return FINE


def _told(given: str) -> Told:
    try:
        typed = read_line(given)
    except InputFault as fault:
        raise Stop(messages.bad_attribute(str(fault))) from None
    if not isinstance(typed, Told):
        raise Stop(messages.bad_attribute(f"`{given}` must be NAME=VALUE"))
    return typed
