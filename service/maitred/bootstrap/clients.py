"""A client of a running service."""

from pathlib import Path

from maitred.rpc.client import TIMEOUT_SECONDS, Client, ClientCertificate, ClientError

__all__ = ["TIMEOUT_SECONDS", "Client", "ClientCertificate", "ClientError", "connect"]


def connect(
    target: str,
    tls_ca: Path | None = None,
    identity: ClientCertificate | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Client:
    """Returns a client of the service at ``HOST:PORT``, to be used as a context manager."""
    return Client(target, tls_ca=tls_ca, identity=identity, timeout_seconds=timeout_seconds)
