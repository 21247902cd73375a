"""``maitred serve``: the service."""

import os
from pathlib import Path
from typing import Annotated

import typer

from maitred.cli import messages
from maitred.cli.exits import Stop
from maitred.cli.keep import keep_option, read_keep
from maitred.cli.processes import WORKER_VARIABLE
from maitred.settings import DEFAULT_DATABASE, DEFAULT_LISTEN, DEFAULT_RULES, TRANSPORTS, Settings

HELP = """Serve decisions over gRPC by the rules of a directory.

The directory is watched: what changes there is checked and taken up, and where it has faults the rules \
in force stay. SIGHUP has it read at once. With faults at the start the service runs, but says NOT_SERVING \
to health checks until the rules are right; with --strict it ends instead.

SIGTERM and Ctrl-C stop it: not serving first, then calls in flight finish. A second Ctrl-C ends it at once.

At a terminal it says what it serves and how to try it; otherwise it writes JSON lines to stderr.

Back up two things, apart from each other: the database, and the file of keys, without which what is kept \
of customers cannot be read. What has been kept long enough is forgotten while it serves: see --keep.

Examples:

  maitred serve --rules rules/starter

  maitred serve --rules rules/starter --listen 0.0.0.0:50051 --workers 4
  --database postgresql+psycopg://maitred@localhost/maitred

Exit codes: 0 stopped, 1 faults with --strict, 2 cannot run (port, database, flags)."""

QUIET_GRPC = ("GRPC_VERBOSITY", "NONE")
"""gRPC writes a line of its own, which is not JSON, for every malformed call, handshake or header: whoever
can connect could fill the log. It reads the variable when it is imported."""

_DEFAULTS = Settings()

Rules = Annotated[
    Path, typer.Option("--rules", envvar="MAITRED_RULES", metavar="DIR", help="The directory of the ruleset.")
]
Database = Annotated[
    str,
    typer.Option(
        envvar="MAITRED_DATABASE",
        metavar="URL",
        help="SQLAlchemy URL of where decisions are kept: a SQLite file, or PostgreSQL for many processes.",
    ),
]
Keys = Annotated[
    Path | None,
    typer.Option(
        envvar="MAITRED_KEYS",
        metavar="FILE",
        help="The keys that pseudonymise and seal what is kept of customers; made where there are none. "
        "Without it, a file beside the SQLite database, or maitred.keys. Keep a copy of it, apart from the "
        "backups of the database: without it nothing can be read back.",
    ),
]
Listen = Annotated[
    str,
    typer.Option(
        envvar="MAITRED_LISTEN", metavar="HOST:PORT", help="Where to listen; port 0 for a free one."
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        envvar="MAITRED_WORKERS", min=1, metavar="N", help="Processes on one port; needs PostgreSQL."
    ),
]
SimulatedTime = Annotated[
    bool,
    typer.Option(
        "--simulated-time",
        envvar="MAITRED_SIMULATED_TIME",
        help="Let callers say what time it is. For tests and replays only.",
    ),
]
Learned = Annotated[
    Path | None,
    typer.Option(
        "--learned",
        envvar="MAITRED_LEARNED",
        metavar="FILE",
        help="Draw learned scores by a file of `maitred learn --out`, in place of what is learned in the "
        "database. For tests and replays.",
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict", envvar="MAITRED_STRICT", help="End with code 1 if the rules have faults at the start."
    ),
]
WatchSeconds = Annotated[
    float,
    typer.Option(
        envvar="MAITRED_WATCH_SECONDS",
        min=0.05,
        metavar="S",
        help="How often to look for changed rule files.",
    ),
]
Transport = Annotated[
    str,
    typer.Option(
        envvar="MAITRED_TRANSPORT",
        metavar="auto|loop|stock",
        help="How calls are answered: on gRPC's polling thread where this grpcio has been tried, or by its "
        "own server.",
    ),
]
StreamsPerConnection = Annotated[
    int,
    typer.Option(
        envvar="MAITRED_STREAMS_PER_CONNECTION",
        min=1,
        metavar="N",
        help="Calls that one connection may have open; more wait in their client. 8 keeps a server fast "
        "when far too many come from many tills, a connection each. Half may be streams.",
    ),
]
DrainSeconds = Annotated[
    float,
    typer.Option(
        envvar="MAITRED_DRAIN_SECONDS",
        min=0,
        metavar="S",
        help="How long calls in flight may take at the end.",
    ),
]
TlsCert = Annotated[
    Path | None,
    typer.Option(envvar="MAITRED_TLS_CERT", metavar="FILE", help="PEM certificate to serve TLS with."),
]
TlsKey = Annotated[
    Path | None, typer.Option(envvar="MAITRED_TLS_KEY", metavar="FILE", help="Its unencrypted PEM key.")
]
TlsClientCa = Annotated[
    Path | None,
    typer.Option(
        envvar="MAITRED_TLS_CLIENT_CA",
        metavar="FILE",
        help="PEM file of who signs clients' certificates; without one of those nobody is let in.",
    ),
]

KeepFor = Annotated[list[str] | None, keep_option(_DEFAULTS.keep)]


def run(
    *,
    rules: Rules = DEFAULT_RULES,
    database: Database = DEFAULT_DATABASE,
    keys: Keys = None,
    listen: Listen = DEFAULT_LISTEN,
    workers: Workers = 1,
    keep: KeepFor = None,
    simulated_time: SimulatedTime = False,
    learned: Learned = None,
    strict: Strict = False,
    watch_seconds: WatchSeconds = _DEFAULTS.watch_seconds,
    drain_seconds: DrainSeconds = _DEFAULTS.drain_seconds,
    transport: Transport = _DEFAULTS.transport,
    streams_per_connection: StreamsPerConnection = _DEFAULTS.streams_per_connection,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_client_ca: TlsClientCa = None,
) -> int:
    """Serves until a signal says to stop."""
    settings = Settings(
        rules=rules,
        database=database,
        keys=keys,
        listen=listen,
        workers=workers,
        keep=read_keep(keep or (), _DEFAULTS.keep),
        simulated_time=simulated_time,
        learned=learned,
        watch_seconds=watch_seconds,
        drain_seconds=drain_seconds,
        transport=transport,
        streams_per_connection=streams_per_connection,
        tls_cert=tls_cert,
        tls_key=tls_key,
        tls_client_ca=tls_client_ca,
    )
    _check(settings)
    os.environ.setdefault(*QUIET_GRPC)
    worker = os.environ.get(WORKER_VARIABLE, "")
    if workers > 1 and not worker:
        from maitred.cli.processes.workers import run_workers  # noqa: PLC0415 -- for several processes only

        return run_workers(settings, strict=strict)
    from maitred.cli.processes.server_process import serve  # noqa: PLC0415 -- brings every room, which --help does without

    return serve(settings, os.environ, strict=strict, worker=worker)


def _check(settings: Settings) -> None:
    """What can be told from the flags alone. Raises ``Stop``."""
    if not settings.rules.is_dir():
        raise Stop(messages.not_a_directory(str(settings.rules)))
    if settings.learned:
        _check_parameters(settings.learned)
    if settings.transport not in TRANSPORTS:
        raise Stop(messages.unknown_transport(settings.transport, TRANSPORTS))
    if settings.workers > 1 and settings.database.startswith("sqlite"):
        raise Stop(
            f"{settings.workers} workers need PostgreSQL: SQLite takes one process",
            "name one with --database postgresql+psycopg://USER@HOST/NAME, or leave --workers out",
        )
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise Stop("TLS needs both --tls-cert and --tls-key")
    if settings.tls_client_ca and not settings.tls_cert:
        raise Stop("--tls-client-ca needs --tls-cert and --tls-key as well")


def _check_parameters(file: Path) -> None:
    from maitred.bootstrap.learning import BadParameters, read_parameters  # noqa: PLC0415 -- for few services only

    try:
        read_parameters(file)
    except OSError as error:
        raise Stop(messages.cannot_read(str(file), error.strerror or "unreadable")) from None
    except BadParameters as bad:
        raise Stop(f"`{file}` holds no learned parameters: {bad}") from None
