"""Calls a server, and prints what it says of ``decide`` and ``explain``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson

from maitred.bootstrap.clients import TIMEOUT_SECONDS, Client, ClientError, connect
from maitred.core.deciding.decisions import Explain

from . import messages
from .answers import answer_view, record_view
from .console import show
from .exits import FINDINGS, FINE, Stop
from .plainly import answer_json, record_json

_Got = TypeVar("_Got")

NOBODY_THERE = ("Connection refused", "errors resolving", "DNS", "No route to host", "unreachable")
"""What gRPC says of an address where nobody listens."""
NO_CONNECTION = "failed to connect"
"""How gRPC begins where somebody listens, but does not speak as expected; servers have other words."""

REFUSALS = frozenset(
    {"INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "OUT_OF_RANGE"}
)
"""Statuses that say something about the request; every other one is about the server."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One Decide, as ``Client.decide`` takes it."""

    request_id: str
    customer_id: str
    channel: str
    location_id: str
    context: Mapping[str, Any]
    max_actions: int
    explain: Explain
    dry_run: bool
    ruleset: str
    at: datetime | None


def decide(ask: Ask, target: str, tls_ca: Path | None, *, as_json: bool) -> int:
    """Asks and prints. Raises ``Stop``."""

    def call(client: Client) -> Any:
        return client.decide(
            request_id=ask.request_id,
            customer_id=ask.customer_id,
            channel=ask.channel,
            location_id=ask.location_id,
            context=ask.context,
            max_actions=ask.max_actions,
            explain=ask.explain,
            dry_run=ask.dry_run,
            ruleset=ask.ruleset,
            at=ask.at,
        )

    answer = called(call, target, tls_ca)
    if as_json:
        print_json(answer_json(answer))
    else:
        show(answer_view(answer, explained=ask.explain is not Explain.EXPLAIN_NONE))
    return FINE


def explain(decision_id: str, level: Explain, target: str, tls_ca: Path | None, *, as_json: bool) -> int:
    """Reads a record and prints it. Raises ``Stop``."""
    view = called(lambda client: client.get_decision(decision_id, level), target, tls_ca)
    if as_json:
        print_json(record_json(view))
    else:
        show(record_view(view))
    return FINE


def called(
    call: Callable[[Client], _Got],
    target: str,
    tls_ca: Path | None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> _Got:
    """What one call of a server at ``HOST:PORT`` gives. Raises ``Stop``."""
    if ":" not in target:
        raise Stop(messages.not_an_address(target))
    try:
        with connect(target, tls_ca, timeout_seconds) as client:
            return call(client)
    except ClientError as error:
        raise stop_for(error, target) from None
    except OSError as error:
        raise Stop(messages.cannot_read(str(tls_ca), error.strerror or "unreadable")) from None


def stop_for(error: ClientError, target: str) -> Stop:
    """How a command ends over a status of the server."""
    if error.code == "UNAVAILABLE" and any(words in error.message for words in NOBODY_THERE):
        return Stop(messages.no_server(target), messages.start_one(target))
    if error.code == "UNAVAILABLE" and error.message.startswith(NO_CONNECTION):
        return Stop(messages.no_connection(target, error.message), messages.TRY_TLS)
    code = FINDINGS if error.code in REFUSALS else Stop("").code
    return Stop(messages.refused(error.code, error.message), code=code)


def print_json(content: Mapping[str, Any]) -> None:
    """Prints an answer for programs."""
    print(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
