"""One process of the service, from its start to its stop."""

import os
import signal
import sys
import threading
from collections.abc import Mapping

from maitred.bootstrap.keys import KeyringUnusable
from maitred.bootstrap.serving import Running, start
from maitred.cli.exits import FINDINGS, FINE, Stop
from maitred.cli.keep import keep_text
from maitred.cli.shown.banner import banner, safe_url
from maitred.cli.shown.console import err
from maitred.compiled import core_words
from maitred.engine.ports.log import Log
from maitred.engine.ports.store import StoreDown
from maitred.rpc.server import ListenError
from maitred.settings import Settings
from maitred.store import StoreUnusable
from maitred.telemetry import configure_logging

from .os_signals import Signals

STDIN = 0


def serve(settings: Settings, environ: Mapping[str, str], *, strict: bool, worker: str) -> int:
    """Serves until a signal says to stop; ``worker`` is set where it is one of several processes.

    Raises ``Stop``.
    """
    signals = Signals()
    if worker:
        _follow_parent(signals)
    log = configure_logging(sys.stderr, environ)
    try:
        return _serve(settings, environ, log, signals, strict=strict, worker=worker)
    except (KeyringUnusable, ListenError, StoreDown, StoreUnusable) as error:
        raise Stop(str(error)) from None
    finally:
        log.close()


def _serve(
    settings: Settings, environ: Mapping[str, str], log: Log, signals: Signals, *, strict: bool, worker: str
) -> int:
    at_terminal = sys.stderr.isatty() and not worker
    if at_terminal:
        # A line and no spinner: that would be drawn over what the log writes meanwhile.
        err().print(f"loading {settings.rules}")
    running = start(settings, environ, log, share_port=bool(worker))
    try:
        if strict and not running.policy:
            return FINDINGS
        _announce(running, settings, log, at_terminal=at_terminal, worker=worker)
        _until_stopped(running, log, signals)
        return FINE
    finally:
        finished = running.stop(settings.drain_seconds)
        log.info("stopped", calls_finished=finished)


def _announce(running: Running, settings: Settings, log: Log, *, at_terminal: bool, worker: str) -> None:
    """The banner for people; for machines one line with the same."""
    policy = running.policy
    if at_terminal:
        err().print(banner(settings, running.address, policy))
        return
    log.info(
        "serving",
        address=running.address,
        rules=str(settings.rules),
        ruleset=policy.ruleset.hash if policy else "",
        version=policy.ruleset.version if policy else "",
        actions=len(policy.actions) if policy else 0,
        database=safe_url(settings.database),
        simulated_time=settings.simulated_time,
        keep=keep_text(settings.keep),
        tls=settings.tls_cert is not None,
        core=core_words(),
        ready=policy is not None,
        pid=os.getpid(),
        **({"worker": worker} if worker else {}),
    )


def _until_stopped(running: Running, log: Log, signals: Signals) -> None:
    while (number := signals.next()) is signal.SIGHUP:
        # On a thread of its own: a stop does not wait for thousands of rules to be read.
        threading.Thread(target=running.reload_or_tell, name="reload", daemon=True).start()
    log.info("stopping", signal=number.name if number else "")


def _follow_parent(signals: Signals) -> None:
    """Stops when the process that started this one is gone: its end of stdin is closed then."""

    def watch() -> None:
        # Not through sys.stdin: its lock would be held while the interpreter ends.
        while os.read(STDIN, 1):
            pass
        signals.put(signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
