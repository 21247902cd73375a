"""``maitred event``: records what a customer did."""

from typing import Annotated, Any

import orjson
import typer
from rich.text import Text

from maitred.cli import messages
from maitred.cli.calling import called, print_json
from maitred.cli.exits import FINDINGS, FINE, Stop
from maitred.cli.shown.answers import BAD
from maitred.cli.shown.console import plain, show
from maitred.cli.steps import CallOptions, step_words, takes_step
from maitred.engine.calls import EventCall

HELP = """Record what a customer did: an event.

Its kind is one of those that the rules in force have.

Fields are NAME=VALUE; a value that is JSON is taken as such, everything else is text. The event has an id \
of its own, so that a retry counts once; --withdraws names the id of another one that does not count any more.

Examples:

  maitred event anna-7 visit page=cars --session s-1

  maitred event anna-7 purchase sku=OIL-1 amount=14.90 --request-id till-4-0018

  maitred event anna-7 --withdraws till-4-0018

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 recorded, 1 not recorded, or the server refused the request, 2 no server, or bad flags."""

Customer = Annotated[
    str, typer.Argument(metavar="CUSTOMER_ID", show_default=False, help="Whose event it is.")
]
Kind = Annotated[str, typer.Argument(metavar="[KIND]", show_default=False, help="An `Event` of the rules.")]
Fields = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME=VALUE]...", show_default=False, help="What is told of it."),
]
Session = Annotated[str, typer.Option("--session", metavar="ID", help="The session it happened in.")]
Withdraws = Annotated[str, typer.Option("--withdraws", metavar="ID", help="The event that it takes back.")]


@takes_step
def run(
    step: CallOptions,
    /,
    *,
    customer_id: Customer,
    kind: Kind = "",
    fields: Fields = None,
    session: Session = "",
    withdraws: Withdraws = "",
) -> int:
    """Records one event and prints whether it was. Raises ``Stop``."""
    fields_json = orjson.dumps(dict(map(_field, fields or ())))
    event = EventCall(step.request_id, customer_id, kind, step.at, fields_json, session, withdraws)
    (answer,) = called(lambda client: client.record_events([event]), step.target, step.tls_ca)
    if step.as_json:
        print_json({"event_id": answer.event_id, "recorded": answer.recorded, "detail": answer.detail})
    elif answer.recorded:
        show(step_words(messages.RECORDED, step))
    else:
        show(Text(messages.not_recorded(plain(answer.detail)), BAD))
    return FINE if answer.recorded else FINDINGS


def _field(word: str) -> tuple[str, Any]:
    name, equals, text = word.partition("=")
    if not (name and equals):
        raise Stop(f"`{word}` is no field: write NAME=VALUE")
    try:
        return name, orjson.loads(text)
    except orjson.JSONDecodeError:
        return name, text
