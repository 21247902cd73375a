"""Several processes on one port: the first one starts the others, watches them and stops them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from maitred.cli import messages
from maitred.cli.exits import CANNOT_RUN, FINDINGS, FINE, Stop
from maitred.cli.keep import keep_text
from maitred.cli.shown.banner import safe_url
from maitred.engine.ports.log import Log
from maitred.settings import Settings
from maitred.telemetry import configure_logging

from . import WORKER_VARIABLE
from .os_signals import Signals

RESTART_PAUSE_SECONDS = 1.0
"""Keeps a worker that dies of every call from taking the machine with it."""
STOP_MARGIN_SECONDS = 5.0
"""What a worker may take beyond its drain to close its connections; then it is killed."""

LAST_PORT = 65_535
COMMAND = (sys.executable, "-m", "maitred.cli.main", "serve")


@dataclass(slots=True)
class WorkerProcess:
    """One process; ``number`` counts from 1. ``replaces`` says that it stands in for one that ended."""

    number: int
    process: subprocess.Popen[bytes]
    replaces: bool = False


def run_workers(settings: Settings, *, strict: bool) -> int:
    """Serves with ``settings.workers`` processes until a signal says to stop. Raises ``Stop``."""
    signals = Signals(signal.SIGCHLD)
    log = configure_logging(sys.stderr, os.environ)
    try:
        with reserve(settings.listen) as held:
            host = settings.listen.rpartition(":")[0]
            bound = replace(settings, listen=f"{host}:{held.getsockname()[1]}")
            return WorkerPool(bound, worker_environ(bound, os.environ, strict=strict), log).run(signals)
    finally:
        log.close()


def reserve(listen: str) -> socket.socket:
    """Holds the port without listening on it, so that every worker can. Raises ``Stop``."""
    host, colon, port = listen.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and int(port) <= LAST_PORT):
        raise Stop(messages.not_an_address(listen))
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Shared ports are shared with everybody who asks: first see that nobody is there.
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            bound = probe.getsockname()
        held = socket.socket(family, kind, protocol)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(bound)
    except (OSError, OverflowError, UnicodeError):
        raise Stop(
            f"cannot listen on `{listen}`: in use, not permitted, or not an address of this machine"
        ) from None
    return held


def worker_environ(settings: Settings, environ: Mapping[str, str], *, strict: bool) -> dict[str, str]:
    """Returns the variables of a worker.

    Flags would show the database's password in the list of processes.
    """
    variables: dict[str, object | None] = {
        "RULES": settings.rules,
        "DATABASE": settings.database,
        "KEYS": settings.keys_file,
        "LISTEN": settings.listen,
        "WORKERS": settings.workers,
        "KEEP": keep_text(settings.keep),
        "SIMULATED_TIME": settings.simulated_time,
        "LEARNED": settings.learned,
        "STRICT": strict,
        "WATCH_SECONDS": settings.watch_seconds,
        "DRAIN_SECONDS": settings.drain_seconds,
        "TRANSPORT": settings.transport,
        "STREAMS_PER_CONNECTION": settings.streams_per_connection,
        "TLS_CERT": settings.tls_cert,
        "TLS_KEY": settings.tls_key,
        "TLS_CLIENT_CA": settings.tls_client_ca,
    }
    ours = {f"MAITRED_{name}": str(value) for name, value in variables.items() if value is not None}
    return {**environ, **ours}


class WorkerPool:
    """The workers of one service."""

    def __init__(self, settings: Settings, environ: Mapping[str, str], log: Log) -> None:
        self._settings, self._environ, self._log = settings, environ, log
        self._workers: list[WorkerProcess] = []

    def run(self, signals: Signals) -> int:
        """Until a signal says to stop, or a worker cannot run; gives the exit code."""
        code = FINE
        try:
            self._workers = [self._start(number + 1) for number in range(self._settings.workers)]
            self._log.info(
                "workers_started",
                address=self._settings.listen,
                workers=len(self._workers),
                database=safe_url(self._settings.database),
            )
            code = self._watch(signals)
        finally:
            worst = self._stop()
        return code or worst

    def _watch(self, signals: Signals) -> int:
        while number := signals.next():
            if number is signal.SIGCHLD:
                if code := self._replace_ended():
                    return code
            elif number is signal.SIGHUP:
                self._send(number)
            else:
                self._log.info("stopping", signal=number.name)
                return FINE
        return FINE

    def _start(self, number: int, *, replaces: bool = False) -> WorkerProcess:
        process = subprocess.Popen(  # noqa: S603 -- this very program
            COMMAND,
            env={**self._environ, WORKER_VARIABLE: str(number)},
            stdin=subprocess.PIPE,  # closed when this process is gone, however it ends
            start_new_session=True,  # Ctrl-C comes to this process alone, which passes it on once
        )
        return WorkerProcess(number, process, replaces)

    def _replace_ended(self) -> int:
        """Starts again what was killed or crashed; gives the exit code of what could not run from the start.

        A replacement that cannot run (a database away, a bad file since) is no reason to stop
        the workers that do: it is tried until it can.
        """
        for index, worker in enumerate(self._workers):
            code = worker.process.poll()
            if code is None:
                continue
            if code in (FINDINGS, CANNOT_RUN) and not worker.replaces:
                self._log.error("worker_cannot_run", worker=worker.number, exit_code=code)
                return code
            self._log.error("worker_ended", worker=worker.number, exit_code=code)
            time.sleep(RESTART_PAUSE_SECONDS)
            self._workers[index] = self._start(worker.number, replaces=True)
        return FINE

    def _send(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.process.poll() is None:
                worker.process.send_signal(number)

    def _stop(self) -> int:
        """All at once; gives the worst exit code."""
        self._send(signal.SIGTERM)
        end = time.monotonic() + self._settings.drain_seconds + STOP_MARGIN_SECONDS
        codes = [_ended(worker, max(0.0, end - time.monotonic())) for worker in self._workers]
        # One that is told to stop before it listens to signals just ends.
        return FINE if set(codes) <= {FINE, -signal.SIGTERM} else CANNOT_RUN


def _ended(worker: WorkerProcess, timeout_seconds: float) -> int:
    try:
        return worker.process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        worker.process.kill()
        return worker.process.wait()
