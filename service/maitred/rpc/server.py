"""The server: how it starts, listens and stops."""

import ssl
import time
from dataclasses import dataclass
from pathlib import Path

import grpc

from maitred.engine.deciding.right_of_way import RightOfWay
from maitred.engine.ports.observer import Observer
from maitred.rpc.transports.admission import wait_until_quiet
from maitred.rpc.transports.loop import Loop
from maitred.rpc.transports.places import Places
from maitred.rpc.transports.selection import Transport
from maitred.rpc.transports.stock import CALL_THREADS, WAITING_CALLS_MAX, Stock
from maitred.settings import DEFAULT_STREAMS

from . import messages
from .methods import METHODS, Services
from .options import CALLS_MAX, server_options

NOTICE_SECONDS = 0.5
"""How long "not serving" stands before new calls fail, unless told otherwise: two health polls of our own."""
QUIET_SECONDS = 0.1
REFUSING_MAX_SECONDS = 1.0
"""New calls are refused until none came for a while, before gRPC stops: what it has not handed over by then
it resets with ``CANCELLED``, which clients do not retry, where ``UNAVAILABLE`` is meant."""
LAST_WORDS_SECONDS = 2.0
"""After the grace every call is cancelled; how long gRPC may take for it."""


class ListenError(Exception):
    """The server cannot listen. The message is meant for the operator."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files; with ``client_ca`` only clients with a certificate it signed are let in."""

    cert: Path
    key: Path
    client_ca: Path | None = None


class Server:
    """Serves the methods of the table over gRPC.

    ``listen`` is ``HOST:PORT``; port 0 takes a free one. ``share_port`` is for several processes on one
    port. ``transport`` is ``LOOP`` or ``STOCK``, as ``support.choose`` says. ``overlap`` and ``way`` are for
    the loop: whether commits wait for a network, and what calls have before rulesets that load. ``threads``
    and ``max_waiting_calls`` are for the other one.
    """

    def __init__(
        self,
        listen: str,
        services: Services,
        observer: Observer,
        *,
        way: RightOfWay | None = None,
        transport: Transport = Transport.STOCK,
        overlap: bool = False,
        share_port: bool = False,
        streams_per_connection: int = DEFAULT_STREAMS,
        tls: TlsFiles | None = None,
        notice_seconds: float = NOTICE_SECONDS,
        threads: int = CALL_THREADS,
        max_waiting_calls: int = WAITING_CALLS_MAX,
    ) -> None:
        self._listen, self._tls, self._notice_seconds = listen, tls, notice_seconds
        looping, places = transport is Transport.LOOP, Places(streams_per_connection)
        self._stock = Stock(
            services,
            observer,
            calls=not looping,
            places=places,
            threads=threads,
            max_waiting_calls=max_waiting_calls,
        )
        self._server = grpc.server(
            self._stock.pool,
            handlers=[self._stock.admission],
            options=server_options(share_port=share_port, streams=streams_per_connection),
            maximum_concurrent_rpcs=CALLS_MAX,
        )
        self._loop = (
            Loop(self._server, METHODS, services, observer, places=places, way=way, overlap=overlap)
            if looping
            else None
        )

    def start(self) -> str:
        """Listens and serves; gives the address as ``HOST:PORT``.

        Raises:
            ListenError: the address or the TLS files cannot be used.
        """
        host, colon, port = self._listen.rpartition(":")
        if not (host and colon and port.isascii() and port.isdigit()):
            raise ListenError(messages.not_an_address(self._listen))
        try:
            bound = self._bind()
        except ListenError:
            self._close()
            raise
        self._stock.start()
        (self._loop or self._server).start()
        return f"{host}:{bound}"

    def drain(self, grace_seconds: float) -> bool:
        """Stops: not serving first, then no new calls, then waits for those in flight.

        True where all of them finished within ``grace_seconds``; the rest is cancelled.
        """
        self._stock.health.drain()
        time.sleep(self._notice_seconds)
        self._refuse()
        wait_until_quiet(self._rejected, QUIET_SECONDS, REFUSING_MAX_SECONDS)
        started = time.monotonic()
        stopped = self._server.stop(grace_seconds)
        # What stays open for ever must not use up the grace.
        self._stock.streams.stop()
        self._stock.health.close()
        stopped.wait(grace_seconds + LAST_WORDS_SECONDS)
        finished = time.monotonic() - started < grace_seconds
        self._close()
        return finished

    def _refuse(self) -> None:
        self._stock.admission.stop()
        if self._loop:
            self._loop.stop()

    def _rejected(self) -> int | None:
        if self._loop and self._loop.busy:
            return None
        return self._stock.admission.rejected + (self._loop.rejected if self._loop else 0)

    def _close(self) -> None:
        self._stock.close()
        if self._loop:
            self._loop.close()

    def _bind(self) -> int:
        try:
            if self._tls is None:
                return int(self._server.add_insecure_port(self._listen))
            return int(self._server.add_secure_port(self._listen, _credentials(self._tls)))
        except RuntimeError:
            raise ListenError(messages.cannot_listen(self._listen)) from None


def _credentials(tls: TlsFiles) -> grpc.ServerCredentials:
    cert, key = _read(tls.cert), _read(tls.key)
    client_ca = None if tls.client_ca is None else _read(tls.client_ca)
    _check(tls)
    return grpc.ssl_server_credentials([(key, cert)], client_ca, require_client_auth=client_ca is not None)


def _check(tls: TlsFiles) -> None:
    """Looks first: gRPC does not tell bad files from a port in use."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(tls.cert, tls.key, password=b"")
        if tls.client_ca is not None:
            context.load_verify_locations(tls.client_ca)
    except ssl.SSLError:
        raise ListenError(messages.bad_tls(str(tls.cert), str(tls.key))) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ListenError(messages.cannot_read_tls(str(path), error.strerror or "unreadable")) from None
