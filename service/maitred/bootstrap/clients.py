"""A client of a running service."""

from pathlib import Path

from maitred.rpc.client import Client, ClientError

__all__ = ["Client", "ClientError", "connect"]


def connect(target: str, tls_ca: Path | None = None) -> Client:
    """A client of the service at ``HOST:PORT``, to be used as a context manager."""
    return Client(target, tls_ca=tls_ca)
