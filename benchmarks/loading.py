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
MAX_LOAD_SECONDS = 5.0
MAX_DELAY_MS = 50.0
MAX_RESIDENT_MB = 250.0
RELOADED_SECONDS = 30.0


def measure(progress: Callable[[str], None]) -> list[Section]:
    """One section."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rules = ruleset.write(place / "rules", specs(ACTIONS))
        table = ruleset.write_table(place / "table", specs(ACTIONS))
        progress(f"loading {ACTIONS:,} actions")
        by_document, by_row = _load_seconds(rules), _load_seconds(table)
        progress("reloading under load")
        usual_ms, worst_ms, resident_mb = _reloaded(rules, place)
    return [
        Section(
            f"{ACTIONS:,} actions",
            (
                at_most("load, check, compile: one document each", by_document, MAX_LOAD_SECONDS, _seconds),
                at_most("load, check, compile: one ActionTable", by_row, MAX_LOAD_SECONDS, _seconds),
                Row("slowest decision in ten seconds without a reload", f"{usual_ms:.0f} ms"),
                at_most(
                    "slowest decision while they are activated",
                    worst_ms,
                    MAX_DELAY_MS,
                    lambda ms: f"{ms:.0f} ms",
                ),
                at_most("resident memory", resident_mb, MAX_RESIDENT_MB, lambda mb: f"{mb:.0f} MB"),
            ),
        )
    ]


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


def _load_seconds(rules: Path) -> float:
    started = time.perf_counter()
    checked = check_rules(rules)
    assert checked.policy, checked.faults[:3]
    return time.perf_counter() - started


def _reloaded(rules: Path, place: Path) -> tuple[float, float, float]:
    """Slowest decision in ms without and with a reload, and resident memory in MB before it."""
    with servers.maitred(rules, f"sqlite:///{place}/reload.db") as server:
        resident_mb = server.resident_bytes() / 1e6
        h2.run(server.port, DECIDE, decides("warm"), 1.0, connections=1, streams=1)
        usual = h2.run(server.port, DECIDE, decides("usual"), 10.0, connections=1, streams=1)
        again = threading.Timer(0.5, os.kill, (server.pid, signal.SIGHUP))
        again.start()
        reloading = h2.run(server.port, DECIDE, decides("reload"), RELOADED_SECONDS, connections=1, streams=1)
        again.join()
    return max(usual.latencies) * 1e3, max(reloading.latencies) * 1e3, resident_mb
