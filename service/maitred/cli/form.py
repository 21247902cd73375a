"""Flags that several commands share."""

import os
from datetime import UTC, datetime
from enum import StrEnum, unique
from pathlib import Path
from typing import Annotated

import typer

from maitred.core.decisions import Explain
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


def instant(text: str) -> datetime:
    """An ISO 8601 instant; its offset must be given, for a till's clock is nobody else's."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise Stop(messages.not_an_instant(text))
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Stop(messages.not_an_instant(text)) from None
