"""A running service, plugged together from all rooms."""

import gc
import secrets
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from maitred import rulefiles, store, telemetry, vault
from maitred.core.deciding.policy import Policy
from maitred.core.rules.faults import RulesetInvalid
from maitred.engine.deciding.right_of_way import RightOfWay
from maitred.engine.operating.parameters import BadParameters
from maitred.engine.ports.log import Log
from maitred.engine.ports.observer import Observer, RulesetRefused, TransportChosen
from maitred.engine.ports.store import Store, StoreConflict, StoreDown
from maitred.engine.ports.vault import Vault
from maitred.rpc.methods import Services
from maitred.rpc.server import Server, TlsFiles
from maitred.rpc.transports import stock
from maitred.rpc.transports.selection import Transport, choose
from maitred.rulefiles.reading.collector import collector_paused
from maitred.settings import Settings
from maitred.sources.provenance import commit_of
from maitred.upkeep.chores import Upkeep
from maitred.upkeep.retention import Retention
from maitred.upkeep.watching import DirectoryWatch

from .engine import Engine, chores_of, make_engine, sights_of
from .learning import read_parameters
from .results_process import Analysts
from .rules import load_policy, self_test

NOW = partial(datetime.now, UTC)
INSTANCE_ID_BYTES = 8
GC_THRESHOLDS = 50_000, 50, 100
"""Decisions leave no cycles behind; with Python's defaults the collector took half their time."""


def start(settings: Settings, environ: Mapping[str, str], log: Log, *, share_port: bool = False) -> "Running":
    """Opens the store, loads the rules, listens.

    A ruleset with faults does not keep the service from starting: it says so, answers health
    checks with "not serving", and takes up the rules once they are right.
    Raises ``Unfit``, ``StoreDown``, ``vault.KeyringUnusable`` and ``rpc.server.ListenError``.
    """
    self_test()
    stock.self_test()
    gc.set_threshold(*GC_THRESHOLDS)
    keys = vault.open_vault(settings.keys_file, create=True)
    with ExitStack() as undo:
        opened = store.open_store(settings.database)
        undo.callback(opened.close)
        _check_keys(opened, keys, settings.keys_file)
        for warning in opened.warnings:
            log.warning("store_warning", detail=warning)
        observer = telemetry.make_observer(environ, log, secrets.token_hex(INSTANCE_ID_BYTES))
        undo.callback(observer.close)
        chosen = choose(Transport(settings.transport))
        observer.observe(TransportChosen(chosen.transport.value, chosen.fault))
        given = read_parameters(settings.learned) if settings.learned else None
        load = partial(_load_to_stay, way := RightOfWay())
        engine = make_engine(opened, keys, observer, load, NOW, given=given, keep_events=settings.keep_events)
        analysts = Analysts(settings.database, settings.keys_file, engine.clock)
        server = Server(
            settings.listen,
            Services(
                engine.committer,
                engine.decider,
                engine.claimer,
                engine.operator,
                engine.privacy,
                engine.recorder,
                engine.desk,
                analysts,
                now=NOW,
                simulated_time=settings.simulated_time,
            ),
            observer,
            way=way,
            transport=chosen.transport,
            # A file's commits are short; those over a network leave time to receive in.
            overlap=not settings.database.startswith("sqlite"),
            share_port=share_port,
            streams_per_connection=settings.streams_per_connection,
            tls=_tls_files(settings),
        )
        running = Running(
            settings,
            opened=opened,
            observer=observer,
            log=log,
            engine=engine,
            server=server,
            analysts=analysts,
        )
        running.begin()
        undo.pop_all()
    return running


def _tls_files(settings: Settings) -> TlsFiles | None:
    if settings.tls_cert and settings.tls_key:
        return TlsFiles(settings.tls_cert, settings.tls_key, settings.tls_client_ca)
    return None


def _check_keys(opened: Store, keys: Vault, file: Path) -> None:
    """Raises ``KeyringUnusable`` where the database was written with other keys."""
    differing = opened.check_keys(keys.check_values())
    if differing:
        raise vault.KeyringUnusable(_other_keys(file, differing))


def _other_keys(file: Path, versions: Sequence[int]) -> str:
    numbers = ", ".join(map(str, versions))
    return (
        f"keyring `{file}` is not the one this database was written with (version {numbers} differs), "
        "name the right one with --keys"
    )


class Running:
    """A service that serves until it is stopped. ``address`` is ``HOST:PORT``."""

    def __init__(
        self,
        settings: Settings,
        *,
        opened: Store,
        observer: Observer,
        log: Log,
        engine: Engine,
        server: Server,
        analysts: Analysts,
    ) -> None:
        self._settings, self._store, self._observer, self._log = settings, opened, observer, log
        self._engine, self._server, self._analysts = engine, server, analysts
        retention = Retention(opened, settings.keep, NOW, lambda gone: log.info("forgotten", **gone))
        self._upkeep = [
            Upkeep(chores, time.monotonic, self._chore_failed)
            for chores in chores_of(engine, retention, simulated_time=settings.simulated_time)
        ]
        self._sights = Upkeep(
            sights_of(engine, observer),
            time.monotonic,
            lambda error: log.warning("limits_not_seen", cause=error),
        )
        self._watch = DirectoryWatch(settings.rules, settings.watch_seconds, self.reload_or_tell)
        self._reloading = threading.Lock()
        self._stopped = threading.Event()
        self.address = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def policy(self) -> Policy | None:
        """The policy in force."""
        return self._engine.rulesets.active

    def begin(self) -> None:
        """Loads the rules and listens. Used once, by ``start``."""
        loaded = self.reload_or_tell()
        self._engine.pauses.refresh()
        self._refresh_learned()
        self.address = self._server.start()
        self._watch.start(loaded=loaded)
        for upkeep in (*self._upkeep, self._sights):
            upkeep.start()

    def _refresh_learned(self) -> None:
        """Before the first decision; what cannot be read is no reason not to serve."""
        try:
            self._engine.learned.refresh()
        except BadParameters as bad:
            self._chore_failed(bad)

    def _chore_failed(self, error: Exception) -> None:
        if isinstance(error, BadParameters):
            self._log.error("learned_not_read", detail=str(error))
        else:
            self._log.warning("chore_failed", cause=error)

    def reload(self) -> Policy:
        """Reads the rules again.

        Raises ``RulesetInvalid``, ``StoreDown`` and ``StoreConflict``; the ones in force stay.
        """
        # One after the other from the first byte read, so that what was read last is what stays in force.
        with self._reloading, _giving_way():
            return self._reload()

    def _reload(self) -> Policy:
        directory = self._settings.rules
        try:
            sources = rulefiles.read_sources(directory)
        except RulesetInvalid as invalid:
            in_force = self.policy.ruleset.hash if self.policy else ""
            self._observer.observe(RulesetRefused(str(directory), tuple(map(str, invalid.faults)), in_force))
            raise
        return self._engine.rulesets.activate(sources, str(directory), commit_of(directory))

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Until the service is stopped; whether it was."""
        return self._stopped.wait(timeout_seconds)

    def stop(self, drain_seconds: float | None = None) -> bool:
        """Not serving first, calls in flight finish, then everything is closed.

        Whether all calls finished in time.
        """
        if self._stopped.is_set():
            return True
        # Before the drain, which would wait for minutes of reading.
        self._analysts.stop()
        finished = self._server.drain(
            self._settings.drain_seconds if drain_seconds is None else drain_seconds
        )
        # After the drain: it waits for a load in progress, and "not serving" must not.
        self._watch.stop()
        for upkeep in (*self._upkeep, self._sights):
            upkeep.stop()
        self._engine.committer.stop()
        self._observer.close()
        self._store.close()
        self._stopped.set()
        return finished

    def reload_or_tell(self) -> bool:
        """Returns the same without raising.

        False where the rules were not to blame and may load the next time.
        """
        try:
            self.reload()
        except RulesetInvalid:
            pass  # told where it was found
        except (StoreDown, StoreConflict) as lost:
            self._log.error("ruleset_not_kept", detail=str(lost))
            return False
        except Exception as error:  # noqa: BLE001 -- nothing that a file holds ends the service
            self._log.error("ruleset_load_failed", cause=error)
        return True


@contextmanager
def _giving_way() -> Iterator[None]:
    """While the block runs, other threads get the interpreter ten times as soon as usual.

    A decision changes threads some ten times, and a thread that only computes would make it
    wait a whole interval each time.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 10)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _load_to_stay(way: RightOfWay, sources: Mapping[str, bytes], commit: str) -> Policy:
    """``load_policy`` behind calls, and the collector never looks at what it has made.

    They are millions of objects, and no cycles; one look would hold the interpreter for 100 ms. What is made
    of rules that are refused is freed without it, too.
    """
    with way.given(), collector_paused():
        try:
            return load_policy(sources, commit, way.pause)
        finally:
            gc.freeze()
