"""Loading, checking and compiling; memory; and what activation does to decisions meanwhile."""

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from maitred.bootstrap.rules import check_rules

from . import h2, ruleset, servers
from .figures import Row, Section, at_most
from .requests import DECIDE, decides
from .workload import specs

ACTIONS = 10_000
MAX_LOAD_SECONDS, GOAL_LOAD_SECONDS = 5.0, 2.0
MAX_DELAY_MS, GOAL_DELAY_MS = 50.0, 20.0
MAX_RESIDENT_MB, GOAL_RESIDENT_MB = 250.0, 150.0
RELOADED_SECONDS, REFUSED_SECONDS = 30.0, 10.0
REFUSED_ROWS = 1_000_000


def measure(progress: Callable[[str], None]) -> list[Section]:
    """One section."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rules = ruleset.write(place / "rules", specs(ACTIONS))
        table = ruleset.write_table(place / "table", specs(ACTIONS))
        progress(f"loading {ACTIONS:,} actions")
        by_document, by_row = _load_seconds(rules), _load_seconds(table)
        progress("reloading under load")
        usual_ms, worst_ms, refused_ms, resident_mb = _reloaded(rules, place)
    return [
        Section(
            f"{ACTIONS:,} actions",
            (
                _load("load, check, compile: one document each", by_document),
                _load("load, check, compile: one ActionTable", by_row),
                Row("slowest decision in ten seconds without a reload", _milliseconds(usual_ms)),
                _delay("slowest decision while they are activated", worst_ms),
                _delay(f"slowest decision while a table of {REFUSED_ROWS:,} rows is refused", refused_ms),
                at_most(
                    "resident memory",
                    resident_mb,
                    MAX_RESIDENT_MB,
                    lambda mb: f"{mb:.0f} MB",
                    goal=GOAL_RESIDENT_MB,
                ),
            ),
        )
    ]


def _load(what: str, seconds: float) -> Row:
    return at_most(what, seconds, MAX_LOAD_SECONDS, _seconds, goal=GOAL_LOAD_SECONDS)


def _delay(what: str, milliseconds: float) -> Row:
    return at_most(what, milliseconds, MAX_DELAY_MS, _milliseconds, goal=GOAL_DELAY_MS)


def _milliseconds(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms"


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


def _load_seconds(rules: Path) -> float:
    started = time.perf_counter()
    checked = check_rules(rules)
    assert checked.policy, checked.faults[:3]
    return time.perf_counter() - started


def _reloaded(rules: Path, place: Path) -> tuple[float, float, float, float]:
    """Slowest decision in ms without and with a reload and a refusal, and resident memory in MB before."""
    with servers.maitred(rules, f"sqlite:///{place}/reload.db") as server:
        resident_mb = server.resident_bytes() / 1e6
        h2.run(server.port, DECIDE, decides("warm"), 1.0, connections=1, streams=1)
        usual = h2.run(server.port, DECIDE, decides("usual"), 10.0, connections=1, streams=1)
        reloading_ms = _slowest_ms(server, "reload", RELOADED_SECONDS)
        ruleset.write_table(rules, specs(1), rows=REFUSED_ROWS)
        os.sync()  # else the next commit of the database waits until the disk has the table
        refusing_ms = _slowest_ms(server, "refuse", REFUSED_SECONDS)
    return max(usual.latencies) * 1e3, reloading_ms, refusing_ms, resident_mb


def _slowest_ms(server: servers.Server, name: str, seconds: float) -> float:
    """The slowest decision in that time, in which the server is told to load its rules."""
    again = threading.Timer(0.5, os.kill, (server.pid, signal.SIGHUP))
    again.start()
    load = h2.run(server.port, DECIDE, decides(name), seconds, connections=1, streams=1)
    again.join()
    return max(load.latencies) * 1e3
