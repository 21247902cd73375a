"""Flags that several commands share."""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum, unique
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import orjson
import typer

from maitred.core.deciding.decisions import Explain
from maitred.settings import DEFAULT_LISTEN

from . import messages
from .exits import Stop

Target = Annotated[
    str, typer.Option("--target", envvar="MAITRED_TARGET", metavar="HOST:PORT", help="The server to ask.")
]
TlsCa = Annotated[
    Path | None,
    typer.Option(
        "--tls-ca",
        envvar="MAITRED_TLS_CA",
        metavar="FILE",
        help="PEM file of who signed the server's certificate; the call then goes over TLS.",
    ),
]
ActionName = Annotated[
    str, typer.Argument(metavar="ACTION", show_default=False, help="Its name in the rule files.")
]
Decision = Annotated[
    str, typer.Argument(metavar="DECISION_ID", show_default=False, help="As `maitred decide` prints it.")
]
Claim = Annotated[
    str, typer.Argument(metavar="CLAIM_ID", show_default=False, help="As `maitred claim` prints it.")
]
Customer = Annotated[
    str, typer.Argument(metavar="CUSTOMER", show_default=False, help="The customer's id, as callers send it.")
]
TheDatabase = Annotated[
    str,
    typer.Option(
        "--database", envvar="MAITRED_DATABASE", metavar="URL", help="Where `maitred serve` keeps decisions."
    ),
]
By = Annotated[
    str | None,
    typer.Option("--by", envvar="MAITRED_BY", metavar="NAME", help="Who does it; your user name otherwise."),
]
At = Annotated[
    str | None,
    typer.Option(
        metavar="INSTANT",
        help="As of then, as in 2026-12-01T11:30:00Z; the server must run with --simulated-time.",
    ),
]
RequestId = Annotated[
    str | None,
    typer.Option(metavar="ID", help="A repeated id gets the stored answer; a random one if not given."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]

DEFAULT_TARGET = DEFAULT_LISTEN


@unique
class Level(StrEnum):
    """How much to explain, as one types it."""

    NONE = "none"
    REASONS = "reasons"
    FULL = "full"

    @property
    def explain(self) -> Explain:
        """The engine's word for it."""
        return Explain[f"EXPLAIN_{self.name}"]


def quiet_grpc() -> None:
    """Keeps gRPC's own lines off the terminal; to be called before it is imported."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")


def new_id(given: str | None) -> str:
    """Returns the id as given; a random one otherwise."""
    return given or uuid4().hex


def user_name() -> str:
    """Who is signed in; empty where the system does not know, as in some containers."""
    try:
        return getuser()
    except (OSError, KeyError):
        return ""


def instant(text: str) -> datetime:
    """Returns an ISO 8601 instant; its offset must be given, for a till's clock is nobody else's."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise Stop(messages.not_an_instant(text))
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Stop(messages.not_an_instant(text)) from None


def read_context(given: str) -> Mapping[str, Any]:
    """Returns a JSON object: as text, ``@FILE``, or ``-`` for stdin. Raises ``Stop``."""
    content = _content(given)
    try:
        context = orjson.loads(content)
        orjson.dumps(context)
    except orjson.JSONDecodeError as error:
        raise Stop(
            f"the context is not JSON: line {error.lineno} column {error.colno}: {error.msg}"
        ) from None
    except orjson.JSONEncodeError as error:
        raise Stop(f"the context cannot be sent: {str(error).lower()}") from None
    if not isinstance(context, dict):
        raise Stop('the context must be a JSON object: `{"customer": {"tier": "gold"}}`')
    return context


def _content(given: str) -> str | bytes:
    if given == "-":
        return sys.stdin.buffer.read()
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_bytes()
    except OSError as error:
        raise Stop(messages.cannot_read(given[1:], error.strerror or "unreadable")) from None
