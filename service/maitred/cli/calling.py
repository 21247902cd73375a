"""Calls a server, and ends a command over what it says."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import orjson

from maitred.bootstrap.clients import TIMEOUT_SECONDS, Client, ClientCertificate, ClientError, connect

from . import messages
from .exits import FINDINGS, Stop

_Got = TypeVar("_Got")

PATIENCE_SECONDS = 600.0
"""Every decision of a customer is worked out again for an export: some hundred a second."""
CLIENT_CERT, CLIENT_KEY = "MAITRED_TLS_CLIENT_CERT", "MAITRED_TLS_CLIENT_KEY"
"""Variables alone: who has a certificate has it for every command."""
NOBODY_THERE = ("Connection refused", "errors resolving", "DNS", "No route to host", "unreachable")
"""What gRPC says of an address where nobody listens."""
NO_CONNECTION = "failed to connect"
"""How gRPC begins where somebody listens, but does not speak as expected; servers have other words."""

REFUSALS = frozenset(
    {"INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "OUT_OF_RANGE"}
)
"""Statuses that say something about the request; every other one is about the server."""


def called(
    call: Callable[[Client], _Got],
    target: str,
    tls_ca: Path | None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> _Got:
    """Returns what one call of a server at ``HOST:PORT`` gives. Raises ``Stop``."""
    if ":" not in target:
        raise Stop(messages.not_an_address(target))
    try:
        with connect(target, tls_ca, identity(os.environ), timeout_seconds) as client:
            return call(client)
    except ClientError as error:
        raise stop_for(error, target) from None
    except OSError as error:
        raise Stop(messages.cannot_read(str(error.filename), error.strerror or "unreadable")) from None


def identity(environ: Mapping[str, str]) -> ClientCertificate | None:
    """Returns what is shown to servers that ask for a client's certificate. Raises ``Stop``."""
    cert, key = environ.get(CLIENT_CERT), environ.get(CLIENT_KEY)
    if bool(cert) != bool(key):
        raise Stop(f"a client's certificate needs both {CLIENT_CERT} and {CLIENT_KEY}")
    return ClientCertificate(Path(cert), Path(key)) if cert and key else None


def stop_for(error: ClientError, target: str) -> Stop:
    """Returns how a command ends over a status of the server."""
    if error.code == "UNAVAILABLE" and any(words in error.message for words in NOBODY_THERE):
        return Stop(
            f"no server answers at `{target}`",
            f"start one with `maitred serve --listen {target}`, or name another with --target",
        )
    if error.code == "UNAVAILABLE" and error.message.startswith(NO_CONNECTION):
        return Stop(
            f"cannot talk to `{target}`: {error.message}",
            "with TLS the server and --tls-ca must agree; without it, leave --tls-ca out; "
            f"a server that asks for a client's certificate is shown that of {CLIENT_CERT} and {CLIENT_KEY}",
        )
    code = FINDINGS if error.code in REFUSALS else Stop("").code
    return Stop(messages.refused(error.code, error.message), code=code)


def print_json(content: Mapping[str, Any]) -> None:
    """Prints an answer for programs."""
    print(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
